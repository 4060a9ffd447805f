#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "provrun/os/mapped_file.hpp"
#include "provrun/store/index_segment.hpp"

namespace provrun::store {

/// A sorted table of chunks: 44 bytes each, in memory or mapped from a local cache file. The file
/// is disposable and bound to this kind of machine; docs/design/repository.md shows its layout.
/// Immutable; safe from any thread.
class ChunkTable {
 public:
  /// One row. Little-endian machines only, as everywhere this program runs.
  struct Entry {
    std::array<std::uint8_t, 32> id;
    std::uint32_t pack;  ///< position in packs()
    std::uint32_t offset;
    std::uint32_t length : 31;  ///< of the frame
    std::uint32_t patched : 1;  ///< it is a patch against other chunks
  };
  static_assert(sizeof(Entry) == 44);

  /// Collects rows of several segments; the cost is one sort.
  class Builder {
   public:
    void add(const SegmentId& id, const Segment& segment);
    void add_covered(const SegmentId& id) { segments_.push_back(id); }
    bool empty() const { return segments_.empty(); }
    ChunkTable build() &&;

   private:
    std::vector<Entry> entries_;
    std::vector<PackId> packs_;
    std::unordered_map<PackId, std::uint32_t> pack_numbers_;
    std::vector<SegmentId> segments_;
  };

  ChunkTable() = default;
  ChunkTable(ChunkTable&&) noexcept = default;
  ChunkTable& operator=(ChunkTable&&) noexcept = default;

  /// Of a cache file; nullopt when it is absent, or not a whole file of this version.
  static std::optional<ChunkTable> map(const std::string& path);
  /// Writes the file anew and atomically, with the rows of all tables; covered are the segments
  /// they hold.
  static void write(const std::string& path, std::span<const ChunkTable* const> tables,
                    std::span<const SegmentId> covered);
  /// The same into memory.
  static ChunkTable merge(std::span<const ChunkTable* const> tables);

  /// The rows of this id, usually one or none.
  std::span<const Entry> find(const ChunkId& id) const;
  /// The pack of a row; nullopt when the number is out of range (a damaged cache file).
  std::optional<PackId> pack_of(const Entry& entry) const;

  std::span<const Entry> entries() const { return entries_; }
  std::span<const PackId> packs() const { return packs_; }
  std::span<const SegmentId> segments() const { return segments_; }

 private:
  struct Memory {
    std::vector<Entry> entries;
    std::vector<PackId> packs;
    std::vector<SegmentId> segments;
    std::vector<std::uint32_t> fan_out;
  };
  void set_memory(Memory memory);

  std::variant<Memory, os::MappedFile> owner_;
  std::span<const Entry> entries_;
  std::span<const PackId> packs_;
  std::span<const SegmentId> segments_;
  std::span<const std::uint32_t> fan_out_;  ///< 2^bits + 1: where ids of these first bits begin
  int bits_ = 0;
};

}  // namespace provrun::store
