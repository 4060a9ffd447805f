#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "provrun/backend/backend.hpp"
#include "provrun/store/chunk_frame.hpp"
#include "provrun/store/chunk_table.hpp"

namespace provrun::store {

/// Where one copy of a chunk is, as far as it matters for reading it.
struct ChunkLocation {
  PackId pack;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;  ///< of the frame
  bool patched = false;      ///< it is a patch against other chunks
};

/// A copy that can be read, as far as the index and the frame's beginning tell.
struct SoundCopy {
  ChunkLocation location;
  int depth = 0;               ///< 0: it needs no other chunk
  std::vector<ChunkId> bases;  ///< the chunks that it is a patch against
};

using PackSet = std::unordered_set<PackId>;

/// Chunk -> pack, from the repository's index segments. What has been read is kept as a mapped
/// table in the cache, where there is one, so that opening costs one listing. Safe from any thread.
class Index {
 public:
  /// An empty cache path keeps the tables in memory. Nothing is read yet.
  Index(std::shared_ptr<backend::Backend> backend, std::string cache_path);

  /// Reads the segments published since the last time. Damaged ones are left out and remembered.
  void refresh();
  /// Forgets the cache and reads every segment.
  void reload();

  /// Every known copy, except in excluded packs; those in packs that a prune may be removing come
  /// last. The first call refreshes.
  std::vector<ChunkLocation> find(const ChunkId& id, const PackSet* excluded = nullptr);
  /// Whether there is a sound copy: outside of the excluded packs and of those that a prune has
  /// removed or may be removing, and, where it is a patch, with sound copies of less depth of all
  /// that it is against. What a prune has left without its base does not count, so it is stored
  /// again by whoever needs it.
  bool contains(const ChunkId& id, const PackSet* excluded = nullptr);
  /// The sound copies of the least depth. Reads the beginning of frames that are patches.
  std::vector<SoundCopy> sound_copies(const ChunkId& id, const PackSet* excluded = nullptr);
  /// What the frame says of itself. Error(not_found) or Error(corruption) when it cannot be read.
  FrameHeader frame_header(const ChunkLocation& location);
  /// Rows in all tables; an upper bound of the number of chunks.
  std::uint64_t size();

  /// Publishes the rows as a segment (durable, its name after the next barrier) and takes them in.
  /// No rows, no segment.
  void publish(std::vector<IndexRow> rows);
  /// Where eight segments of about one size have come together, replaces them by one. Proves that
  /// the new one holds all their rows before it removes them. Barriers included.
  void merge_segments();

  /// A copy that was found damaged or missing: contains() does not count it from here on, so that
  /// whoever has the bytes stores them again. Kept beside the cache, where there is one.
  void note_damaged(const ChunkId& id, const PackId& pack);
  /// The same of all that the pack holds: it is not there.
  void note_missing(const PackId& pack);
  /// The pack was read from its beginning to its end and is whole: notes of it are wrong.
  void forget_damage(const PackId& pack);
  bool knows_damage() const { return any_noted_; }
  /// Adds what was noted to the notes of that cache; a no-op when nothing was.
  void keep_damage_notes(const std::string& cache_path);

  /// Replaces the segments that name any of these packs by ones that do not; durable. Rows that a
  /// merge under way brings back do no harm: the packs are in every later epoch's tombstones.
  void drop_packs(const PackSet& packs);

  /// The tables as they are now, for going through all rows: they do not change any more.
  std::vector<std::shared_ptr<const ChunkTable>> all_tables();

  std::vector<SegmentId> damaged_segments();
  /// The packs that any row names, each at least once.
  std::vector<PackId> packs();

 private:
  struct Tables {
    std::vector<std::shared_ptr<const ChunkTable>> all;  ///< each at least twice the next
    bool first_is_mapped = false;
    std::shared_ptr<const PackSet> dead;  ///< the newest epoch's tombstones
    std::uint64_t dead_epoch = 0;
  };
  std::shared_ptr<const Tables> tables();
  void read_dead(Tables& tables);
  bool counts(const Tables& tables, const ChunkId& id, const PackId& pack, const PackSet* excluded);
  std::vector<SoundCopy> sound_below(const Tables& tables, const ChunkId& id,
                                     const PackSet* excluded, int below);
  void load(bool use_cache);
  void take_in(Tables& tables, ChunkTable table);
  void write_cache(Tables& tables, const std::vector<SegmentId>& live);

  std::shared_ptr<backend::Backend> backend_;
  std::string cache_path_;
  std::mutex load_mutex_;   ///< one thread loads at a time
  std::mutex state_mutex_;  ///< guards the two below
  std::shared_ptr<const Tables> tables_;
  std::vector<SegmentId> damaged_;

  struct Copy {
    ChunkId id;
    PackId pack;
    auto operator<=>(const Copy&) const = default;
  };
  bool is_noted(const ChunkId& id, const PackId& pack);
  void read_damage_notes();
  std::mutex notes_mutex_;    ///< guards the sets below
  std::set<Copy> noted_;      ///< damaged copies
  std::set<PackId> missing_;  ///< packs that are not there
  std::atomic<bool> any_noted_{false};
};

}  // namespace provrun::store
