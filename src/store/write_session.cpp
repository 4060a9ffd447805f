#include "provrun/store/write_session.hpp"

#include <algorithm>
#include <atomic>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/random.hpp"
#include "provrun/store/trash.hpp"
#include "session_state.hpp"

namespace provrun::store {

WriteSession::WriteSession(Repository& repository, const SessionOptions& options) {
  repository.index().refresh();
  state_ = std::make_unique<State>(repository, os::new_uuid(), options);
  const auto epoch = state_->slot.epoch();
  publish_committed(repository.backend(), epoch);
  if (epoch > 1) publish_committed(repository.backend(), epoch - 1);
}

WriteSession::~WriteSession() {
  if (!state_ || state_->committed) return;
  state_->stop();
  state_->slot.abort();
}

base::Uuid WriteSession::id() const {
  return state_->id;
}

Repository& WriteSession::repository() {
  return state_->repository;
}

FileContent WriteSession::put_file(const std::string& path) {
  return put_file(os::open_for_reading(path), path);
}

FileContent WriteSession::put_file(const os::File& file, const std::string& path_for_errors) {
  return put_file(file, path_for_errors, {});
}

FileContent WriteSession::put_file(const os::File& file, const std::string& path_for_errors,
                                   const PutOptions& options) {
  if (options.data != nullptr && state_->repository.config().features.holes)
    return state_->with_lane([&](Lane& lane) {
      PreviousChunks previous(state_->repository, options.previous);
      return state_->put_sparse(lane, file, path_for_errors, options, previous);
    });
  return put_stream(
      [&](std::span<std::uint8_t> buffer) { return os::read_some(file, buffer, path_for_errors); },
      options.previous);
}

FileContent WriteSession::put_stream(const ByteSource& source, const FileContent* previous) {
  return state_->with_lane([&](Lane& lane) {
    PreviousChunks chunks(state_->repository, previous);
    return state_->put_stream(lane, source, chunks);
  });
}

FileContent WriteSession::put_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.size() <= state_->chunker.parameters().minimum) {
    state_->require_usable();
    PreviousChunks none(state_->repository, nullptr);
    return state_->put_whole(bytes, none);
  }
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

std::vector<FileContent> WriteSession::put_bundle(
    std::span<const std::span<const std::uint8_t>> files) {
  state_->require_usable();
  if (state_->repository.config().features.bundles) return state_->put_bundle(files);
  std::vector<FileContent> contents;
  contents.reserve(files.size());
  for (const auto& bytes : files) contents.push_back(put_bytes(bytes));
  return contents;
}

ChunkId WriteSession::put_object(std::span<const std::uint8_t> bytes, ChunkKind kind,
                                 const ChunkId* previous) {
  if (bytes.size() > kMaximumObjectSize)
    throw base::Error(base::ErrorCode::invalid_input, "an object of the repository is too large");
  state_->require_usable();
  const ChunkId id{hash::sha256(bytes)};
  std::vector<ChunkId> bases;
  if (previous != nullptr && *previous != id) bases.push_back(*previous);
  state_->store(id, bytes, kind, std::move(bases));
  return id;
}

bool WriteSession::has(const core::ContentId& content) const {
  return state_->has(ChunkId{content.digest});
}

bool WriteSession::has_all(const FileContent& content) const {
  if (content.bundle) return state_->has(content.bundle->chunk);
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
    state_->give_up();
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

// What the manifest needs and the slot's tombstones do not count for is stored anew, from whatever
// copy is left. False when there is none.
bool WriteSession::State::revalidate(const Needed& needed) {
  repository.index().refresh();
  bool all = true;
  needed([&](const ChunkId& chunk, ChunkKind kind) {
    if (!all || has(chunk)) return;
    const auto plain = salvage_chunk(repository, chunk);
    all = plain.has_value();
    if (all) store(chunk, *plain, kind);
  });
  if (!all) return false;
  flush();
  repository.backend().barrier();
  return true;
}

hash::Digest WriteSession::commit(std::string_view manifest, const Needed& needed) {
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
    Revalidate revalidate;
    if (needed) revalidate = [&](const PackSet&) { return state_->revalidate(needed); };
    id = commit_in(state_->repository.backend(), state_->slot, state_->id, manifest, revalidate);
  } catch (...) {
    state_->give_up();
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
