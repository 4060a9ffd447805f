#include "storing_thread.hpp"

#include <algorithm>
#include <span>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"
#include "secret_in_file.hpp"

namespace provrun::app {

namespace {

// Read once, for the screen and for the session. A larger file is read twice.
constexpr std::uint64_t kWholeFile = 1U << 20U;

}  // namespace

StoringThread::StoringThread(store::WriteSession& session, const policy::FileScreen* screen)
    : session_(session), screen_(screen), thread_([this] { work(); }) {}

StoringThread::~StoringThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    tasks_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

void StoringThread::store(std::string path, const core::ContentId& expected, For secrets) {
  if (asked_.insert(expected).second) add({std::move(path), expected, secrets, true, true});
}

void StoringThread::try_store(std::string path, const core::ContentId& expected, For secrets) {
  // Not among those asked for: who must have the content asks again, from a place that has it.
  add({std::move(path), expected, secrets, false, true});
}

void StoringThread::look(std::string path, const core::ContentId& expected, For secrets) {
  if (screen_ != nullptr && screen_->looks_for(secrets))
    add({std::move(path), expected, secrets, false, false});
}

void StoringThread::add(Task task) {
  bool was_idle = false;
  {
    const std::lock_guard lock(mutex_);
    was_idle = tasks_.empty() && !busy_;
    tasks_.push_back(std::move(task));
  }
  if (was_idle) changed_.notify_all();
}

void StoringThread::check() {
  const std::lock_guard lock(mutex_);
  if (problem_) std::rethrow_exception(problem_);
}

void StoringThread::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return (tasks_.empty() && !busy_) || problem_; });
  if (problem_) std::rethrow_exception(problem_);
}

std::optional<store::FileContent> StoringThread::find(const core::ContentId& content) const {
  const std::lock_guard lock(mutex_);
  const auto found = stored_.find(content);
  if (found == stored_.end()) return std::nullopt;
  return found->second;
}

std::unordered_map<core::ContentId, policy::FoundSecret> StoringThread::withheld() const {
  const std::lock_guard lock(mutex_);
  return withheld_;
}

std::optional<policy::FoundSecret> StoringThread::put(const Task& task,
                                                      store::FileContent& content) {
  if (screen_ == nullptr || !screen_->looks_for(task.secrets)) {
    content = session_.put_file(task.path);
    return std::nullopt;
  }
  const auto file = os::open_for_reading(task.path);
  std::string bytes(std::min(os::stat_of(file, task.path).size, kWholeFile) + 1, '\0');
  std::size_t filled = 0;
  for (std::size_t n = 1; n > 0 && filled < bytes.size(); filled += n)
    n = os::read_some(
        file,
        std::span(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()).subspan(filled),
        task.path);
  if (filled < bytes.size()) {
    bytes.resize(filled);
    if (auto found = screen_->find(bytes, task.secrets)) return found;
    content = session_.put_bytes(bytes);
    return std::nullopt;
  }
  if (auto found = secret_in_file(*screen_, task.secrets, task.path)) return found;
  content = session_.put_file(task.path);
  return std::nullopt;
}

void StoringThread::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ending_ || !tasks_.empty(); });
    if (ending_) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    busy_ = true;
    lock.unlock();
    std::exception_ptr problem;
    store::FileContent content;
    std::optional<policy::FoundSecret> found;
    hash::Sha256 looked_at;
    try {
      found = task.keep ? put(task, content)
                        : secret_in_file(*screen_, task.secrets, task.path, &looked_at);
      if (task.keep && !found && content.id != task.expected)
        throw base::Error(base::ErrorCode::conflict, base::format("{} changed before it was stored",
                                                                  base::printable(task.path)))
            .hint("nothing else may write the files of a step; see 'provrun help run'");
    } catch (const base::Error& error) {
      const bool of_the_file = error.code() == base::ErrorCode::conflict ||
                               error.code() == base::ErrorCode::not_found ||
                               error.code() == base::ErrorCode::refused;
      problem = std::current_exception();
      task.must |= !of_the_file;
    } catch (...) {
      problem = std::current_exception();
      task.must = true;
    }
    lock.lock();
    busy_ = false;
    if (problem && !problem_ && task.must) problem_ = problem;
    if (found)
      withheld_.emplace(task.expected, std::move(*found));
    else if (!problem && task.keep)
      stored_.emplace(task.expected, std::move(content));
    else if (!task.keep && looked_at.finish() == task.expected.digest)
      clean_.insert(task.expected);
    if (problem || tasks_.empty()) changed_.notify_all();
  }
}

}  // namespace provrun::app
