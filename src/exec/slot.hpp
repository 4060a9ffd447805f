#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "launcher_process.hpp"
#include "provrun/core/ports/executor.hpp"
#include "provrun/os/file.hpp"
#include "provrun/trace/announcements.hpp"
#include "provrun/trace/notify_listener.hpp"
#include "provrun/trace/recorders.hpp"
#include "spare_logs.hpp"

namespace provrun::exec {

/// A place where one job runs at a time: a launcher, and a thread that waits for what it starts and
/// observes it. Jobs of one slot share streams, trace mode and whether recipes are told apart, and
/// so its filter.
class Slot {
 public:
  using Done = std::function<void(Slot&, core::JobResult)>;
  enum class Recipes { ignored, told };
  /// What jobs of one slot have in common.
  struct Kind {
    core::Streams streams = core::Streams::captured;
    core::TraceMode mode = core::TraceMode::automatic;
    Recipes recipes = Recipes::ignored;
    bool operator==(const Kind&) const = default;
  };
  static Kind kind_of(const core::Job& job);

  /// done is called by the slot's thread.
  Slot(Kind kind, SpareLogs& logs, trace::DeferredHasher& hasher, Done done);
  ~Slot();

  const Kind& kind() const { return kind_; }
  /// False when its launcher is gone: it cannot be given another job.
  bool usable() const { return usable_; }
  void run(core::Job job);
  void stop(core::Stop how);

 private:
  struct Running;
  void serve();
  core::JobResult execute(core::Job job);
  void open_launcher();
  void observe(Running& running);
  bool start_next(Running& running);
  void wait_for_end(Running& running);
  void check_deadlines(Running& running);
  int milliseconds_left(const Running& running) const;
  std::string find_program(Running& running, const std::string& name);
  core::Observation observation_of(Running& running);
  const std::string& real_workspace(const std::string& workspace);

  Kind kind_;
  SpareLogs& logs_;
  trace::DeferredHasher& hasher_;
  Done done_;
  os::File wake_;
  os::File null_;
  std::atomic<int> stop_ = 0;  // 1: terminate, 2: kill
  std::atomic<bool> quit_ = false;
  std::atomic<bool> usable_ = true;
  std::atomic<bool> has_job_ = false;
  core::Job job_;  // handed over by has_job_
  // Of the thread alone.
  std::unique_ptr<LauncherProcess> launcher_;
  trace::NotifyListener listener_;
  std::unique_ptr<trace::Announcements> announcements_;  // of mechanism preload+notify
  std::string mechanism_;
  core::Grade grade_ = core::Grade::declared;
  std::string reason_;
  std::map<std::pair<std::string, std::string>, std::string> programs_;  // (PATH, name) → path
  std::string workspace_;
  std::string real_workspace_;  // of workspace_, without links
  std::thread thread_;
};

}  // namespace provrun::exec
