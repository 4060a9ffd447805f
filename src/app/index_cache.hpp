#pragma once

#include <string>

#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

/// Where the tables of repositories' indexes are cached.
inline std::string index_cache_directory() {
  return os::join_path(os::cache_directory(), "index");
}

}  // namespace provrun::app
