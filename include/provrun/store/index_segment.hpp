#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/store/pack.hpp"

// An index segment, "index/" sha256-of-the-file ".tsv.zst", is one zstd frame of text:
//   segment = row* superseded*          rows sorted by (chunk, pack, offset), each once
//   row        = chunk:64hex TAB pack:64hex TAB offset TAB compressed TAB plain TAB kind
//                [TAB method] "\n"
//   superseded = segment:64hex TAB "-" TAB "0" TAB "0" TAB "0" TAB "s" "\n"
// The page is docs/formats/repository.md.
namespace provrun::store {

/// Names a segment: the SHA-256 of its file.
struct SegmentId {
  hash::Digest digest;
  auto operator<=>(const SegmentId&) const = default;
  /// "index/3f2a….tsv.zst"
  std::string object_name() const;
};

/// Where one copy of a chunk is.
struct IndexRow {
  PackedChunk chunk;
  PackId pack;
  bool operator==(const IndexRow&) const = default;
};

struct Segment {
  std::vector<IndexRow> rows;
  std::vector<SegmentId> supersedes;  ///< segments whose rows are all among these
};

/// Rows of at most this many make one segment; a merge makes none larger.
inline constexpr std::size_t kSegmentRows = 1'000'000;

/// Sorts the rows, drops repetitions, and returns the file's bytes.
std::string encode_segment(Segment segment);
/// Error(corruption) when the bytes do not have the id or are no segment.
Segment parse_segment(const SegmentId& id, std::string_view bytes);
/// The segments there are, by name, sorted.
std::vector<SegmentId> list_segments(backend::Backend& backend);
/// Reads and parses; Error(not_found) when it is not there (any more).
Segment read_segment(backend::Backend& backend, const SegmentId& id);

}  // namespace provrun::store

template <>
struct std::hash<provrun::store::SegmentId> {
  std::size_t operator()(const provrun::store::SegmentId& id) const noexcept {
    return std::hash<provrun::hash::Digest>{}(id.digest);
  }
};
