#include "provrun/app/tracing.hpp"

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::app {

void TracingExecutor::start(core::Job job) {
  if (job.trace == core::TraceMode::automatic) job.trace = tracing_.mode;
  executor_.start(std::move(job));
}

std::vector<core::JobResult> TracingExecutor::wait(std::chrono::nanoseconds at_most) {
  auto results = executor_.wait(at_most);
  for (const auto& result : results) {
    const auto& seen = result.observation;
    if (untraced_ || seen.grade == core::Grade::traced || !result.attempt.start_error.empty())
      continue;
    untraced_ = true;
    token_ = result.token;
    reason_ = base::format("{} only ({})", core::name_of(seen.grade),
                           seen.reason.empty() ? "it was not observed" : seen.reason);
  }
  return results;
}

std::string TracingExecutor::unmet(const std::function<std::string(std::uint32_t)>& name_of) const {
  if (!tracing_.required || !untraced_) return {};
  return base::format("--require traced is not met: {} is {}", base::printable(name_of(token_)),
                      reason_);
}

}  // namespace provrun::app
