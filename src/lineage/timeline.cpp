#include "timeline.hpp"

namespace provrun::lineage {

const ExecutionFacts& Timeline::execution(ExecutionNumber number) {
  const auto found = executions_.find(number.value);
  if (found != executions_.end()) return found->second;
  return executions_.emplace(number.value, source_.execution(number)).first->second;
}

const VersionFacts& Timeline::version(VersionNumber number) {
  const auto found = versions_.find(number.value);
  if (found != versions_.end()) return found->second;
  return versions_.emplace(number.value, source_.version(number)).first->second;
}

bool Timeline::ended_later(ExecutionNumber a, ExecutionNumber b) {
  const auto ended_a = execution(a).ended;
  const auto ended_b = execution(b).ended;
  return ended_a != ended_b ? ended_a > ended_b : a > b;
}

std::optional<ExecutionLink> Timeline::generator_before(
    const std::vector<ExecutionLink>& generators, ExecutionNumber user) {
  std::optional<ExecutionLink> best;
  for (const auto& link : generators) {
    const auto ended = execution(link.execution).ended;
    const auto started = execution(user).started;
    if (ended > started || (ended == started && link.execution >= user) || link.execution == user)
      continue;
    if (!best || ended_later(link.execution, best->execution)) best = link;
  }
  return best;
}

std::optional<ExecutionLink> Timeline::last_generator(
    const std::vector<ExecutionLink>& generators) {
  std::optional<ExecutionLink> best;
  for (const auto& link : generators)
    if (!best || ended_later(link.execution, best->execution)) best = link;
  return best;
}

}  // namespace provrun::lineage
