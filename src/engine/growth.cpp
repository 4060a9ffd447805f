#include "provrun/engine/growth.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"

namespace provrun::engine {

using pipeline::index_of;
using pipeline::InstanceId;
using pipeline::StepId;

Growth::Growth(pipeline::Graph& graph, Services services)
    : graph_(graph), services_(std::move(services)), selection_(services_.select()) {}

bool Growth::awaits_step(StepId step) const {
  return std::any_of(selection_.deferred.begin(), selection_.deferred.end(), [&](StepId open) {
    const auto awaited = graph_.awaited(open);
    return std::find(awaited.begin(), awaited.end(), step) != awaited.end();
  });
}

std::string Growth::awaits(StepId open) const {
  const auto awaited = graph_.awaited(open);
  // The one that others do not stand before: of a chain the first.
  for (const auto step : awaited)
    if (!graph_.is_deferred(step)) return graph_.workflow().step(step).name;
  return graph_.workflow().step(awaited.front()).name;
}

std::vector<InstanceId> Growth::ended(InstanceId id, const std::vector<core::Artifact>& outputs) {
  if (selection_.deferred.empty()) return {};
  const auto step = graph_.step_id(id);
  const auto discoveries = graph_.discoveries(id);
  if (discoveries.empty() || discoveries.front().known || found_.contains(id) || !awaits_step(step))
    return {};
  auto& found = found_[id];
  for (const auto& discovery : discoveries) {
    auto& one = found.emplace_back(pipeline::Discovered{id, discovery.output, {}});
    for (const auto& output : outputs)
      if (discovery.pattern.match(output.path)) one.files.push_back(output.path);
    std::sort(one.files.begin(), one.files.end());
  }
  if (++ended_[step] < graph_.instances_of(step).size()) return {};
  std::vector<pipeline::Discovered> all;
  for (const auto instance : graph_.instances_of(step)) {
    auto& theirs = found_.at(instance);
    std::move(theirs.begin(), theirs.end(), std::back_inserter(all));
    found_.erase(instance);
  }
  const auto deferred_before = selection_.deferred;
  try {
    pipeline::grow(graph_, all, services_.wanted);
    return join();
  } catch (const base::Error&) {
    // Which of them is to blame, the message says. What they wait for is here, so they never come.
    failed_.clear();
    for (const auto open : deferred_before) {
      const auto awaited = graph_.awaited(open);
      if (std::find(awaited.begin(), awaited.end(), step) != awaited.end()) failed_.push_back(open);
    }
    std::erase_if(selection_.deferred, [&](StepId open) {
      return std::find(failed_.begin(), failed_.end(), open) != failed_.end();
    });
    throw;
  }
}

std::vector<InstanceId> Growth::join() {
  auto now = services_.select();
  std::vector<bool> known(graph_.instance_count());
  for (const auto id : selection_.instances) known[index_of(id)] = true;
  std::vector<InstanceId> fresh;
  for (const auto id : now.instances)
    if (!known[index_of(id)]) fresh.push_back(id);
  if (services_.check) services_.check(fresh);
  selection_.instances.insert(selection_.instances.end(), fresh.begin(), fresh.end());
  selection_.deferred = std::move(now.deferred);
  return fresh;
}

}  // namespace provrun::engine
