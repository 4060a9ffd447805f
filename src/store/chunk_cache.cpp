#include "chunk_cache.hpp"

namespace provrun::store {

namespace {
thread_local int loads_under_way = 0;
struct Loading {
  Loading() { ++loads_under_way; }
  ~Loading() { --loads_under_way; }
};
}  // namespace

SharedChunk ChunkCache::get(const ChunkId& id, const std::function<SharedChunk()>& load) {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto found = slots_.find(id);
    if (found == slots_.end()) break;
    // A load that waits for another could wait for itself, if a forged repository has patches in a
    // circle.
    if (!found->second.chunk && loads_under_way > 0) {
      lock.unlock();
      const Loading nested;
      return load();
    }
    if (found->second.chunk) {
      recent_.splice(recent_.begin(), recent_, found->second.place);
      return found->second.chunk;
    }
    loaded_.wait(lock);
  }
  slots_.emplace(id, Slot{nullptr, recent_.end()});
  lock.unlock();
  SharedChunk chunk;
  try {
    const Loading loading;
    chunk = load();
  } catch (...) {
    lock.lock();
    slots_.erase(id);
    loaded_.notify_all();
    throw;
  }
  lock.lock();
  recent_.push_front(id);
  auto& slot = slots_[id];
  slot = {chunk, recent_.begin()};
  size_ += chunk->bytes.size();
  while (size_ > limit_ && recent_.size() > 1) {
    const auto oldest = slots_.find(recent_.back());
    size_ -= oldest->second.chunk->bytes.size();
    slots_.erase(oldest);
    recent_.pop_back();
  }
  loaded_.notify_all();
  return chunk;
}

}  // namespace provrun::store
