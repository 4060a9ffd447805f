#include "provrun/store/write_session.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/random.hpp"
#include "provrun/store/chunk_list.hpp"
#include "provrun/store/chunker.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/repository.hpp"
#include "provrun/store/slot.hpp"

namespace provrun::store {

namespace {

constexpr std::size_t kReadSize = 1 << 20;
constexpr std::size_t kProbeSize = 16 << 10;  // bytes of a chunk looked at before compressing it
constexpr double kIncompressible = 7.85;      // bits per byte; text and tables are below 6.5
constexpr int kPassThroughLevel = -50;        // zstd's fastest: what does not compress is copied
constexpr std::size_t kRowsPerSegment = 250'000;   // new chunks after which they are indexed, 20 MB
constexpr std::uint64_t kMixedPackSize = 4 << 20;  // a session smaller than this makes one pack
constexpr std::size_t kShards = 16;

// Whether compressing is likely to be in vain: the entropy of the first bytes, taken singly.
bool looks_incompressible(std::span<const std::uint8_t> bytes) {
  const auto sample = bytes.first(std::min(bytes.size(), kProbeSize));
  if (sample.size() < 4096) return false;  // too few for the estimate, and cheap to try
  std::array<std::uint32_t, 256> counts{};
  for (const auto byte : sample) ++counts[byte];
  const double total = static_cast<double>(sample.size());
  double bits = 0;
  for (const auto count : counts)
    if (count > 0) bits += count * std::log2(total / count);
  return bits / total > kIncompressible;
}

// What one producer thread needs, kept from file to file: for small files the setting up would be
// most of the cost.
struct Lane {
  explicit Lane(int level) : compressor(level) {}
  codec::ZstdCompressor compressor;
  codec::ZstdCompressor pass_through{kPassThroughLevel};
  codec::ZstdDecompressor decompressor;
  hash::Sha256 file_hash;
  std::vector<std::uint8_t> buffer;
  std::vector<std::uint8_t> frame;
  std::vector<std::uint8_t> check;
};

}  // namespace

struct WriteSession::State {
  State(Repository& r, base::Uuid session)
      : repository(r),
        id(session),
        slot(Slot::claim(r.backend(), session)),
        chunker(r.config().chunker) {}

  Repository& repository;
  base::Uuid id;
  Slot slot;
  Chunker chunker;
  bool committed = false;
  std::atomic<bool> failed{false};

  std::mutex lanes_mutex;
  std::vector<std::unique_ptr<Lane>> idle_lanes;

  struct Shard {
    mutable std::mutex mutex;
    std::unordered_set<ChunkId> ids;
  };
  mutable std::array<Shard, kShards> pending;  ///< put in this session, not yet in the index

  std::mutex pack_mutex;
  std::unique_ptr<PackWriter> data_pack;
  std::unique_ptr<PackWriter> tree_pack;
  std::mutex rows_mutex;
  std::vector<IndexRow> rows;  ///< of sealed packs, not yet published
  std::mutex publish_mutex;

  std::atomic<std::uint64_t> bytes_put{0}, new_chunks{0}, reused_chunks{0}, new_bytes{0},
      stored_bytes{0}, packs{0};

  Shard& shard_of(const ChunkId& chunk) const { return pending[chunk.digest.bytes[31] % kShards]; }

  bool has(const ChunkId& chunk) const {
    {
      auto& shard = shard_of(chunk);
      const std::lock_guard lock(shard.mutex);
      if (shard.ids.contains(chunk)) return true;
    }
    return repository.index().contains(chunk, tombstones());
  }

  const PackSet* tombstones() const {
    return slot.tombstones().empty() ? nullptr : &slot.tombstones();
  }

  // True for the caller that must store it; everybody else may rely on it from here on, because the
  // session fails as a whole when storing it fails.
  bool claim(const ChunkId& chunk) {
    if (repository.index().contains(chunk, tombstones())) return false;
    auto& shard = shard_of(chunk);
    const std::lock_guard lock(shard.mutex);
    return shard.ids.insert(chunk).second;
  }

  void store(Lane& lane, const ChunkId& chunk, std::span<const std::uint8_t> plain,
             ChunkKind kind) {
    if (!claim(chunk)) {
      ++reused_chunks;
      return;
    }
    try {
      store_new(lane, chunk, plain, kind);
    } catch (...) {
      failed = true;
      throw;
    }
  }

  void store_new(Lane& lane, const ChunkId& chunk, std::span<const std::uint8_t> plain,
                 ChunkKind kind) {
    auto& compressor = looks_incompressible(plain) ? lane.pass_through : lane.compressor;
    const auto frame = compressor.compress_into(plain, lane.frame);
    // What a bad memory cell or a defect in the compressor spoiled is noticed before it is relied
    // on.
    lane.check.resize(plain.size());
    lane.decompressor.decompress_exactly(frame, lane.check);
    if (hash::sha256(lane.check) != chunk.digest)
      throw base::Error(
          base::ErrorCode::corruption,
          "a chunk changed while it was compressed: this machine's memory is not sound");
    append(chunk, frame, static_cast<std::uint32_t>(plain.size()), kind);
    ++new_chunks;
    new_bytes += plain.size();
    stored_bytes += frame.size();
  }

