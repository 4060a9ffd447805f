#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace provrun::store {

class Repository;

struct IndexRepair {
  std::uint64_t packs = 0;
  std::uint64_t chunks = 0;
  std::uint64_t published_snapshots = 0;  ///< committed before a crash and invisible until now
  std::vector<std::string>
      damaged_packs;  ///< their footer cannot be read; what it named is not in the index
};

/// Builds the index anew from the packs' footers, publishes it, then removes the segments it
/// replaces. Readers and writers may go on meanwhile. Also publishes committed snapshots that a
/// crash left unpublished.
IndexRepair rebuild_index(Repository& repository);

}  // namespace provrun::store
