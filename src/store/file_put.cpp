// How the bytes of a file become chunks.
#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/store/chunk_list.hpp"
#include "session_state.hpp"

namespace provrun::store {

namespace {

constexpr std::size_t kSourceReadSize = 1 << 20;
constexpr std::size_t kRememberedContents = 1 << 20;  // small files of a session known by content

}  // namespace

FileContent WriteSession::State::put_whole(std::span<const std::uint8_t> bytes,
                                           PreviousChunks& previous) {
  FileContent content;
  content.id.digest = hash::sha256(bytes);
  content.size = bytes.size();
  bytes_put += bytes.size();
  if (bytes.empty()) return content;
  const ChunkId chunk{content.id.digest};
  if (claim(chunk)) {
    store_claimed(chunk, bytes, ChunkKind::data, previous.bases_of(0, bytes.size()),
                  previous.luck());
  } else {
    ++reused_chunks;
  }
  content.chunks.push_back(chunk);
  return content;
}

// Cuts what the source gives, to its end, and adds it to the content and its list. The file's hash
// runs along, except where the whole file turns out to be one chunk.
void WriteSession::State::cut_range(Lane& lane, const ByteSource& source, PreviousChunks& previous,
                                    FileContent& content, ChunkListBuilder& list, bool only_range) {
  auto& buffer = lane.buffer;
  const auto& sizes = chunker.parameters();
  const std::size_t capacity = sizes.maximum + kSourceReadSize;
  if (buffer.size() < capacity) buffer.resize(capacity);
  bool ended = false;
  std::size_t filled = 0;
  std::size_t begin = 0;   // of what is not yet cut, in the buffer
  std::size_t hashed = 0;  // up to here the file's hash has seen the buffer
  const auto range_begin = content.size;
  while (true) {
    if (!ended && filled - begin < sizes.maximum) {
      std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(begin),
                buffer.begin() + static_cast<std::ptrdiff_t>(filled), buffer.begin());
      filled -= begin;
      hashed -= begin;
      begin = 0;
      while (!ended && filled < sizes.maximum) {
        const auto n = source(std::span(buffer).subspan(filled));
        ended = n == 0;
        filled += n;
      }
    }
    if (begin == filled) break;
    const auto uncut = std::span(buffer).subspan(begin, filled - begin);
    const auto piece = uncut.first(chunker.cut(uncut));
    const ChunkId chunk{hash::sha256(piece)};
    const auto offset = content.size;
    begin += piece.size();
    content.size += piece.size();
    // A file of one chunk has that chunk's hash, so its bytes are hashed once.
    const bool whole_file =
        only_range && ended && begin == filled && range_begin + piece.size() == content.size;
    if (!whole_file) {
      lane.file_hash.update(std::span(buffer).subspan(hashed, begin - hashed));
      hashed = begin;
    }
    if (claim(chunk)) {
      store_claimed(chunk, piece, ChunkKind::data, previous.bases_of(offset, piece.size()),
                    previous.luck());
    } else {
      ++reused_chunks;
      previous.known(chunk, offset);
    }
    list.add({chunk, piece.size()});
  }
}

ChunkListBuilder WriteSession::State::list_builder() {
  return ChunkListBuilder([this](std::string_view text) {
    const ChunkId list{hash::sha256(text)};
    store(list, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, ChunkKind::list);
    return list;
  });
}

FileContent WriteSession::State::put_stream(Lane& lane, const ByteSource& source,
                                            PreviousChunks& previous) {
  // Small ones first: they need no more than the buffer of a small file.
  auto& buffer = lane.buffer;
  const auto& sizes = chunker.parameters();
  if (buffer.size() < sizes.minimum + 1) buffer.resize(sizes.minimum + 1);
  std::size_t filled = 0;
  bool ended = false;
  while (!ended && filled < sizes.minimum + 1) {
    const auto n = source(std::span(buffer).subspan(filled));
    ended = n == 0;
    filled += n;
  }
  if (ended && filled <= sizes.minimum) return put_whole(std::span(buffer).first(filled), previous);

  FileContent content;
  auto list = list_builder();
  // The bytes already read are still at the front of the buffer when the first read asks for them.
  std::size_t given = 0;
  const auto rest = [&](std::span<std::uint8_t> room) -> std::size_t {
    if (given == 0) return given = filled;
    return ended ? 0 : source(room);
  };
  cut_range(lane, rest, previous, content, list, true);
  list.finish(content);
  content.id.digest =
      content.chunks.size() == 1 ? content.chunks.front().digest : lane.file_hash.finish();
  bytes_put += content.size;
  return content;
}

