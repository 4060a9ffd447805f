#include "provrun/store/chunk_list.hpp"

#include <numeric>

#include "provrun/base/error.hpp"
#include "tsv.hpp"

namespace provrun::store {

namespace {

constexpr std::size_t kMinimumLines = 512;
constexpr std::size_t kMaximumLines = 4096;

bool ends_list(const ChunkId& id) {
  const auto& bytes = id.digest.bytes;
  return bytes[31] == 0 && (bytes[30] & 7U) == 0;
}

}  // namespace

std::string encode_list(const std::vector<ListedChunk>& chunks) {
  std::string text;
  text.reserve(chunks.size() * 73);
  for (const auto& chunk : chunks) {
    if (chunk.id) {
      append_hex(text, chunk.id->digest);
    } else {
      text += '-';
    }
    text += ' ';
    append_number(text, chunk.size);
    text += '\n';
  }
  return text;
}

std::vector<ListedChunk> parse_list(std::string_view text) {
  std::vector<ListedChunk> chunks;
  while (!text.empty()) {
    const auto id = take_until(text, ' ');
    const auto size = take_until(text, '\n');
    ListedChunk chunk;
    const bool hole = id == "-";
    if (!hole) chunk.id.emplace();
    if (!id || !size || !(hole || read_hex(*id, chunk.id->digest)) ||
        !read_number(*size, chunk.size))
      throw base::Error(base::ErrorCode::corruption, "a chunk list has an invalid line");
    chunks.push_back(chunk);
  }
  return chunks;
}

void ChunkListBuilder::add(const ListedChunk& chunk) {
  open_.push_back(chunk);
  const bool full = open_.size() >= kMaximumLines;
  if (full || (open_.size() >= kMinimumLines && chunk.id && ends_list(*chunk.id)))
    closed_.push_back(close_list());
}

void ChunkListBuilder::add_hole(std::uint64_t size) {
  has_holes_ = true;
  add({std::nullopt, size});
}

ListedChunk ChunkListBuilder::close_list() {
  const auto size = std::accumulate(open_.begin(), open_.end(), std::uint64_t{0},
                                    [](auto sum, const auto& chunk) { return sum + chunk.size; });
  const ListedChunk list{store_(encode_list(open_)), size};
  open_.clear();
  return list;
}

void ChunkListBuilder::finish(FileContent& content) {
  if (closed_.empty() && open_.size() <= kInlineChunks && !has_holes_) {
    for (const auto& chunk : open_) content.chunks.push_back(*chunk.id);
    return;
  }
  if (!open_.empty()) closed_.push_back(close_list());
  content.list_levels = closed_.size() == 1 ? 1 : 2;
  content.list = closed_.size() == 1 ? closed_.front().id : store_(encode_list(closed_));
}

}  // namespace provrun::store
