#pragma once

#include <memory>
#include <string>

#include "provrun/core/ports/executor.hpp"

namespace provrun::exec {

/// Runs jobs as processes of this machine, each in its own process group, its output in a log file
/// of log_directory. A plain command is started without a shell. After a job's first process has
/// ended the job has ended, whatever it left in the background.
class LocalExecutor : public core::Executor {
 public:
  explicit LocalExecutor(std::string log_directory);
  ~LocalExecutor() override;

  void start(core::Job job) override;
  std::vector<core::JobResult> wait(std::chrono::nanoseconds at_most) override;
  void stop(core::Stop how) override;
  /// Makes wait return early. Safe in a signal handler.
  void wake() noexcept;

 private:
  struct Running;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::exec
