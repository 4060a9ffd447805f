#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>

#include "provrun/store/repository.hpp"

namespace provrun::store {

/// The most recently used chunks, up to so many bytes. A chunk that several threads want is loaded
/// by one of them. Safe from any thread.
class ChunkCache {
 public:
  explicit ChunkCache(std::size_t limit) : limit_(limit) {}

  /// The load's errors go to its caller; the others that waited try themselves.
  SharedChunk get(const ChunkId& id, const std::function<SharedChunk()>& load);

 private:
  struct Slot {
    SharedChunk chunk;  ///< none while it is being loaded
    std::list<ChunkId>::iterator place;
  };
  std::size_t limit_;
  std::size_t size_ = 0;
  std::mutex mutex_;
  std::condition_variable loaded_;
  std::list<ChunkId> recent_;  ///< loaded ones, most recent first
  std::unordered_map<ChunkId, Slot> slots_;
};

}  // namespace provrun::store
