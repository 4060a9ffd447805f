#include "storing_thread.hpp"

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::app {

StoringThread::StoringThread(store::WriteSession& session)
    : session_(session), thread_([this] { work(); }) {}

StoringThread::~StoringThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    tasks_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

void StoringThread::store(std::string path, const core::ContentId& expected) {
  if (asked_.insert(expected).second) add({std::move(path), expected, true});
}

void StoringThread::try_store(std::string path, const core::ContentId& expected) {
  // Not among those asked for: who must have the content asks again, from a place that has it.
  add({std::move(path), expected, false});
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
    try {
      content = session_.put_file(task.path);
      if (content.id != task.expected)
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
    if (!problem) stored_.emplace(task.expected, std::move(content));
    if (problem || tasks_.empty()) changed_.notify_all();
  }
}

}  // namespace provrun::app
