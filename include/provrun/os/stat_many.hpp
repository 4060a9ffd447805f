#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::os {

/// A file as it is expected to be.
struct StatQuestion {
  std::string_view path;  ///< relative to the directory of the question, or absolute
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
};

/// True when every file is there and is as expected; symlinks are followed. Stops at the first that
/// is not. Reads no content.
bool all_unchanged(const std::string& directory, const std::vector<StatQuestion>& questions,
                   int threads);

}  // namespace provrun::os
