#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include "provrun/base/text.hpp"
#include "provrun/compare/compare.hpp"

namespace provrun::compare {

/// Collects differences: keeps the first few, counts all.
class Differences {
 public:
  void add(std::string where, std::string_view before, std::string_view after) {
    constexpr std::size_t kKept = 20;  // what a person reads
    if (++count_ <= kKept) list_.push_back({std::move(where), shown(before), shown(after)});
  }
  Comparison finish(std::string method) && {
    return {count_ == 0, std::move(method), std::move(list_), count_};
  }

 private:
  static std::string shown(std::string_view text) {
    return base::printable(text.substr(0, kMaxText)) + (text.size() > kMaxText ? "…" : "");
  }
  std::vector<Difference> list_;
  std::uint64_t count_ = 0;
};

struct Tolerance {
  double relative = 0;
  double absolute = 0;
  bool equal(double a, double b) const {
    if (a == b || (std::isnan(a) && std::isnan(b))) return true;
    if (!std::isfinite(a) || !std::isfinite(b)) return false;
    return std::abs(a - b) <= std::max(relative * std::max(std::abs(a), std::abs(b)), absolute);
  }
};

// Each throws base::Error(invalid_input) when one of the texts is not of its format.
Comparison compare_numbers(std::string_view before, std::string_view after, Tolerance tolerance);
Comparison compare_csv(std::string_view before, std::string_view after,
                       const core::CompareRule& rule);
Comparison compare_json(std::string_view before, std::string_view after,
                        const core::CompareRule& rule);
Comparison compare_notebook(std::string_view before, std::string_view after);
Comparison compare_gzip(std::string_view path, std::string_view before, std::string_view after,
                        int depth);
Comparison compare_zip(std::string_view before, std::string_view after, int depth);
Comparison compare_png(std::string_view before, std::string_view after);
/// Never throws; tells the first line, or byte, that differs.
Comparison compare_bytes(std::string_view before, std::string_view after);
/// By the format; depth bounds archives in archives.
Comparison compare_by_format(std::string_view path, std::string_view before, std::string_view after,
                             int depth);

/// A number that is the whole text; false when it is not.
bool parse_number(std::string_view text, double& value);
std::string tolerance_text(Tolerance tolerance);

}  // namespace provrun::compare
