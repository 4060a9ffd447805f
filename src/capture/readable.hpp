#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "provrun/base/error.hpp"
#include "provrun/os/file.hpp"

// Files that tell of a system. One that is missing or cannot be read tells nothing, and is no
// error.
namespace provrun::capture {

/// The bytes; nullopt also when there are more than the limit.
inline std::optional<std::string> read_if_readable(const std::string& path, std::uint64_t limit) {
  try {
    return os::read_file(path, limit);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

inline bool exists(const std::string& path) {
  try {
    return os::stat_file(path).has_value();
  } catch (const base::Error&) {
    return false;
  }
}

}  // namespace provrun::capture
