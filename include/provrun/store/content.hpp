#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "provrun/core/content_id.hpp"
#include "provrun/hash/sha256.hpp"

namespace provrun::store {

/// Names a chunk: the SHA-256 of its plaintext. A file of one chunk has a content id of the same 32
/// bytes.
struct ChunkId {
  hash::Digest digest;
  auto operator<=>(const ChunkId&) const = default;
  std::string to_hex() const { return digest.to_hex(); }
};

/// What a chunk holds. The letter is the one of the format.
enum class ChunkKind : char {
  data = 'd',  ///< a piece of a file
  tree = 't',  ///< a directory, or a part of one
  list = 'l'   ///< a chunk list of a long file
};

/// Where a small file lies that shares a chunk with others: `size` bytes of the chunk.
struct BundlePlace {
  ChunkId chunk;
  std::uint64_t offset = 0;
  auto operator<=>(const BundlePlace&) const = default;
};

/// Where a file's bytes are. Exactly one of the three: up to kInlineChunks chunk ids, a list, or a
/// place in a bundle. A file with holes always has a list.
struct FileContent {
  core::ContentId id;           ///< SHA-256 of the whole file, holes as zeros
  std::uint64_t size = 0;       ///< bytes, holes included
  std::vector<ChunkId> chunks;  ///< in file order; empty for an empty file
  std::optional<ChunkId> list;  ///< a list object; see docs/formats/repository.md
  int list_levels = 0;          ///< 0 without a list, 1: list of chunks, 2: list of such lists
  std::optional<BundlePlace> bundle;  ///< of a small file
  bool operator==(const FileContent&) const = default;
};

/// A run of bytes of a file.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const ByteRange&) const = default;
};

inline constexpr std::size_t kInlineChunks = 8;

/// Takes the next bytes; called from one thread.
using ByteSink = std::function<void(std::span<const std::uint8_t>)>;
/// Fills the front of the buffer and returns how many bytes; 0 is the end.
using ByteSource = std::function<std::size_t(std::span<std::uint8_t>)>;

}  // namespace provrun::store

template <>
struct std::hash<provrun::store::ChunkId> {
  std::size_t operator()(const provrun::store::ChunkId& id) const noexcept {
    return std::hash<provrun::hash::Digest>{}(id.digest);
  }
};
