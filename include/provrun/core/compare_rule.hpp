#pragma once

#include <string>
#include <vector>

namespace provrun::core {

/// How two versions of an output are compared.
enum class CompareMethod {
  automatic,  ///< by the format, told from name and first bytes
  exact,      ///< byte by byte
  ignore,     ///< any two versions are equivalent
  numeric,    ///< texts alike but for numbers within a tolerance
  csv,        ///< by row and column
  json        ///< by value
};

/// What "the same output" means for the files a pattern selects: an entry of a step's `compare`.
/// Two numbers a and b are equal when |a - b| <= max(relative * max(|a|, |b|), absolute).
struct CompareRule {
  std::string
      pattern;  ///< a path with `*`, `?`, `[…]`, `**`; without a slash it is the file's name
  CompareMethod method = CompareMethod::automatic;
  double relative = 0;
  double absolute = 0;
  std::vector<std::string> ignore;  ///< columns (csv) or members (json) that do not count
  bool operator==(const CompareRule&) const = default;
};

}  // namespace provrun::core
