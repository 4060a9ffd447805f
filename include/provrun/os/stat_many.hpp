#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::os {

/// What is expected of a path.
enum class Expected : std::uint8_t {
  same,       ///< unchanged, links followed
  same_link,  ///< unchanged, itself
  absent,     ///< not there
  present     ///< of the type in `size` (the S_IFMT bits of its mode), links followed
};

/// A file as it is expected to be.
struct StatQuestion {
  std::string_view path;  ///< relative to the directory of the question, or absolute
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  Expected expected = Expected::same;
};
/// For Expected::present; 0 when nothing is there.
std::uint64_t type_bits(const std::string& path);

/// True when every path is as expected. Stops at the first that is not. Reads no content.
bool all_unchanged(const std::string& directory, const std::vector<StatQuestion>& questions,
                   int threads);

}  // namespace provrun::os
