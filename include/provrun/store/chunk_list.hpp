#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/store/content.hpp"

// A list object names the chunks of a long file, or, at the second level, the lists:
//   list = ((id:64hex | "-") SP bytes "\n")+
// where bytes is the plain length of what the id stands for; "-" is a hole of so many zeros, in a
// list of chunks only. A list ends after at most 4096 lines
// and, from the 512th on, after an id whose last eleven bits are zero, so that an insertion
// rewrites one or two lists.
namespace provrun::store {

struct ListedChunk {
  std::optional<ChunkId> id;  ///< none: a hole
  std::uint64_t size = 0;     ///< plain bytes
  bool operator==(const ListedChunk&) const = default;
};

/// Collects the chunks of one file in order and makes of them what FileContent holds, storing list
/// objects as they fill: memory is one list, and 40 bytes for each list before it.
class ChunkListBuilder {
 public:
  using StoreList = std::function<ChunkId(std::string_view)>;
  explicit ChunkListBuilder(StoreList store) : store_(std::move(store)) {}

  void add(const ListedChunk& chunk);
  /// A hole of so many bytes; the file gets a list, however short.
  void add_hole(std::uint64_t size);
  /// Fills in chunks, list and list_levels.
  void finish(FileContent& content);

 private:
  ListedChunk close_list();

  StoreList store_;
  std::vector<ListedChunk> open_;    ///< of the list being filled
  std::vector<ListedChunk> closed_;  ///< lists stored
  bool has_holes_ = false;
};

std::string encode_list(const std::vector<ListedChunk>& chunks);
/// Error(corruption) when the text is no list.
std::vector<ListedChunk> parse_list(std::string_view text);

}  // namespace provrun::store
