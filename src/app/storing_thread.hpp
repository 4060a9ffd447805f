#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "provrun/core/content_id.hpp"
#include "provrun/policy/file_screen.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::app {

/// Puts files into a write session one after the other, beside the caller's own work. All functions
/// are for one thread, the caller's.
class StoringThread {
 public:
  /// A file in which screen finds a secret is not stored. screen must outlive it; nullptr: none is
  /// looked for.
  StoringThread(store::WriteSession& session, const policy::FileScreen* screen);
  /// What is still waiting is given up.
  ~StoringThread();
  StoringThread(const StoringThread&) = delete;
  StoringThread& operator=(const StoringThread&) = delete;

  using For = policy::FileScreen::For;
  /// Stores the file, which must have this content: one that has changed meanwhile is an error.
  void store(std::string path, const core::ContentId& expected, For secrets);
  /// The same for a file that others may change meanwhile or take away: find then has nothing.
  void try_store(std::string path, const core::ContentId& expected, For secrets);
  /// Only looks for secrets in a file that is not to be stored: withheld() tells of one, and
  /// found_clean() when there was none.
  void look(std::string path, const core::ContentId& expected, For secrets);
  /// True when store was called for the content.
  bool knows(const core::ContentId& content) const { return asked_.contains(content); }
  /// Throws what went wrong so far.
  void check();
  /// Waits until all is stored; throws what went wrong.
  void finish();
  /// The contents that were not stored since a secret is in them.
  std::unordered_map<core::ContentId, policy::FoundSecret> withheld() const;
  /// Whether look() went through all of the content; call after finish.
  bool found_clean(const core::ContentId& content) const { return clean_.contains(content); }
  /// Where a stored content lies; call after finish.
  std::optional<store::FileContent> find(const core::ContentId& content) const;

 private:
  struct Task {
    std::string path;
    core::ContentId expected;
    For secrets = For::all;
    bool must = true;
    bool keep = true;  // else it is only looked through for secrets
  };
  void add(Task task);
  void work();
  std::optional<policy::FoundSecret> put(const Task& task, store::FileContent& content);

  store::WriteSession& session_;
  const policy::FileScreen* screen_;
  std::unordered_set<core::ContentId> asked_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool busy_ = false;
  bool ending_ = false;
  std::exception_ptr problem_;
  std::unordered_map<core::ContentId, store::FileContent> stored_;
  std::unordered_map<core::ContentId, policy::FoundSecret> withheld_;
  std::unordered_set<core::ContentId> clean_;
  std::thread thread_;
};

}  // namespace provrun::app
