#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "provrun/store/content.hpp"

namespace provrun::store {

class Repository;

/// How patches went for one file: one that was written anew is not compared to its end.
struct PatchLuck {
  std::atomic<int> hits{0};
  std::atomic<int> misses{0};
  bool worth_trying() const { return hits * 4 >= misses - 3; }
};

/// The chunks a file had in an earlier snapshot, for finding those that a new one is likely to be a
/// variant of: the ones that lay where it lies, counted from the last chunk that is still the same.
/// One thread. Nothing is read before the first question.
class PreviousChunks {
 public:
  PreviousChunks(Repository& repository, const FileContent* previous)
      : repository_(repository), previous_(previous) {}

  /// A chunk at this offset is stored already.
  void known(const ChunkId& id, std::uint64_t offset);
  /// What a new chunk may be stored against, in order; often nothing.
  std::vector<ChunkId> bases_of(std::uint64_t offset, std::uint64_t length);
  const std::shared_ptr<PatchLuck>& luck() const { return luck_; }

 private:
  struct Old {
    ChunkId id;
    std::uint64_t offset;
    std::uint64_t length;
  };
  void load();

  Repository& repository_;
  const FileContent* previous_;
  bool loaded_ = false;
  std::vector<Old> old_;  ///< by offset
  std::unordered_map<ChunkId, std::size_t> places_;
  std::vector<std::pair<ChunkId, std::uint64_t>> early_;  ///< known before anything was loaded
  std::int64_t shift_ = 0;  ///< old offset less the new one, where both last were the same
  std::shared_ptr<PatchLuck> luck_ = std::make_shared<PatchLuck>();
};

}  // namespace provrun::store
