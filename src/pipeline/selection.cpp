#include "selection.hpp"

#include <algorithm>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::pipeline {

namespace {

// The instances a word names, not counting entries of `targets`; nullopt if it names nothing.
std::optional<std::vector<InstanceId>> resolve(const Graph& graph, std::string_view word) {
  std::vector<InstanceId> found;
  if (const auto step = graph.workflow().find_step(word)) {
    const auto instances = graph.instances_of(*step);
    found.assign(instances.begin(), instances.end());
    return found;
  }
  if (const auto instance = graph.find_instance(word)) return std::vector{*instance};
  if (const auto path = graph.find_path(word)) {
    if (const auto maker = graph.maker(*path)) found.push_back(*maker);
    return found;
  }
  if (const auto maker = graph.maker(word)) return std::vector{*maker};
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

// Marks the instances and all they depend on.
void mark_needed(const Graph& graph, std::vector<std::uint8_t>& needed) {
  for (std::size_t i = graph.instance_count(); i-- > 0;)
    if (needed[i] != 0)
      for (const auto before : graph.predecessors(Graph::instance(i))) needed[index_of(before)] = 1;
}

std::vector<std::uint8_t> closure(const Graph& graph, std::span<const std::string> words) {
  std::vector<std::uint8_t> needed(graph.instance_count(), 0);
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
    for (const auto id : *found) needed[index_of(id)] = 1;
  };
  for (const auto& word : words) {
    const auto target = std::find_if(targets.begin(), targets.end(),
                                     [&](const auto& entry) { return entry.name == word; });
    if (target == targets.end())
      add(word);
    else
      for (const auto& member : target->members) add(member);
  }
  mark_needed(graph, needed);
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
  std::vector<std::uint8_t> needed;
  if (!targets.empty())
    needed = closure(graph, targets);
  else if (std::any_of(named.begin(), named.end(),
                       [](const auto& entry) { return entry.name == "default"; }))
    needed = closure(graph, default_target);
  else
    needed.assign(graph.instance_count(), 1);
  if (!until.empty()) {
    const auto last = closure(graph, until);
    for (std::size_t i = 0; i < needed.size(); ++i)
      needed[i] = needed[i] != 0 && last[i] != 0 ? 1 : 0;
  }
  Selection selection;
  for (std::size_t i = 0; i < needed.size(); ++i)
    if (needed[i] != 0) selection.instances.push_back(Graph::instance(i));
  return selection;
}

}  // namespace provrun::pipeline