FileContent WriteSession::State::put_sparse(Lane& lane, const os::File& file,
                                            const std::string& path, const PutOptions& options,
                                            PreviousChunks& previous) {
  FileContent content;
  auto list = list_builder();
  const std::vector<std::uint8_t> zeros(64 << 10);
  const auto hole_to = [&](std::uint64_t end) {
    if (end <= content.size) return;
    list.add_hole(end - content.size);
    for (auto left = end - content.size; left > 0;) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left, zeros.size()));
      lane.file_hash.update(std::span(zeros).first(n));
      left -= n;
    }
    content.size = end;
  };
  bool cut_short = false;
  for (const auto& range : *options.data) {
    if (range.length == 0) continue;
    const auto end = range.offset + range.length;
    if (range.offset < content.size || end < range.offset || end > options.size)
      throw base::Error(base::ErrorCode::internal, "the data ranges of a file are not in order");
    hole_to(range.offset);
    auto at = range.offset;
    const auto source = [&](std::span<std::uint8_t> room) -> std::size_t {
      const auto wanted = std::min<std::uint64_t>(room.size(), end - at);
      if (wanted == 0) return 0;
      const auto n = os::read_at(file, at, room.first(static_cast<std::size_t>(wanted)), path);
      at += n;
      return n;
    };
    cut_range(lane, source, previous, content, list, false);
    // It was cut short meanwhile: what the content then holds is what was read.
    cut_short = content.size < end;
    if (cut_short) break;
  }
  if (!cut_short) hole_to(options.size);
  list.finish(content);
  content.id.digest = lane.file_hash.finish();
  bytes_put += content.size;
  return content;
}

std::vector<FileContent> WriteSession::State::put_bundle(
    std::span<const std::span<const std::uint8_t>> files) {
  std::vector<FileContent> contents;
  contents.reserve(files.size());
  std::vector<std::uint8_t> together;
  std::vector<std::size_t> members;
  std::unordered_map<core::ContentId, std::size_t> first_of;  // of this bundle
  for (const auto& bytes : files) {
    PreviousChunks none(repository, nullptr);
    FileContent content;
    content.size = bytes.size();
    if (bytes.empty() || bytes.size() > kBundledFileLimit || files.size() == 1) {
      if (bytes.size() <= chunker.parameters().minimum) {
        content = put_whole(bytes, none);
      } else {
        content = with_lane([&](Lane& lane) {
          auto left = bytes;
          return put_stream(
              lane,
              [&left](std::span<std::uint8_t> room) {
                const auto n = std::min(room.size(), left.size());
                std::copy_n(left.begin(), n, room.begin());
                left = left.subspan(n);
                return n;
              },
              none);
        });
      }
      contents.push_back(std::move(content));
      continue;
    }
    content.id.digest = hash::sha256(bytes);
    bytes_put += bytes.size();
    const ChunkId own{content.id.digest};
    if (has(own)) {
      ++reused_chunks;
      content.chunks.push_back(own);
    } else if (const auto same = first_of.find(content.id); same != first_of.end()) {
      content.bundle = contents[same->second].bundle;
    } else {
      const std::lock_guard lock(bundled_mutex);
      if (const auto known = bundled.find(content.id); known != bundled.end())
        content.bundle = known->second.place;
    }
    if (content.chunks.empty() && !content.bundle) {
      content.bundle = BundlePlace{{}, together.size()};
      together.insert(together.end(), bytes.begin(), bytes.end());
      first_of.emplace(content.id, contents.size());
      members.push_back(contents.size());
    }
    contents.push_back(std::move(content));
  }
  if (members.empty()) return contents;
  const ChunkId chunk{hash::sha256(together)};
  for (auto& content : contents) {
    if (!content.bundle || content.bundle->chunk != ChunkId{}) continue;
    if (members.size() == 1) {
      // Alone it is a chunk like any other, and found again by its content.
      content.bundle.reset();
      content.chunks.push_back(chunk);
    } else {
      content.bundle->chunk = chunk;
    }
  }
  store(chunk, together, ChunkKind::data);
  if (members.size() > 1) {
    const std::lock_guard lock(bundled_mutex);
    for (const auto member : members)
      if (bundled.size() < kRememberedContents)
        bundled.try_emplace(contents[member].id,
                            Place{*contents[member].bundle, contents[member].size});
  }
  return contents;
}

}  // namespace provrun::store