  void append(const ChunkId& chunk, std::span<const std::uint8_t> frame, std::uint32_t plain_length,
              ChunkKind kind) {
    const bool data = kind == ChunkKind::data;
    std::unique_ptr<PackWriter> full;
    {
      const std::lock_guard lock(pack_mutex);
      auto& pack = data ? data_pack : tree_pack;
      if (!pack) pack = std::make_unique<PackWriter>(repository.backend(), id);
      pack->append(chunk, frame, plain_length, kind);
      const auto& config = repository.config();
      if (pack->size() >= (data ? config.pack_size : config.tree_pack_size)) full = std::move(pack);
    }
    if (full) seal(*full);
  }

  void seal(PackWriter& pack) {
    const auto sealed = pack.seal();
    ++packs;
    bool publish = false;
    {
      const std::lock_guard lock(rows_mutex);
      for (const auto& chunk : sealed.chunks) rows.push_back({chunk, sealed.id});
      publish = rows.size() >= kRowsPerSegment;
    }
    if (publish) publish_rows();
  }

  // The packs' names become durable before the index tells others of them.
  void publish_rows() {
    const std::lock_guard publishing(publish_mutex);
    std::vector<IndexRow> taken;
    {
      const std::lock_guard lock(rows_mutex);
      taken.swap(rows);
    }
    if (taken.empty()) return;
    repository.backend().barrier();
    repository.index().publish(taken);
    for (const auto& row : taken) {
      auto& shard = shard_of(row.chunk.id);
      const std::lock_guard lock(shard.mutex);
      shard.ids.erase(row.chunk.id);
    }
  }

  void flush() {
    {
      const std::lock_guard lock(pack_mutex);
      if (data_pack && tree_pack && tree_pack->in_memory() &&
          data_pack->size() + tree_pack->size() < kMixedPackSize) {
        data_pack->absorb(*tree_pack);
        tree_pack.reset();
      }
    }
    for (auto* pack : {&data_pack, &tree_pack}) {
      if (!*pack) continue;
      seal(**pack);
      pack->reset();
    }
    publish_rows();
  }

  void require_usable() const {
    if (failed)
      throw base::Error(base::ErrorCode::conflict, "this session failed before and cannot go on");
    if (committed)
      throw base::Error(base::ErrorCode::internal, "this session is committed already");
  }

  FileContent put(Lane& lane, const ByteSource& source);
  FileContent put_whole(Lane& lane, std::span<const std::uint8_t> bytes);

  // Runs the work with a lane of its own. One whose work failed is not used again.
  template <typename Work>
  auto with_lane(const Work& work) {
    require_usable();
    std::unique_ptr<Lane> lane;
    {
      const std::lock_guard lock(lanes_mutex);
      if (!idle_lanes.empty()) {
        lane = std::move(idle_lanes.back());
        idle_lanes.pop_back();
      }
    }
    if (!lane) lane = std::make_unique<Lane>(repository.config().compression_level);
    auto result = work(*lane);
    const std::lock_guard lock(lanes_mutex);
    idle_lanes.push_back(std::move(lane));
    return result;
  }
};

FileContent WriteSession::State::put_whole(Lane& lane, std::span<const std::uint8_t> bytes) {
  FileContent content;
  content.id.digest = hash::sha256(bytes);
  content.size = bytes.size();
  bytes_put += bytes.size();
  if (bytes.empty()) return content;
  const ChunkId chunk{content.id.digest};
  store(lane, chunk, bytes, ChunkKind::data);
  content.chunks.push_back(chunk);
  return content;
}

FileContent WriteSession::State::put(Lane& lane, const ByteSource& source) {
  auto& buffer = lane.buffer;
  const auto& sizes = chunker.parameters();
  if (buffer.size() < sizes.minimum + 1) buffer.resize(sizes.minimum + 1);
  std::size_t filled = 0;
  bool ended = false;
  const auto fill = [&](std::size_t wanted) {
    while (!ended && filled < wanted) {
      const auto n = source({buffer.data() + filled, buffer.size() - filled});
      ended = n == 0;
      filled += n;
    }
  };
  fill(buffer.size());
  if (ended && filled <= sizes.minimum) return put_whole(lane, std::span(buffer).first(filled));

  const std::size_t capacity = sizes.maximum + kReadSize;
  if (buffer.size() < capacity) buffer.resize(capacity);
  FileContent content;
  ChunkListBuilder list([&](std::string_view text) {
    const ChunkId list_id{hash::sha256(text)};
    store(lane, list_id, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
          ChunkKind::list);
    return list_id;
  });
  std::size_t begin = 0;   // of what is not yet cut, in the buffer
  std::size_t hashed = 0;  // up to here the file's hash has seen the buffer
  while (true) {
    if (!ended && filled - begin < sizes.maximum) {
      std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(begin),
                buffer.begin() + static_cast<std::ptrdiff_t>(filled), buffer.begin());
      filled -= begin;
      hashed -= begin;
      begin = 0;
      fill(sizes.maximum);
    }
    if (begin == filled) break;
    const auto uncut = std::span(buffer).subspan(begin, filled - begin);
    const auto piece = uncut.first(chunker.cut(uncut));
    const ChunkId chunk_id{hash::sha256(piece)};
    begin += piece.size();
    content.size += piece.size();
    // A file of one chunk has that chunk's hash, so its bytes are hashed once.
    if (!(ended && begin == filled && content.size == piece.size())) {
      lane.file_hash.update(std::span(buffer).subspan(hashed, begin - hashed));
      hashed = begin;
    }
    store(lane, chunk_id, piece, ChunkKind::data);
    list.add({chunk_id, piece.size()});
  }
  list.finish(content);
  content.id.digest =
      content.chunks.size() == 1 ? content.chunks.front().digest : lane.file_hash.finish();
  bytes_put += content.size;
  return content;
}

