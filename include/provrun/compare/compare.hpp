#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/core/compare_rule.hpp"

// Comparing two versions of a file by what they mean. Pure functions over bytes; safe from any
// thread.
namespace provrun::compare {

/// One place where the versions part.
struct Difference {
  std::string where;   ///< "line 3", "row 2, column mass", "/models/0/slope", "pixel 4,7"
  std::string before;  ///< at most kMaxText bytes of it; empty where there is nothing
  std::string after;
  bool operator==(const Difference&) const = default;
};
inline constexpr std::size_t kMaxText = 80;

struct Comparison {
  bool equivalent = false;
  std::string method;  ///< for people: "by value", "numbers within 1e-09", "decompressed", "bytes"
  std::vector<Difference> differences;  ///< the first few
  std::uint64_t difference_count = 0;   ///< all of them, as far as the method counts
};

/// Compares as the rule says. automatic knows JSON and notebooks (by value; a notebook without
/// execution counts and without its metadata), gzip and zip (by content, not by time stamps), PNG
/// (by pixel); everything else by bytes. Files that are not what the method reads, for example a
/// broken JSON, are compared by bytes, and the method says so.
Comparison compare(std::string_view path, std::string_view before, std::string_view after,
                   const core::CompareRule& rule);

/// Inflated data and pixels are compared up to this size; larger ones by bytes.
inline constexpr std::size_t kMaxInflated = std::size_t{256} << 20U;

}  // namespace provrun::compare
