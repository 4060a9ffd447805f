#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/snapshot/restorer.hpp"
#include "provrun/snapshot/snapshots.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::snapshot {

/// A chunk, tree, list or manifest that cannot be read back as it was stored.
struct Damage {
  std::string object;              ///< "chunk 3f2a…", "tree …", "list …", "snapshot …"
  std::string problem;             ///< one sentence
  std::vector<std::string> files;  ///< paths in the snapshot that need it; for a tree the directory
};

struct VerifyReport {
  std::uint64_t files = 0;
  std::uint64_t objects = 0;  ///< chunks, trees and lists, each counted once
  std::uint64_t bytes = 0;    ///< plaintext verified
  std::vector<Damage> damage;
  bool clean() const { return damage.empty(); }
};

/// Reads back everything the snapshot reaches, each object once, and compares every SHA-256. Damage
/// is reported, not thrown.
VerifyReport verify_snapshot(store::Repository& repository, const SnapshotName& name,
                             Progress* progress = nullptr,
                             const base::Cancellation* cancellation = nullptr);

}  // namespace provrun::snapshot