WriteSession::WriteSession(Repository& repository) {
  repository.index().refresh();
  state_ = std::make_unique<State>(repository, os::new_uuid());
  const auto epoch = state_->slot.epoch();
  publish_committed(repository.backend(), epoch);
  if (epoch > 1) publish_committed(repository.backend(), epoch - 1);
}

WriteSession::~WriteSession() {
  if (state_ && !state_->committed) state_->slot.abort();
}

base::Uuid WriteSession::id() const {
  return state_->id;
}

FileContent WriteSession::put_file(const std::string& path) {
  return put_file(os::open_for_reading(path), path);
}

FileContent WriteSession::put_file(const os::File& file, const std::string& path_for_errors) {
  return put_stream(
      [&](std::span<std::uint8_t> buffer) { return os::read_some(file, buffer, path_for_errors); });
}

FileContent WriteSession::put_stream(const ByteSource& source) {
  return state_->with_lane([&](Lane& lane) { return state_->put(lane, source); });
}

FileContent WriteSession::put_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.size() <= state_->chunker.parameters().minimum)
    return state_->with_lane([&](Lane& lane) { return state_->put_whole(lane, bytes); });
  return put_stream([&](std::span<std::uint8_t> buffer) {
    const auto n = std::min(buffer.size(), bytes.size());
    std::copy_n(bytes.begin(), n, buffer.begin());
    bytes = bytes.subspan(n);
    return n;
  });
}

FileContent WriteSession::put_bytes(std::string_view bytes) {
  return put_bytes(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

ChunkId WriteSession::put_object(std::span<const std::uint8_t> bytes, ChunkKind kind) {
  if (bytes.size() > kMaximumObjectSize)
    throw base::Error(base::ErrorCode::invalid_input, "an object of the repository is too large");
  return state_->with_lane([&](Lane& lane) {
    const ChunkId id{hash::sha256(bytes)};
    state_->store(lane, id, bytes, kind);
    return id;
  });
}

bool WriteSession::has(const core::ContentId& content) const {
  return state_->has(ChunkId{content.digest});
}

bool WriteSession::has_all(const FileContent& content) const {
  for (const auto& chunk : content.chunks)
    if (!state_->has(chunk)) return false;
  if (!content.list) return true;
  if (!state_->has(*content.list)) return false;
  bool all = true;
  state_->repository.for_each_chunk(
      content, [&](const ChunkId& chunk, std::uint64_t) { all = all && state_->has(chunk); });
  return all;
}

void WriteSession::checkpoint() {
  state_->require_usable();
  try {
    state_->flush();
    state_->repository.backend().barrier();
  } catch (...) {
    state_->failed = true;
    throw;
  }
}

base::Timestamp WriteSession::commit_time() const {
  static std::atomic<std::int64_t> last{0};
  auto previous = last.load();
  std::int64_t next = 0;
  do {
    next = std::max(os::now().nanoseconds, previous + 1);
  } while (!last.compare_exchange_weak(previous, next));
  return {next};
}

hash::Digest WriteSession::commit(std::string_view manifest) {
  state_->require_usable();
  hash::Digest id;
  try {
    // Packs are new files in folders made as needed: without this, a repository deleted meanwhile
    // would seem to have taken them.
    if (!state_->repository.backend().size_of("config.json"))
      throw base::Error(base::ErrorCode::failed,
                        "the repository " + base::printable(state_->repository.location()) +
                            " has gone: it has no config.json any more")
          .hint("if it was moved, move it back");
    state_->flush();  // the barrier in Slot::commit makes the index segment's name durable
    id = state_->slot.commit(manifest);
  } catch (...) {
    state_->failed = true;
    throw;
  }
  state_->committed = true;
  try {
    state_->repository.index().merge_segments();
  } catch (const base::Error& error) {
    // The snapshot is committed; merging is upkeep, and the next session tries again.
    if (error.code() == base::ErrorCode::internal) throw;
  }
  return id;
}

SessionStatistics WriteSession::statistics() const {
  return {.bytes_put = state_->bytes_put,
          .new_chunks = state_->new_chunks,
          .reused_chunks = state_->reused_chunks,
          .new_bytes = state_->new_bytes,
          .stored_bytes = state_->stored_bytes,
          .packs = state_->packs};
}

}  // namespace provrun::store
