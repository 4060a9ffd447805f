#pragma once

#include <functional>
#include <string>

#include "provrun/app/browse.hpp"

namespace provrun::app {

/// Mounts the snapshots that fit as a read-only file system on the folder until it is unmounted or
/// a signal comes; see provrun/mount/mount.hpp. mounted is called once it can be used.
void mount_shelf(const Shelf& shelf, const std::string& directory, bool allow_other,
                 const std::function<void()>& mounted);

}  // namespace provrun::app
