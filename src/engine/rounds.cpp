#include "provrun/engine/rounds.hpp"

#include <algorithm>

#include "provrun/base/format.hpp"

namespace provrun::engine {

namespace {

bool has_put_there(const core::Access& access) {
  return access.uses.has(core::Use::write) || access.uses.has(core::Use::create) ||
         access.uses.has(core::Use::remove);
}

void join_access(core::Access& whole, core::Access&& part) {
  if (has_put_there(whole)) {
    whole.uses.add(part.uses);
    return;
  }
  if (part.content && !whole.content && whole.before == part.before) {
    whole.content = part.content;
    whole.size = part.size;
    whole.mode = part.mode;
    whole.mtime_ns = part.mtime_ns;
  } else if (part.content && whole.content && *part.content != *whole.content) {
    whole.changed = true;  // by somebody else, between two rounds
  }
  whole.changed = whole.changed || part.changed;
  whole.uses.add(part.uses);
}

}  // namespace

void join_observation(core::Observation& whole, core::Observation part) {
  if (part.grade > whole.grade) {
    whole.grade = part.grade;
    whole.reason = std::move(part.reason);
  }
  if (whole.mechanism.empty()) whole.mechanism = std::move(part.mechanism);
  std::vector<core::Access> joined;
  joined.reserve(std::max(whole.accesses.size(), part.accesses.size()));
  auto at = whole.accesses.begin();
  for (auto& access : part.accesses) {
    while (at != whole.accesses.end() && at->path < access.path) joined.push_back(std::move(*at++));
    if (at != whole.accesses.end() && at->path == access.path) {
      joined.push_back(std::move(*at++));
      join_access(joined.back(), std::move(access));
    } else {
      joined.push_back(std::move(access));
    }
  }
  std::move(at, whole.accesses.end(), std::back_inserter(joined));
  whole.accesses = std::move(joined);
  const auto before = static_cast<std::uint32_t>(whole.processes.size());
  for (auto& process : part.processes) {
    process.id += before;
    if (process.parent != 0) process.parent += before;
    whole.processes.push_back(std::move(process));
  }
  std::vector<std::string> network;
  std::set_union(whole.network.begin(), whole.network.end(), part.network.begin(),
                 part.network.end(), std::back_inserter(network));
  whole.network = std::move(network);
}

core::Round& add_round(Rounds& rounds, core::JobResult& result, std::uint32_t attempt,
                       core::Execution& execution) {
  const auto& part = result.attempt;
  auto& round = execution.rounds.emplace_back();
  round.attempt = attempt;
  round.started = part.started;
  round.ended = part.ended;
  round.until = result.until;
  if (rounds.count++ == 0) {
    rounds.whole = part;
    rounds.observation = std::move(result.observation);
  } else {
    auto whole = part;
    whole.started = rounds.whole.started;
    whole.cpu_user_s += rounds.whole.cpu_user_s;
    whole.cpu_system_s += rounds.whole.cpu_system_s;
    whole.max_rss_bytes = std::max(whole.max_rss_bytes, rounds.whole.max_rss_bytes);
    whole.left_processes = whole.left_processes || rounds.whole.left_processes;
    rounds.whole = whole;
    join_observation(rounds.observation, std::move(result.observation));
  }
  return round;
}

Verdict judge_round(const pipeline::RepeatRule& rule, const Rounds& rounds,
                    const core::JobResult& result, std::string& failure) {
  if (!result.until || !result.attempt.succeeded()) return Verdict::failed;
  if (*result.until == 0) return Verdict::done;
  if (*result.until != 1) {
    failure = base::format(
        "could not tell whether it is done: its 'until' failed with exit code {}", *result.until);
    return Verdict::failed;
  }
  if (rounds.count < rule.max) return Verdict::again;
  failure = base::format("is not done after {} round{}, the most that 'repeat' allows",
                         rounds.count, rounds.count == 1 ? "" : "s");
  return Verdict::failed;
}

}  // namespace provrun::engine
