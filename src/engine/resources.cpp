#include "resources.hpp"

#include <algorithm>
#include <limits>

namespace provrun::engine {

namespace {

std::uint64_t amount_of(std::uint64_t amount, bool grows, std::uint32_t attempt) {
  if (!grows) return amount;
  if (amount > std::numeric_limits<std::uint64_t>::max() / attempt)
    return std::numeric_limits<std::uint64_t>::max();
  return amount * attempt;
}

// A shell tells of a signal that ended its last command by an exit code above this.
constexpr int kShellSignalBase = 128;
constexpr int kLastSignal = 64;

int signal_of(const core::Attempt& attempt) {
  if (attempt.signal != 0) return attempt.signal;
  const int number = attempt.exit_code - kShellSignalBase;
  return number >= 1 && number <= kLastSignal ? number : 0;
}

bool matches(const pipeline::RetryCause& cause, const core::Attempt& attempt) {
  using Kind = pipeline::RetryCause::Kind;
  switch (cause.kind) {
    case Kind::out_of_memory:
      return attempt.out_of_memory;
    case Kind::timeout:
      return attempt.timed_out;
    case Kind::output:
      return attempt.succeeded();
    case Kind::signal: {
      // A signal that we sent at a limit has its own cause.
      if (attempt.timed_out || attempt.out_of_memory) return false;
      const int number = signal_of(attempt);
      return number != 0 && (cause.value == 0 || cause.value == number);
    }
    case Kind::exit:
      if (attempt.timed_out || attempt.out_of_memory || attempt.signal != 0) return false;
      return attempt.exit_code != 0 && (cause.value == 0 || cause.value == attempt.exit_code);
  }
  return false;
}

}  // namespace

std::optional<std::chrono::nanoseconds> time_limit_of(const pipeline::Resources& resources,
                                                      std::uint32_t attempt) {
  if (!resources.time_limit) return std::nullopt;
  constexpr auto most = std::chrono::nanoseconds::max() / 4;
  const auto limit = std::min(*resources.time_limit, most);
  if (!resources.time_limit_grows) return limit;
  return limit > most / attempt ? most : limit * attempt;
}

Scheduler::Demands demands_of(const pipeline::Resources& resources, std::uint32_t attempt) {
  Scheduler::Demands demands;
  demands.reserve(1 + resources.demands.size());
  demands.emplace_back("cpus", resources.cpus);
  for (const auto& demand : resources.demands)
    demands.emplace_back(demand.name, amount_of(demand.amount, demand.grows, attempt));
  return demands;
}

void add_resources(core::Job& job, const pipeline::Resources& resources, std::uint32_t attempt) {
  job.time_limit = time_limit_of(resources, attempt);
  job.environment.emplace_back("PROVRUN_ATTEMPT", std::to_string(attempt));
  job.environment.emplace_back("PROVRUN_CPUS", std::to_string(resources.cpus));
  for (const auto& demand : resources.demands) {
    if (demand.name != "memory") continue;
    job.memory_limit = amount_of(demand.amount, demand.grows, attempt);
    job.environment.emplace_back("PROVRUN_MEMORY_BYTES", std::to_string(*job.memory_limit));
  }
}

bool is_worth_a_retry(const pipeline::RetryPolicy& policy, const core::Attempt& attempt) {
  return policy.on.empty() ||
         std::any_of(policy.on.begin(), policy.on.end(),
                     [&](const auto& cause) { return matches(cause, attempt); });
}

}  // namespace provrun::engine
