#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/snapshot/snapshots.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::snapshot {

/// Something that snapshots need and that cannot be read back.
struct NeededDamage {
  std::string object;  ///< "packs/3f/3f2a….zst", "chunk 3f2a…", "tree …", "list …", "snapshot …"
  std::string problem;                ///< one sentence
  std::vector<std::string> files;     ///< the first kNamedFiles that need it
  std::uint64_t files_omitted = 0;    ///< the others
  std::vector<SnapshotId> snapshots;  ///< that need it
};

struct SnapshotsReport {
  std::uint64_t snapshots = 0;
  std::uint64_t trees = 0;  ///< and lists, each once
  std::uint64_t files = 0;  ///< of distinct trees
  std::vector<NeededDamage> damage;
};

inline constexpr std::size_t kNamedFiles = 1000;

/// Goes through every distinct tree of all snapshots once and looks for every chunk that a file
/// needs in the index, in a pack that is there and not suspect. A chunk of which all copies are in
/// suspect packs is read. Then names, for what is damaged, all files and snapshots that need it.
/// Memory: 40 bytes for each distinct tree, and what is damaged.
SnapshotsReport check_snapshots(store::Repository& repository, const store::PackSet& present,
                                const store::PackSet& suspect,
                                const std::function<void(std::uint64_t trees)>& progress,
                                const base::Cancellation* cancellation);

}  // namespace provrun::snapshot
