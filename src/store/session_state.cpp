#include "session_state.hpp"

#include <algorithm>
#include <utility>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"

namespace provrun::store {

namespace {

constexpr std::size_t kRowsPerSegment = 250'000;  // new chunks after which they are indexed, 20 MB
constexpr std::size_t kAtOnce = 48 << 10;  // bytes: a smaller chunk is not worth handing over
// Of chunks not yet compressed: for each thread, and at least.
constexpr std::size_t kWaitingBytes = 3 << 20;
constexpr std::size_t kWaitingLeast = 8 << 20;
constexpr std::size_t kSpareBuffers = 4;
constexpr std::uint64_t kQuietBytes = 2 << 20;  // new bytes before threads are started

unsigned encoder_threads(unsigned asked) {
  return asked != 0 ? asked : std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
}

}  // namespace

WriteSession::State::State(Repository& r, base::Uuid session, const SessionOptions& options)
    : repository(r),
      id(session),
      slot(Slot::claim(r.backend(), session)),
      chunker(r.config().chunker),
      threads_(encoder_threads(options.threads)),
      packs_queue_(
          r.backend(), r.config(), session, threads_,
          [this](PackWriter& pack) { make_unlike(pack); },
          [this](SealedPack pack) { on_sealed(std::move(pack)); }) {}

WriteSession::State::~State() {
  stop();
}

void WriteSession::State::stop() {
  {
    const std::lock_guard lock(jobs_mutex_);
    ending_ = true;
    jobs_.clear();
  }
  jobs_changed_.notify_all();
  room_.notify_all();
  for (auto& worker : workers_) worker.join();
  workers_.clear();
}

void WriteSession::State::fail(std::exception_ptr problem) {
  const std::lock_guard lock(problem_mutex_);
  if (!problem_) problem_ = std::move(problem);
  failed_ = true;
}

void WriteSession::State::require_usable() {
  if (failed_) {
    // Who meets it first learns what happened; the others that it happened.
    std::exception_ptr problem;
    {
      const std::lock_guard lock(problem_mutex_);
      problem = std::exchange(problem_, nullptr);
    }
    if (problem) std::rethrow_exception(problem);
    throw base::Error(base::ErrorCode::conflict, "this session failed before and cannot go on");
  }
  if (committed) throw base::Error(base::ErrorCode::internal, "this session is committed already");
}

bool WriteSession::State::has(const ChunkId& chunk) const {
  {
    auto& shard = shard_of(chunk);
    const std::lock_guard lock(shard.mutex);
    if (shard.ids.contains(chunk)) return true;
  }
  return repository.index().contains(chunk, tombstones());
}

// True for the caller that must store it; everybody else may rely on it from here on, because the
// session fails as a whole when storing it fails.
bool WriteSession::State::claim(const ChunkId& chunk) {
  if (repository.index().contains(chunk, tombstones())) return false;
  auto& shard = shard_of(chunk);
  const std::lock_guard lock(shard.mutex);
  return shard.ids.insert(chunk).second;
}

bool WriteSession::State::store(const ChunkId& chunk, std::span<const std::uint8_t> plain,
                                ChunkKind kind, std::vector<ChunkId> bases,
                                std::shared_ptr<PatchLuck> luck) {
  if (!claim(chunk)) {
    ++reused_chunks;
    return false;
  }
  store_claimed(chunk, plain, kind, std::move(bases), std::move(luck));
  return true;
}

void WriteSession::State::store_claimed(const ChunkId& chunk, std::span<const std::uint8_t> plain,
                                        ChunkKind kind, std::vector<ChunkId> bases,
                                        std::shared_ptr<PatchLuck> luck) {
  ++new_chunks;
  new_bytes += plain.size();
  if (plain.size() >= kAtOnce && threads_ > 1 && new_bytes > kQuietBytes &&
      enqueue(chunk, plain, kind, bases, luck))
    return;
  process_here(chunk, plain, kind, bases, luck.get());
}

void WriteSession::State::process_here(const ChunkId& chunk, std::span<const std::uint8_t> plain,
                                       ChunkKind kind, const std::vector<ChunkId>& bases,
                                       PatchLuck* luck) {
  std::unique_ptr<FrameEncoder> encoder;
  {
    const std::lock_guard lock(encoders_mutex_);
    if (!idle_encoders_.empty()) {
      encoder = std::move(idle_encoders_.back());
      idle_encoders_.pop_back();
    }
  }
  const auto& config = repository.config();
  if (!encoder) encoder = std::make_unique<FrameEncoder>(config.compression_level, config.features);
  try {
    process(*encoder, chunk, plain, kind, bases, luck);
  } catch (...) {
    fail(std::current_exception());
    const std::lock_guard lock(problem_mutex_);
    problem_ = nullptr;  // it is told here
    throw;
  }
  const std::lock_guard lock(encoders_mutex_);
  idle_encoders_.push_back(std::move(encoder));
}

bool WriteSession::State::enqueue(const ChunkId& chunk, std::span<const std::uint8_t> plain,
                                  ChunkKind kind, std::vector<ChunkId>& bases,
                                  std::shared_ptr<PatchLuck>& luck) {
  std::vector<std::uint8_t> buffer;
  {
    // As many threads compress as there are processors: whoever waits here takes nothing from them.
    const auto limit = std::max(kWaitingBytes * threads_, kWaitingLeast);
    std::unique_lock lock(jobs_mutex_);
    room_.wait(lock,
               [&] { return ending_ || jobs_bytes_ == 0 || jobs_bytes_ + plain.size() <= limit; });
    if (ending_) return false;
    jobs_bytes_ += plain.size();
    if (!spare_buffers_.empty()) {
      buffer = std::move(spare_buffers_.back());
      spare_buffers_.pop_back();
    }
    if (workers_.empty())
      for (unsigned i = 0; i < threads_; ++i) workers_.emplace_back([this] { work_loop(); });
  }
  buffer.assign(plain.begin(), plain.end());
  {
    const std::lock_guard lock(jobs_mutex_);
    jobs_.push_back({chunk, std::move(buffer), kind, std::move(bases), std::move(luck)});
  }
  jobs_changed_.notify_one();
  return true;
}

void WriteSession::State::work_loop() {
  const auto& config = repository.config();
  FrameEncoder encoder(config.compression_level, config.features);
  std::unique_lock lock(jobs_mutex_);
  while (true) {
    jobs_changed_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
    if (ending_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    ++busy_;
    lock.unlock();
    try {
      if (!failed_) process(encoder, job.id, job.plain, job.kind, job.bases, job.luck.get());
    } catch (...) {
      fail(std::current_exception());
    }
    const auto size = job.plain.size();
    lock.lock();
    if (spare_buffers_.size() < kSpareBuffers) spare_buffers_.push_back(std::move(job.plain));
    jobs_bytes_ -= size;
    --busy_;
    room_.notify_all();
    if (jobs_.empty() && busy_ == 0) jobs_changed_.notify_all();
  }
}

void WriteSession::State::wait_for_workers() {
  std::unique_lock lock(jobs_mutex_);
  jobs_changed_.wait(lock, [&] { return jobs_bytes_ == 0 || workers_.empty(); });
}

void WriteSession::State::process(FrameEncoder& encoder, const ChunkId& chunk,
                                  std::span<const std::uint8_t> plain, ChunkKind kind,
                                  const std::vector<ChunkId>& bases, PatchLuck* luck) {
  PatchBase base;
  if (repository.config().features.patches && !bases.empty() &&
      (luck == nullptr || luck->worth_trying())) {
    try {
      for (const auto& candidate : bases) {
        // What a prune may remove is no base.
        const auto copies = repository.index().sound_copies(candidate, tombstones());
        if (copies.empty() || copies.front().depth >= kMaximumPatchDepth) continue;
        const auto stored = repository.chunk(candidate);
        base.chunks.push_back(candidate);
        base.bytes.insert(base.bytes.end(), stored->bytes.begin(), stored->bytes.end());
        base.depth = std::max(base.depth, copies.front().depth);
      }
    } catch (const base::Error&) {
      base = {};  // damaged: the new chunk is stored whole
    }
  }
  const bool try_patch = !base.bytes.empty() && base.bytes.size() <= kMaximumPatchBytes;
  const auto frame = encoder.encode(plain, try_patch ? &base : nullptr);
  if (luck != nullptr && try_patch)
    ++(frame.method.starts_with("patch ") ? luck->hits : luck->misses);
  packs_queue_.append(chunk, frame.bytes, static_cast<std::uint32_t>(plain.size()), kind,
                      frame.method);
  stored_bytes += frame.bytes.size();
}

// The same chunks in the same order would make a pack of the same name, and the damaged one keep
// it: a few bytes of its own make every pack new while damage is known.
void WriteSession::State::make_unlike(PackWriter& pack) {
  if (!repository.index().knows_damage()) return;
  const auto text = base::format("session {} pack {}\n", id.to_string(), packs.load());
  const std::span plain(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  FrameEncoder encoder(1, repository.config().features);
  const auto frame = encoder.encode(plain, nullptr);  // the bytes are the encoder's
  pack.append({hash::sha256(text)}, frame.bytes, static_cast<std::uint32_t>(text.size()),
              ChunkKind::data, frame.method);
}

void WriteSession::State::on_sealed(SealedPack pack) {
  ++packs;
  bool publish = false;
  {
    const std::lock_guard lock(rows_mutex_);
    for (const auto& chunk : pack.chunks) rows_.push_back({chunk, pack.id});
    publish = rows_.size() >= kRowsPerSegment;
  }
  if (publish) publish_rows();
}

// The packs' names become durable before the index tells others of them.
void WriteSession::State::publish_rows() {
  const std::lock_guard publishing(publish_mutex_);
  std::vector<IndexRow> taken;
  {
    const std::lock_guard lock(rows_mutex_);
    taken.swap(rows_);
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

void WriteSession::State::flush() {
  wait_for_workers();
  require_usable();
  packs_queue_.flush();
  publish_rows();
}

}  // namespace provrun::store
