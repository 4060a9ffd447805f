#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::snapshot {

/// Patterns for what is left out, the last one that fits decides. `*`, `?`, `[…]` match within a
/// name, `**` any number of folders. A pattern ending in "/" is for folders only, one beginning
/// with "!" takes back.
class ExcludeRules {
 public:
  enum class Style {
    anywhere,  ///< "a/b" fits at any depth, "/a/b" the whole path
    gitignore  ///< "a/b" and "/a" fit from the folder of the rules on, "a" at any depth
  };
  /// Error(invalid_input) for an empty pattern.
  void add(std::string_view pattern, Style style);
  /// One pattern a line; blank lines and those beginning with "#" are skipped.
  void add_lines(std::string_view text, Style style);
  bool empty() const { return rules_.empty(); }

  /// Whether the path is left out (true), taken back (false) or not spoken of. path: what the
  /// rules' anchors are relative to, without a leading slash.
  std::optional<bool> decide(std::string_view path, bool is_directory) const;

 private:
  struct Rule {
    std::vector<std::string> parts;
    bool name_only = false;  ///< one part, at any depth
    bool wildcard = false;
    bool directories = false;
    bool negated = false;
  };
  std::vector<Rule> rules_;
};

}  // namespace provrun::snapshot
