#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace provrun::pipeline {

/// "raw/{site}/{id}.csv": which variables a path gives. `{name}` matches one or more characters
/// other than `/`, a `*` zero or more; a name that stands twice must match the same text.
class GlobPattern {
 public:
  explicit GlobPattern(std::string_view text);
  /// Literal texts with what stands behind each: a variable's name, "*", or, after the last one,
  /// "".
  explicit GlobPattern(const std::vector<std::pair<std::string, std::string>>& parts);
  /// With `*` in place of the variables, for Sources::glob.
  const std::string& wildcard() const { return wildcard_; }
  const std::vector<std::string>& variables() const { return variables_; }
  /// One value per variable, in order; false if the path does not match.
  bool match(std::string_view path, std::vector<std::string>& values) const;

 private:
  struct Part {
    std::string literal;  // before the wildcard
    int variable = -1;    // -1: a bare `*`, or none at the end
    bool last = false;
  };
  int variable_number(std::string_view name);
  bool match_from(std::string_view path, std::size_t part, std::vector<std::string_view>& values,
                  std::size_t& steps) const;
  std::string wildcard_;
  std::vector<std::string> variables_;
  std::vector<Part> parts_;
};

}  // namespace provrun::pipeline
