#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/backend/backend.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/store/content.hpp"

// A pack is a valid .zst file: one zstd frame per chunk, then a skippable frame, the footer, little
// endian:
//   pack    = frame* footer
//   footer  = magic:u32 = 0x184D2A5E  size:u32  table  trailer
//   table   = one zstd frame of text: "#provrun-pack 1 " nonce:32hex " " session:uuid "\n" row*
//   row     = chunk:64hex TAB offset TAB compressed TAB plain TAB kind [TAB method] "\n"
//   trailer = version:u32 = 1  footer_offset:u64  "PRVPACK1"
// Version history: 1, the first. The page is docs/formats/repository.md.
namespace provrun::store {

/// Names a pack: the SHA-256 of its bytes. The nonce keeps a name from ever being made twice.
struct PackId {
  hash::Digest digest;
  auto operator<=>(const PackId&) const = default;
  /// "packs/3f/3f2a….zst"
  std::string object_name() const;
};

/// One chunk in a pack. Offsets and lengths are bytes of the pack.
struct PackedChunk {
  ChunkId id;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;        ///< of its frame
  std::uint32_t plain_length = 0;  ///< of the chunk itself
  ChunkKind kind = ChunkKind::data;
  std::shared_ptr<const std::string> method = nullptr;  ///< see chunk_frame.hpp; none: plain

  std::string_view method_text() const {
    return method ? std::string_view(*method) : std::string_view();
  }
  bool operator==(const PackedChunk& other) const {
    return id == other.id && offset == other.offset && length == other.length &&
           plain_length == other.plain_length && kind == other.kind &&
           method_text() == other.method_text();
  }
};

std::optional<ChunkKind> parse_kind(char letter);

struct SealedPack {
  PackId id;
  std::uint64_t size = 0;
  std::vector<PackedChunk> chunks;
};

/// Writes one pack. What is small stays in memory until it is sealed. One thread at a time.
class PackWriter {
 public:
  PackWriter(backend::Backend& backend, base::Uuid session);
  ~PackWriter();

  void append(const ChunkId& id, std::span<const std::uint8_t> frame, std::uint32_t plain_length,
              ChunkKind kind, std::string_view method = {});
  /// Bytes of the frames so far.
  std::uint64_t size() const { return size_; }
  bool empty() const { return chunks_.empty(); }
  /// Whether nothing has been handed to the backend yet.
  bool in_memory() const { return upload_ == nullptr; }
  /// Appends the other's chunks; the other must be in memory and is empty afterwards.
  void absorb(PackWriter& other);
  /// Adds the footer and publishes: the bytes are durable, the name is after the next barrier.
  SealedPack seal();

 private:
  void write(std::span<const std::uint8_t> bytes);
  void spill();

  backend::Backend& backend_;
  base::Uuid session_;
  std::unique_ptr<backend::Upload> upload_;
  hash::Sha256 hash_;
  std::vector<std::uint8_t> buffer_;
  std::vector<PackedChunk> chunks_;
  std::uint64_t size_ = 0;
};

/// Reads the chunk table of a pack. Error(corruption) when the footer is damaged.
std::vector<PackedChunk> read_pack_table(backend::Backend& backend, const PackId& id);
/// The session that wrote the pack, from its footer; empty when that cannot be read.
std::string session_of_pack(backend::Backend& backend, const PackId& pack);
/// The packs there are, by name, sorted.
std::vector<PackId> list_packs(backend::Backend& backend);

}  // namespace provrun::store

template <>
struct std::hash<provrun::store::PackId> {
  std::size_t operator()(const provrun::store::PackId& id) const noexcept {
    return std::hash<provrun::hash::Digest>{}(id.digest);
  }
};
