#include "selection.hpp"

#include <algorithm>
#include <utility>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::pipeline {

namespace {

struct Meant {
  std::vector<InstanceId> instances;
  std::vector<StepId> deferred;
  bool empty() const { return instances.empty() && deferred.empty(); }
};

// What a word names, not counting entries of `targets`; nullopt if it names nothing.
std::optional<Meant> resolve(const Graph& graph, std::string_view word) {
  Meant found;
  const auto defer = [&](StepId step) { found.deferred.push_back(step); };
  if (const auto step = graph.workflow().find_step(word)) {
    if (graph.is_deferred(*step)) {
      defer(*step);
      return found;
    }
    const auto instances = graph.instances_of(*step);
    found.instances.assign(instances.begin(), instances.end());
    return found;
  }
  if (const auto instance = graph.find_instance(word)) {
    found.instances.push_back(*instance);
    return found;
  }
  if (const auto at = word.find('@'); at != std::string_view::npos)
    if (const auto step = graph.workflow().find_step(word.substr(0, at));
        step && graph.is_deferred(*step)) {
      defer(*step);
      return found;
    }
  if (const auto maker = graph.maker(word)) {
    found.instances.push_back(*maker);
    return found;
  }
  found.deferred = graph.deferred_makers(word);
  if (!found.deferred.empty() || graph.find_path(word)) return found;
  return std::nullopt;
}

std::string nearest_target(const Graph& graph, std::string_view word, bool with_targets) {
  std::vector<std::string> candidates;
  if (with_targets)
    for (const auto& target : graph.workflow().targets()) candidates.push_back(target.name);
  for (const auto& step : graph.workflow().steps()) candidates.push_back(step.name);
  if (word.find('@') != std::string_view::npos)
    for (std::size_t i = 0; i < graph.instance_count(); ++i)
      candidates.emplace_back(graph.name(Graph::instance(i)));
  const auto near = graph.nearest_path(word, candidates);
  return near ? "did you mean '" + base::printable(*near) + "'?"
              : std::string("'provrun plan' lists the steps, 'provrun graph' their files");
}

struct Needed {
  std::vector<std::uint8_t> instances;
  std::vector<std::uint8_t> deferred;  // per step

  explicit Needed(const Graph& graph)
      : instances(graph.instance_count(), 0), deferred(graph.workflow().steps().size(), 0) {}
};

// What is known of what deferred steps will need.
void mark_deferred(const Graph& graph, const std::vector<StepId>& steps, Needed& needed) {
  auto open = steps;
  while (!open.empty()) {
    const auto id = open.back();
    open.pop_back();
    if (std::exchange(needed.deferred[index_of(id)], std::uint8_t{1}) != 0) continue;
    for (const auto instance : graph.known_needs(id)) needed.instances[index_of(instance)] = 1;
    const auto add = [&](StepId other) {
      if (graph.is_deferred(other)) open.push_back(other);
    };
    for (const auto other : graph.awaited(id)) add(other);
    for (const auto other : graph.waits_for(id)) add(other);
  }
}

// Marks the instances and all they depend on.
void mark_needed(const Graph& graph, std::vector<std::uint8_t>& needed) {
  for (std::size_t i = graph.instance_count(); i-- > 0;)
    if (needed[i] != 0)
      for (const auto before : graph.predecessors(Graph::instance(i))) needed[index_of(before)] = 1;
}

Needed closure(const Graph& graph, std::span<const std::string> words) {
  Needed needed(graph);
  const auto targets = graph.workflow().targets();
  const auto add = [&](std::string_view word) {
    const auto found = resolve(graph, word);
    if (!found)
      throw base::Error(base::ErrorCode::not_found,
                        base::format("'{}' is no target, step, instance or file of the pipeline",
                                     base::printable(word)))
          .hint(nearest_target(graph, word, true));
    if (found->empty())
      if (const auto step = graph.workflow().find_step(word);
          step && graph.workflow().step(*step).pattern)
        throw base::Error(
            base::ErrorCode::not_found,
            base::format("nothing needs a file of step '{}', which makes them on demand",
                         base::printable(word)))
            .hint("name a file that it makes");
    for (const auto id : found->instances) needed.instances[index_of(id)] = 1;
    mark_deferred(graph, found->deferred, needed);
  };
  for (const auto& word : words) {
    const auto target = std::find_if(targets.begin(), targets.end(),
                                     [&](const auto& entry) { return entry.name == word; });
    if (target == targets.end())
      add(word);
    else
      for (const auto& member : target->members) add(member);
  }
  mark_needed(graph, needed.instances);
  return needed;
}

// Which instances a known step has may depend on `when`, on tables and on overrides: such a member
// is an error only for who asks for the target.
bool names_instance_of_a_step(const Graph& graph, std::string_view member) {
  const auto at = member.find('@');
  return at != std::string_view::npos && graph.workflow().find_step(member.substr(0, at));
}

}  // namespace

void check_targets(const Graph& graph, Diagnostics& diagnostics) {
  for (const auto& target : graph.workflow().targets())
    for (std::size_t i = 0; i < target.members.size(); ++i)
      if (!names_instance_of_a_step(graph, target.members[i]) && !resolve(graph, target.members[i]))
        diagnostics.add(
            target.places[i],
            base::format("the target '{}' names '{}', which is no step, instance or file",
                         base::printable(target.name), base::printable(target.members[i])),
            nearest_target(graph, target.members[i], false));
}

Selection select(const Graph& graph, std::span<const std::string> targets,
                 std::span<const std::string> until) {
  const std::vector<std::string> default_target{"default"};
  const auto named = graph.workflow().targets();
  Needed needed(graph);
  if (!targets.empty())
    needed = closure(graph, targets);
  else if (std::any_of(named.begin(), named.end(),
                       [](const auto& entry) { return entry.name == "default"; }))
    needed = closure(graph, default_target);
  else
    for (auto* all : {&needed.instances, &needed.deferred}) all->assign(all->size(), 1);
  if (!until.empty()) {
    const auto last = closure(graph, until);
    const auto keep_common = [](auto& all, const auto& others) {
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = all[i] != 0 && others[i] != 0 ? 1 : 0;
    };
    keep_common(needed.instances, last.instances);
    keep_common(needed.deferred, last.deferred);
  }
  Selection selection;
  for (std::size_t i = 0; i < needed.instances.size(); ++i)
    if (needed.instances[i] != 0) selection.instances.push_back(Graph::instance(i));
  for (std::size_t i = 0; i < needed.deferred.size(); ++i) {
    const auto step = static_cast<StepId>(i);
    if (needed.deferred[i] != 0 && graph.is_deferred(step) && !graph.workflow().step(step).pattern)
      selection.deferred.push_back(step);
  }
  return selection;
}

}  // namespace provrun::pipeline
