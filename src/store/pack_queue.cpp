#include "pack_queue.hpp"

#include <algorithm>
#include <utility>

namespace provrun::store {

namespace {

constexpr std::uint64_t kMixedPackSize = 4 << 20;  // a session smaller than this makes one pack
constexpr std::size_t kWaiting = 4;                // full packs, after which writers wait

}  // namespace

PackQueue::PackQueue(backend::Backend& backend, const RepositoryConfig& config, base::Uuid session,
                     unsigned writers, BeforeSeal before_seal, OnSealed on_sealed)
    : backend_(backend),
      config_(config),
      session_(session),
      before_seal_(std::move(before_seal)),
      on_sealed_(std::move(on_sealed)) {
  for (unsigned i = 0; i < std::clamp(writers, 1U, 4U); ++i)
    data_.push_back(std::make_unique<OpenPack>());
}

PackQueue::~PackQueue() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    full_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// The first pack while it is free, so that neighbours lie together; another one only when many
// write.
PackQueue::OpenPack& PackQueue::choose_data_pack(std::unique_lock<std::mutex>& lock) {
  if (data_bytes_ >= kMixedPackSize)
    for (auto& open : data_) {
      lock = std::unique_lock(open->mutex, std::try_to_lock);
      if (lock.owns_lock()) return *open;
    }
  lock = std::unique_lock(data_.front()->mutex);
  return *data_.front();
}

void PackQueue::append(const ChunkId& id, std::span<const std::uint8_t> frame,
                       std::uint32_t plain_length, ChunkKind kind, std::string_view method) {
  const bool data = kind == ChunkKind::data;
  std::unique_ptr<PackWriter> full;
  {
    std::unique_lock<std::mutex> lock;
    auto& open = data ? choose_data_pack(lock) : tree_;
    if (!data) lock = std::unique_lock(tree_.mutex);
    if (!open.pack) open.pack = std::make_unique<PackWriter>(backend_, session_);
    open.pack->append(id, frame, plain_length, kind, method);
    if (open.pack->size() >= (data ? config_.pack_size : config_.tree_pack_size))
      full = std::move(open.pack);
  }
  if (data) data_bytes_ += frame.size();
  if (full) hand_over(std::move(full));
}

void PackQueue::hand_over(std::unique_ptr<PackWriter> pack) {
  std::unique_lock lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { seal_loop(); });
  changed_.wait(lock, [&] { return full_.size() < kWaiting || problem_; });
  if (problem_) std::rethrow_exception(problem_);
  full_.push_back(std::move(pack));
  changed_.notify_all();
}

void PackQueue::seal(PackWriter& pack) {
  before_seal_(pack);
  on_sealed_(pack.seal());
}

void PackQueue::seal_loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ending_ || !full_.empty(); });
    if (ending_) return;
    auto pack = std::move(full_.front());
    full_.pop_front();
    sealing_ = true;
    changed_.notify_all();
    lock.unlock();
    std::exception_ptr problem;
    try {
      seal(*pack);
      pack.reset();
    } catch (...) {
      problem = std::current_exception();
    }
    lock.lock();
    sealing_ = false;
    if (problem) {
      problem_ = problem;
      full_.clear();
    }
    changed_.notify_all();
  }
}

void PackQueue::flush() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return (full_.empty() && !sealing_) || problem_; });
    if (problem_) std::rethrow_exception(problem_);
  }
  auto& first = data_.front()->pack;
  if (first && tree_.pack && tree_.pack->in_memory() &&
      first->size() + tree_.pack->size() < kMixedPackSize) {
    first->absorb(*tree_.pack);
    tree_.pack.reset();
  }
  const auto end = [&](std::unique_ptr<PackWriter>& pack) {
    if (pack) seal(*pack);
    pack.reset();
  };
  for (auto& open : data_) end(open->pack);
  end(tree_.pack);
}

}  // namespace provrun::store
