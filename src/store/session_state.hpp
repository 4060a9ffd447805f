#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "pack_queue.hpp"
#include "previous_chunks.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/store/chunk_frame.hpp"
#include "provrun/store/chunk_list.hpp"
#include "provrun/store/chunker.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/slot.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::store {

inline constexpr std::size_t kSessionShards = 16;

/// What one producer thread needs, kept from file to file: for small files the setting up would be
/// most of the cost.
struct Lane {
  hash::Sha256 file_hash;
  std::vector<std::uint8_t> buffer;
};

/// A new chunk on its way to a pack.
struct ChunkJob {
  ChunkId id;
  std::vector<std::uint8_t> plain;
  ChunkKind kind = ChunkKind::data;
  std::vector<ChunkId> bases;
  std::shared_ptr<PatchLuck> luck;  ///< of the file; may be none
};

/// The insides of a session. Chunks are claimed by whoever puts them, and compressed and packed by
/// threads that start when there is more than a little to do. When those cannot follow, whoever
/// puts waits: memory is bounded, and the processors are busy then anyway.
struct WriteSession::State {
  State(Repository& repository, base::Uuid session, const SessionOptions& options);
  ~State();

  Repository& repository;
  base::Uuid id;
  Slot slot;
  Chunker chunker;
  bool committed = false;

  struct Shard {
    mutable std::mutex mutex;
    std::unordered_set<ChunkId> ids;
  };
  mutable std::array<Shard, kSessionShards> pending;  ///< put in this session, not yet indexed

  struct Place {
    BundlePlace place;
    std::uint64_t size = 0;
  };
  std::mutex bundled_mutex;
  std::unordered_map<core::ContentId, Place> bundled;  ///< in this session, up to a bound

  std::atomic<std::uint64_t> bytes_put{0}, new_chunks{0}, reused_chunks{0}, new_bytes{0},
      stored_bytes{0}, packs{0};

  const PackSet* tombstones() const {
    return slot.tombstones().empty() ? nullptr : &slot.tombstones();
  }
  bool has(const ChunkId& chunk) const;
  void require_usable();
  void give_up() { failed_ = true; }
  /// Stores the chunk unless it is there. The bytes are copied when they are not compressed at
  /// once. True when it was new.
  bool store(const ChunkId& chunk, std::span<const std::uint8_t> plain, ChunkKind kind,
             std::vector<ChunkId> bases = {}, std::shared_ptr<PatchLuck> luck = nullptr);
  bool claim(const ChunkId& chunk);
  void store_claimed(const ChunkId& chunk, std::span<const std::uint8_t> plain, ChunkKind kind,
                     std::vector<ChunkId> bases, std::shared_ptr<PatchLuck> luck);
  /// Waits until all chunks are in packs, seals these and publishes an index segment.
  void flush();
  bool revalidate(const Needed& needed);
  /// Ends the threads; what was not compressed yet is given up.
  void stop();

  FileContent put_whole(std::span<const std::uint8_t> bytes, PreviousChunks& previous);
  FileContent put_stream(Lane& lane, const ByteSource& source, PreviousChunks& previous);
  FileContent put_sparse(Lane& lane, const os::File& file, const std::string& path,
                         const PutOptions& options, PreviousChunks& previous);
  std::vector<FileContent> put_bundle(std::span<const std::span<const std::uint8_t>> files);

  /// Runs the work with a lane of its own. One whose work failed is not used again.
  template <typename Work>
  auto with_lane(const Work& work) {
    require_usable();
    std::unique_ptr<Lane> lane;
    {
      const std::lock_guard lock(lanes_mutex_);
      if (!idle_lanes_.empty()) {
        lane = std::move(idle_lanes_.back());
        idle_lanes_.pop_back();
      }
    }
    if (!lane) lane = std::make_unique<Lane>();
    auto result = work(*lane);
    const std::lock_guard lock(lanes_mutex_);
    idle_lanes_.push_back(std::move(lane));
    return result;
  }

 private:
  Shard& shard_of(const ChunkId& chunk) const {
    return pending[chunk.digest.bytes[31] % kSessionShards];
  }
  void fail(std::exception_ptr problem);
  void process(FrameEncoder& encoder, const ChunkId& chunk, std::span<const std::uint8_t> plain,
               ChunkKind kind, const std::vector<ChunkId>& bases, PatchLuck* luck);
  void process_here(const ChunkId& chunk, std::span<const std::uint8_t> plain, ChunkKind kind,
                    const std::vector<ChunkId>& bases, PatchLuck* luck);
  bool enqueue(const ChunkId& chunk, std::span<const std::uint8_t> plain, ChunkKind kind,
               std::vector<ChunkId>& bases, std::shared_ptr<PatchLuck>& luck);
  void work_loop();
  void wait_for_workers();
  void make_unlike(PackWriter& pack);
  void on_sealed(SealedPack pack);
  void publish_rows();
  void cut_range(Lane& lane, const ByteSource& source, PreviousChunks& previous,
                 FileContent& content, ChunkListBuilder& list, bool only_range);
  ChunkListBuilder list_builder();

  unsigned threads_;
  std::mutex lanes_mutex_;
  std::vector<std::unique_ptr<Lane>> idle_lanes_;
  std::mutex encoders_mutex_;
  std::vector<std::unique_ptr<FrameEncoder>> idle_encoders_;

  std::mutex jobs_mutex_;
  std::condition_variable jobs_changed_;
  std::condition_variable room_;  ///< for more jobs
  std::deque<ChunkJob> jobs_;
  std::vector<std::vector<std::uint8_t>> spare_buffers_;
  std::size_t jobs_bytes_ = 0;
  unsigned busy_ = 0;
  bool ending_ = false;
  std::vector<std::thread> workers_;

  std::atomic<bool> failed_{false};
  std::mutex problem_mutex_;
  std::exception_ptr problem_;

  std::mutex rows_mutex_;
  std::vector<IndexRow> rows_;  ///< of sealed packs, not yet published
  std::mutex publish_mutex_;
  PackQueue packs_queue_;  ///< last: its thread uses what stands above
};

}  // namespace provrun::store
