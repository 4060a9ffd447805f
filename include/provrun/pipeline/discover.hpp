#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/pipeline/workflow.hpp"

namespace provrun::pipeline {

/// Which files one instance's `discover` means: its own variables are filled in. Immutable.
class DiscoverPattern {
 public:
  /// The instance's variables by number.
  DiscoverPattern(const DiscoverRule& rule, const std::vector<std::string>& variables);
  DiscoverPattern(const DiscoverPattern&);
  DiscoverPattern(DiscoverPattern&&) noexcept;
  DiscoverPattern& operator=(const DiscoverPattern&);
  DiscoverPattern& operator=(DiscoverPattern&&) noexcept;
  ~DiscoverPattern();

  /// For people and for the step key: "parts/{chunk}.csv", normalised.
  const std::string& text() const { return text_; }
  /// The same with NUL for each wildcard.
  const std::string& shape() const { return shape_; }
  /// The folder that all it matches lies in, without wildcards; "." for the workspace.
  const std::string& folder() const { return folder_; }
  /// Whether the path, which must be normal, is one of its files. A wildcard at the front of a name
  /// matches no leading dot. values, if not null: what its variables are then.
  bool match(std::string_view path, std::vector<std::string>* values = nullptr) const;

  /// Its parts between slashes, for who walks folders.
  std::size_t depth() const;
  /// The name that the part stands for; empty where it has a wildcard.
  const std::string& literal(std::size_t part) const;
  bool part_matches(std::size_t part, std::string_view name) const;

 private:
  struct Parts;
  std::string text_;
  std::string shape_;
  std::string folder_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace provrun::pipeline
