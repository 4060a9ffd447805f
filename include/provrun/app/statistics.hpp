#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "provrun/app/browse.hpp"

namespace provrun::app {

/// Bytes and counts of a repository. Stored is what chunks take in packs, plain what they hold.
struct RepositoryStatistics {
  std::uint64_t snapshots = 0;
  std::uint64_t files = 0;          ///< of all snapshots, each counted in each
  std::uint64_t logical_bytes = 0;  ///< of all snapshots, each counted in each
  std::uint64_t chunks = 0;         ///< copies the index knows
  std::uint64_t plain_bytes = 0;    ///< of pieces of files
  std::uint64_t stored_bytes = 0;   ///< of pieces of files
  std::uint64_t tree_bytes = 0;     ///< stored, of folders and lists
  std::uint64_t packs = 0;
  std::uint64_t pack_bytes = 0;
  std::uint64_t index_bytes = 0;
  double deduplication() const { return ratio(logical_bytes, plain_bytes); }
  double compression() const { return ratio(plain_bytes, stored_bytes); }

 private:
  static double ratio(std::uint64_t a, std::uint64_t b) {
    return b == 0 ? 1 : static_cast<double>(a) / static_cast<double>(b);
  }
};

struct SnapshotStatistics {
  std::string id;
  base::Timestamp time;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unique_bytes = 0;  ///< stored, of what no other snapshot needs
};

struct StatisticsRequest {
  Shelf shelf;                         ///< the filter says whose files are counted
  std::vector<std::string> snapshots;  ///< for which unique_bytes is asked
  bool every_snapshot = false;         ///< for all that fit
};

/// unique_bytes needs 60 bytes of memory for each object of the repository.
RepositoryStatistics repository_statistics(
    const StatisticsRequest& request, const std::function<void(const SnapshotStatistics&)>& visit);

}  // namespace provrun::app
