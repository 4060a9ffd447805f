#include "history.hpp"

#include <algorithm>
#include <tuple>

namespace provrun::lineage {

namespace {

template <typename Table, typename Find>
const typename Table::mapped_type& remember(Table& table, std::int64_t key, std::size_t most,
                                            const Find& find) {
  const auto known = table.find(key);
  if (known != table.end()) return known->second;
  auto value = find();
  if (table.size() >= most) table.clear();
  return table.emplace(key, std::move(value)).first->second;
}

}  // namespace

const ExecutionFacts& History::execution(ExecutionNumber number) {
  return remember(executions_, number.value, kRemembered,
                  [&] { return source_.execution(number); });
}

const VersionFacts& History::version(VersionNumber number) {
  return remember(versions_, number.value, kRemembered, [&] { return source_.version(number); });
}

bool History::is_before(const Moment& a, const Moment& b) {
  return std::tie(a.time, a.execution) < std::tie(b.time, b.execution);
}

History::Moment History::start_of(ExecutionNumber number) {
  return {execution(number).started, number};
}

// A clock that was set back must not let an execution end before it began.
History::Moment History::end_of(ExecutionNumber number) {
  const auto& facts = execution(number);
  return {std::max(facts.started, facts.ended), number};
}

const History::Moments& History::makers(VersionNumber version) {
  return remember(makers_, version.value, kRemembered, [&] {
    Moments moments;
    for (const auto& link : source_.generators(version)) {
      moments.push_back(end_of(link.execution));
      moments.back().evidence = link.evidence;
    }
    std::sort(moments.begin(), moments.end(), is_before);
    return moments;
  });
}

const History::Moments& History::users(VersionNumber version) {
  return remember(users_, version.value, kRemembered, [&] {
    Moments moments;
    for (const auto& link : source_.users(version)) {
      moments.push_back(start_of(link.execution));
      moments.back().evidence = link.evidence;
    }
    std::sort(moments.begin(), moments.end(), is_before);
    return moments;
  });
}

std::optional<ExecutionLink> History::maker(VersionNumber version, ExecutionNumber user) {
  const auto& all = makers(version);
  if (all.empty()) return std::nullopt;
  const auto later = std::lower_bound(all.begin(), all.end(), start_of(user), is_before);
  if (later == all.begin()) return std::nullopt;
  const auto& last = *std::prev(later);
  return ExecutionLink{last.execution, last.evidence};
}

std::optional<ExecutionLink> History::last_maker(VersionNumber version) {
  const auto& all = makers(version);
  if (all.empty()) return std::nullopt;
  return ExecutionLink{all.back().execution, all.back().evidence};
}

std::vector<ExecutionLink> History::uses(VersionNumber version, ExecutionNumber maker) {
  const auto& all = users(version);
  if (all.empty()) return {};
  const auto made = end_of(maker);
  const auto& rivals = makers(version);
  const auto next = std::upper_bound(rivals.begin(), rivals.end(), made, is_before);
  const auto first = std::upper_bound(all.begin(), all.end(), made, is_before);
  const auto last =
      next == rivals.end() ? all.end() : std::upper_bound(all.begin(), all.end(), *next, is_before);
  std::vector<ExecutionLink> links;
  for (auto it = first; it < last; ++it) links.push_back({it->execution, it->evidence});
  return links;
}

}  // namespace provrun::lineage
