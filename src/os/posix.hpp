#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"

// What the files of this room share of POSIX.
namespace provrun::os {

/// Throws errno as the error of doing that to the path.
[[noreturn]] inline void fail(std::string_view verb, std::string_view path) {
  const int error = errno;
  throw base::system_error(error, std::string(verb) + " " + base::printable(path));
}

inline FileType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return FileType::directory;
    case S_IFLNK:
      return FileType::symlink;
    case S_IFIFO:
      return FileType::fifo;
    case S_IFSOCK:
      return FileType::socket;
    case S_IFBLK:
      return FileType::block_device;
    case S_IFCHR:
      return FileType::character_device;
    default:
      return FileType::regular;
  }
}

}  // namespace provrun::os
