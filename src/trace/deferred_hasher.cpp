#include "provrun/trace/deferred_hasher.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace provrun::trace {

class DeferredHasher::Pending {
 public:
  enum class Stage { waiting, running, done };
  std::string path;
  os::FileStat stat;
  Stage stage = Stage::waiting;  // guarded by State::mutex, as is content
  std::optional<core::ContentId> content;
};

struct DeferredHasher::State {
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable done;
  std::deque<std::shared_ptr<Pending>> queue;
  std::multimap<Key, std::shared_ptr<Pending>> open;  // not done yet
  bool stopping = false;
  std::thread thread;

  void complete(std::unique_lock<std::mutex>& lock, FileContents& contents,
                const std::shared_ptr<Pending>& pending) {
    pending->stage = Pending::Stage::running;
    lock.unlock();
    auto content = contents.known(pending->stat);
    if (!content) content = contents.read(pending->path, pending->stat);
    lock.lock();
    pending->content = content;
    pending->stage = Pending::Stage::done;
    const auto range = open.equal_range({pending->stat.device, pending->stat.inode});
    for (auto it = range.first; it != range.second; ++it)
      if (it->second == pending) {
        open.erase(it);
        break;
      }
    done.notify_all();
  }

  void run(FileContents& contents) {
    std::unique_lock lock(mutex);
    while (true) {
      work.wait(lock, [&] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      const auto next = queue.front();
      queue.pop_front();
      if (next->stage == Pending::Stage::waiting) complete(lock, contents, next);
      if (!queue.empty()) continue;
      lock.unlock();
      contents.rest();
      lock.lock();
    }
  }
};

DeferredHasher::DeferredHasher(FileContents& contents)
    : contents_(contents), state_(std::make_unique<State>()) {}

DeferredHasher::~DeferredHasher() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->queue.clear();
  }
  state_->work.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

std::shared_ptr<DeferredHasher::Pending> DeferredHasher::later(const std::string& path,
                                                               const os::FileStat& stat) {
  auto pending = std::make_shared<Pending>();
  pending->path = path;
  pending->stat = stat;
  const std::lock_guard lock(state_->mutex);
  // A run that reads nothing new needs no thread.
  if (!state_->thread.joinable()) state_->thread = std::thread([this] { state_->run(contents_); });
  state_->open.emplace(State::Key{stat.device, stat.inode}, pending);
  state_->queue.push_back(pending);
  if (state_->queue.size() == 1) state_->work.notify_one();
  return pending;
}

std::optional<core::ContentId> DeferredHasher::wait(const std::shared_ptr<Pending>& pending) {
  std::unique_lock lock(state_->mutex);
  if (pending->stage == Pending::Stage::waiting) state_->complete(lock, contents_, pending);
  state_->done.wait(lock, [&] { return pending->stage == Pending::Stage::done; });
  return pending->content;
}

void DeferredHasher::settle(std::uint64_t device, std::uint64_t inode) {
  std::vector<std::shared_ptr<Pending>> pending;
  {
    const std::lock_guard lock(state_->mutex);
    const auto range = state_->open.equal_range({device, inode});
    for (auto it = range.first; it != range.second; ++it) pending.push_back(it->second);
  }
  for (const auto& one : pending) wait(one);
}

}  // namespace provrun::trace
