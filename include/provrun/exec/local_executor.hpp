#pragma once

#include <memory>
#include <string>

#include "provrun/core/ports/executor.hpp"
#include "provrun/trace/file_contents.hpp"

namespace provrun::exec {

/// Runs jobs as processes of this machine, each in its own process group, its output in a log file
/// of log_directory, and observes them. A plain command is started without a shell. After a job's
/// first process has ended the job has ended; what it left in the background is killed, unless it
/// has the caller's streams.
class LocalExecutor : public core::Executor {
 public:
  /// contents: what is known of files; any thread will ask it. Without: files are read each time.
  LocalExecutor(std::string log_directory, trace::FileContents& contents);
  explicit LocalExecutor(std::string log_directory);
  ~LocalExecutor() override;

  void start(core::Job job) override;
  std::vector<core::JobResult> wait(std::chrono::nanoseconds at_most) override;
  void stop(core::Stop how) override;
  /// Makes wait return early. Safe in a signal handler.
  void wake() noexcept;

 private:
  struct State;
  std::unique_ptr<trace::FileContents> own_contents_;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::exec
