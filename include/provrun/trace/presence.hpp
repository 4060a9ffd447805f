#pragma once

#include "provrun/core/access.hpp"
#include "provrun/os/file.hpp"

namespace provrun::trace {

/// What a file of that type is said to be in the record of an access.
constexpr core::Presence presence_of(os::FileType type) {
  switch (type) {
    case os::FileType::regular:
      return core::Presence::file;
    case os::FileType::directory:
      return core::Presence::directory;
    case os::FileType::symlink:
      return core::Presence::symlink;
    default:
      return core::Presence::other;
  }
}

}  // namespace provrun::trace
