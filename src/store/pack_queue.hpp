#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "provrun/store/config.hpp"
#include "provrun/store/pack.hpp"

namespace provrun::store {

/// The packs a session is writing. Full ones are synced and published by a thread of their own, so
/// that nobody waits for the disk unless it cannot follow. append() may be called from any thread;
/// flush() when no append is under way.
class PackQueue {
 public:
  using BeforeSeal = std::function<void(PackWriter&)>;
  using OnSealed = std::function<void(SealedPack)>;

  PackQueue(backend::Backend& backend, const RepositoryConfig& config, base::Uuid session,
            unsigned writers, BeforeSeal before_seal, OnSealed on_sealed);
  ~PackQueue();
  PackQueue(const PackQueue&) = delete;
  PackQueue& operator=(const PackQueue&) = delete;

  void append(const ChunkId& id, std::span<const std::uint8_t> frame, std::uint32_t plain_length,
              ChunkKind kind, std::string_view method);
  /// Seals what is open and waits for what is being sealed; throws what went wrong.
  void flush();

 private:
  struct OpenPack {
    std::mutex mutex;
    std::unique_ptr<PackWriter> pack;
  };
  OpenPack& choose_data_pack(std::unique_lock<std::mutex>& lock);
  void hand_over(std::unique_ptr<PackWriter> pack);
  void seal(PackWriter& pack);
  void seal_loop();

  backend::Backend& backend_;
  const RepositoryConfig& config_;
  base::Uuid session_;
  BeforeSeal before_seal_;
  OnSealed on_sealed_;
  std::vector<std::unique_ptr<OpenPack>> data_;  ///< the first is used whenever it is free
  OpenPack tree_;
  std::atomic<std::uint64_t> data_bytes_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<PackWriter>> full_;
  bool sealing_ = false;
  bool ending_ = false;
  std::exception_ptr problem_;
  std::thread thread_;
};

}  // namespace provrun::store
