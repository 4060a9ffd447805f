#include "provrun/lineage/run_diff.hpp"

#include <algorithm>
#include <map>

namespace provrun::lineage {

namespace {

using Artifacts = std::map<std::string_view, const core::Artifact*>;
using Steps = std::map<std::string_view, const core::Execution*>;

void add(Artifacts& artifacts, const std::vector<core::Artifact>& list) {
  for (const auto& artifact : list) artifacts.emplace(artifact.path, &artifact);
}

// Calls sink(name, before, after) for each name of either map, in order; what is missing is null.
template <typename Map, typename Sink>
void for_each_pair(const Map& before, const Map& after, const Sink& sink) {
  auto a = before.begin();
  auto b = after.begin();
  while (a != before.end() || b != after.end()) {
    const bool has_a = a != before.end() && (b == after.end() || a->first <= b->first);
    const bool has_b = b != after.end() && (a == before.end() || b->first <= a->first);
    sink(has_a ? a->first : b->first, has_a ? a->second : nullptr, has_b ? b->second : nullptr);
    if (has_a) ++a;
    if (has_b) ++b;
  }
}

std::vector<OutputChange> diff_artifacts(const Artifacts& before, const Artifacts& after) {
  std::vector<OutputChange> changes;
  for_each_pair(before, after, [&](std::string_view path, const auto* a, const auto* b) {
    if (a != nullptr && b != nullptr && a->content == b->content) return;
    OutputChange change;
    change.path = path;
    if (a != nullptr) change.before = *a;
    if (b != nullptr) change.after = *b;
    change.presence = a == nullptr   ? Presence::added
                      : b == nullptr ? Presence::removed
                                     : Presence::changed;
    changes.push_back(std::move(change));
  });
  return changes;
}

std::vector<JsonChange> diff_keys(const core::Execution& before, const core::Execution& after) {
  std::vector<JsonChange> changes;
  if (!before.key.is_null() && !after.key.is_null()) changes = diff_json(before.key, after.key);
  const bool both_known = before.step_key != hash::Digest{} && after.step_key != hash::Digest{};
  if (changes.empty() && both_known && before.step_key != after.step_key)
    changes.push_back({"step_key", before.step_key.to_hex(), after.step_key.to_hex()});
  return changes;
}

// An entry that only names an execution says nothing about what that one made.
bool knows_outputs(const core::Execution& execution) {
  return execution.state != core::StepState::up_to_date || !execution.outputs.empty();
}

// Executed, reused and up to date are three ways to the same end.
core::StepState outcome(core::StepState state) {
  return state == core::StepState::failed || state == core::StepState::skipped
             ? state
             : core::StepState::executed;
}

StepChange diff_steps(const core::Execution& before, const core::Execution& after) {
  StepChange change;
  change.key = diff_keys(before, after);
  if (knows_outputs(before) && knows_outputs(after)) {
    Artifacts old_outputs;
    Artifacts new_outputs;
    add(old_outputs, before.outputs);
    add(new_outputs, after.outputs);
    change.outputs = diff_artifacts(old_outputs, new_outputs);
  }
  return change;
}

Steps steps_of(const RecordedRun& run) {
  Steps steps;
  for (const auto& execution : run.executions) steps.emplace(execution.step, &execution);
  return steps;
}

Artifacts configuration_of(const core::RunRecord& record) {
  Artifacts artifacts;
  if (record.pipeline) artifacts.emplace(record.pipeline->path, &*record.pipeline);
  add(artifacts, record.configuration);
  return artifacts;
}

}  // namespace

std::string_view name_of(Presence presence) {
  switch (presence) {
    case Presence::added:
      return "added";
    case Presence::removed:
      return "removed";
    case Presence::changed:
      return "changed";
  }
  return {};
}

bool RunDiff::same_results() const {
  return std::all_of(steps.begin(), steps.end(), [](const StepChange& step) {
    return step.presence == Presence::changed && step.outputs.empty();
  });
}

RunDiff diff_runs(const RecordedRun& before, const RecordedRun& after) {
  RunDiff diff;
  diff.parameters = diff_json(before.record.parameters, after.record.parameters);
  diff.environment = diff_json(before.record.environment, after.record.environment);
  diff.git = diff_json(before.record.git, after.record.git);
  diff.configuration =
      diff_artifacts(configuration_of(before.record), configuration_of(after.record));
  for_each_pair(steps_of(before), steps_of(after),
                [&](std::string_view step, const auto* a, const auto* b) {
                  StepChange change;
                  if (a == nullptr) {
                    change.presence = Presence::added;
                  } else if (b == nullptr) {
                    change.presence = Presence::removed;
                  } else {
                    change = diff_steps(*a, *b);
                    if (change.key.empty() && change.outputs.empty() &&
                        outcome(a->state) == outcome(b->state)) {
                      ++diff.steps_equal;
                      return;
                    }
                  }
                  change.step = step;
                  if (a != nullptr) change.state_before = a->state;
                  if (b != nullptr) change.state_after = b->state;
                  diff.steps.push_back(std::move(change));
                });
  return diff;
}

}  // namespace provrun::lineage
