#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "provrun/snapshot/snapshots.hpp"

namespace provrun::snapshot {

/// Which snapshots count. Within a list one must fit, and every list that is not empty must have
/// one.
struct SnapshotFilter {
  std::vector<std::string> hosts;  ///< whole host names
  std::vector<std::string> tags;   ///< "a" or "a,b": both
  std::vector<std::string> paths;  ///< absolute; of a path that was stored, or of one above it
  std::vector<std::string> runs;   ///< a run's id or the beginning of one; "any", "none"
  bool empty() const { return hosts.empty() && tags.empty() && paths.empty() && runs.empty(); }
};

struct LoadedSnapshot {
  SnapshotName name;
  Manifest manifest;
};

/// The id of the run that the snapshot belongs to; empty when it belongs to none.
std::string run_of(const Manifest& manifest);
bool fits(const Manifest& manifest, const SnapshotFilter& filter);

/// The snapshots that fit, oldest first. Those whose manifest cannot be read go to damaged, or,
/// without it, throw.
std::vector<LoadedSnapshot> load_snapshots(store::Repository& repository,
                                           const SnapshotFilter& filter,
                                           std::vector<SnapshotName>* damaged = nullptr);

/// resolve_snapshot among those that fit; a text that is no other name is looked for among the
/// tags, where it means the newest that has it ("nightly~1": the one before). An id goes before a
/// tag.
SnapshotName select_snapshot(store::Repository& repository, std::string_view text,
                             const SnapshotFilter& filter);

}  // namespace provrun::snapshot
