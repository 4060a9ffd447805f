#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "provrun/snapshot/selection.hpp"

namespace provrun::mount {

/// The folders above the snapshots. Safe from any thread.
class SnapshotNames {
 public:
  SnapshotNames(store::Repository& repository, snapshot::SnapshotFilter filter)
      : repository_(repository), filter_(std::move(filter)) {}

  struct Place {
    enum class Kind { folder, link, snapshot } kind = Kind::folder;
    std::vector<std::string> names;  ///< of a folder, sorted
    std::string target;              ///< of a link
    store::ChunkId root;             ///< of a snapshot
    std::int64_t time_ns = 0;
    std::string rest;  ///< of a snapshot: the path below its root
  };
  /// "/times/2026-08-01T12:00:00Z/a/b"; nullopt when there is no such place.
  std::optional<Place> find(const std::string& path);

 private:
  struct Folder {
    std::map<std::string, Folder> folders;
    std::map<std::string, std::pair<store::ChunkId, std::int64_t>> snapshots;
    std::string latest;  ///< empty: no link
  };
  void refresh();

  store::Repository& repository_;
  snapshot::SnapshotFilter filter_;
  std::mutex mutex_;
  std::vector<snapshot::SnapshotName> known_;
  std::chrono::nanoseconds looked_{-1};
  Folder top_;
};

}  // namespace provrun::mount
