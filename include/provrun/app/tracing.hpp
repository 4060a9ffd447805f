#pragma once

#include <functional>
#include <string>

#include "provrun/core/ports/executor.hpp"

namespace provrun::app {

/// How executions are to be observed.
struct Tracing {
  core::TraceMode mode = core::TraceMode::automatic;
  bool required = false;  ///< an execution that was not `traced` is a failure of the whole
};

/// Gives every job the trace mode that was asked for (a step's own `trace: off` stays) and notes
/// the first execution that was not traced. One thread.
class TracingExecutor : public core::Executor {
 public:
  TracingExecutor(core::Executor& executor, Tracing tracing)
      : executor_(executor), tracing_(tracing) {}

  void start(core::Job job) override;
  std::vector<core::JobResult> wait(std::chrono::nanoseconds at_most) override;
  void stop(core::Stop how) override { executor_.stop(how); }

  /// Why the requirement is not met; empty when it is, or there is none. name_of gives the step.
  std::string unmet(const std::function<std::string(std::uint32_t token)>& name_of) const;

 private:
  core::Executor& executor_;
  Tracing tracing_;
  bool untraced_ = false;
  std::uint32_t token_ = 0;
  std::string reason_;
};

}  // namespace provrun::app
