#pragma once

#include <functional>
#include <string>

#include "provrun/snapshot/selection.hpp"
#include "provrun/store/repository.hpp"

// The repository as a read-only file system (FUSE):
//   ids/<16 digits>/…            a snapshot's files
//   times/<time>/…               the same, by the time of the commit (UTC)
//   tags/<tag>/<time>/…          hosts/<host>/<time>/…
//   latest, tags/<tag>/latest, hosts/<host>/latest   symbolic links to the newest
// Snapshots that are made meanwhile appear. Every piece is verified before it is given out; a
// damaged one is an input/output error.
namespace provrun::mount {

struct MountOptions {
  std::string directory;            ///< where; must be an empty folder
  snapshot::SnapshotFilter filter;  ///< which snapshots
  bool allow_other = false;         ///< other users may look too
  std::function<void()> mounted;    ///< called once it can be used
};

/// Blocks until it is unmounted or the process gets SIGINT, SIGTERM or SIGHUP; then it is
/// unmounted. Error(unsupported) where FUSE is not there, Error(not_found), Error(refused),
/// Error(conflict).
void mount_repository(store::Repository& repository, const MountOptions& options);

}  // namespace provrun::mount
