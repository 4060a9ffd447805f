#include "provrun/lineage/run_diff.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string_view>

namespace provrun::lineage {

using codec::Json;
using core::Artifact;
using core::Execution;
using core::StepState;

namespace {

std::string member_path(const std::string& parent, std::string_view key) {
  const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  if (!plain) return parent + "[" + std::string(key) + "]";
  return parent.empty() ? std::string(key) : parent + "." + std::string(key);
}

/// The members' names when every element is an object with a different string under the key.
std::optional<std::vector<std::string_view>> names_in(const Json& array, std::string_view key) {
  std::vector<std::string_view> names;
  std::set<std::string_view> seen;
  for (const auto& element : array.as_array()) {
    const auto* name = element.find(key);
    if (name == nullptr || !name->is_string() || !seen.insert(name->as_string()).second)
      return std::nullopt;
    names.push_back(name->as_string());
  }
  return names;
}

class Differ {
 public:
  std::vector<JsonChange> changes;

  void compare(const std::string& path, const Json& before, const Json& after) {
    if (before == after) return;
    if (before.is_object() && after.is_object()) {
      compare_objects(path, before, after);
    } else if (before.is_array() && after.is_array()) {
      for (const auto* key : {"path", "name"})
        if (compare_named(path, before, after, key)) return;
      compare_positions(path, before, after);
    } else {
      changes.push_back({path, before, after});
    }
  }

 private:
  void compare_objects(const std::string& path, const Json& before, const Json& after) {
    for (const auto& [key, value] : before.as_object()) {
      const auto* other = after.find(key);
      compare(member_path(path, key), value, other != nullptr ? *other : Json());
    }
    for (const auto& [key, value] : after.as_object())
      if (before.find(key) == nullptr) changes.push_back({member_path(path, key), Json(), value});
  }

  bool compare_named(const std::string& path, const Json& before, const Json& after,
                     std::string_view key) {
    const auto names_before = names_in(before, key);
    const auto names_after = names_in(after, key);
    if (!names_before || !names_after) return false;
    std::map<std::string_view, const Json*> in_after;
    for (std::size_t i = 0; i < names_after->size(); ++i)
      in_after[(*names_after)[i]] = &after.as_array()[i];
    for (std::size_t i = 0; i < names_before->size(); ++i) {
      const auto name = (*names_before)[i];
      const auto element = path + "[" + std::string(name) + "]";
      const auto other = in_after.find(name);
      compare(element, before.as_array()[i], other != in_after.end() ? *other->second : Json());
      if (other != in_after.end()) in_after.erase(other);
    }
    for (const auto& [name, element] : in_after)
      changes.push_back({path + "[" + std::string(name) + "]", Json(), *element});
    return true;
  }

  void compare_positions(const std::string& path, const Json& before, const Json& after) {
    const auto& a = before.as_array();
    const auto& b = after.as_array();
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
      compare(path + "[" + std::to_string(i) + "]", i < a.size() ? a[i] : Json(),
              i < b.size() ? b[i] : Json());
  }
};

std::vector<OutputChange> diff_artifacts(const std::vector<Artifact>& before,
                                         const std::vector<Artifact>& after) {
  std::map<std::string_view, OutputChange> by_path;
  for (const auto& artifact : before) by_path[artifact.path].before = artifact;
  for (const auto& artifact : after) by_path[artifact.path].after = artifact;
  std::vector<OutputChange> changes;
  for (auto& [path, change] : by_path) {
    if (change.before == change.after) continue;
    change.path = path;
    change.presence = !change.before  ? Presence::added
                      : !change.after ? Presence::removed
                                      : Presence::changed;
    changes.push_back(std::move(change));
  }
  return changes;
}

bool delivered(StepState state) {
  return state != StepState::failed && state != StepState::skipped;
}

StepChange compare_steps(const std::string& name, const Execution* before, const Execution* after) {
  StepChange change;
  change.step = name;
  static const std::vector<Artifact> kNone;
  const auto unknown = [](const Execution* e) {
    return e != nullptr && e->state == StepState::up_to_date && e->outputs.empty();
  };
  if (!unknown(before) && !unknown(after))
    change.outputs = diff_artifacts(before != nullptr ? before->outputs : kNone,
                                    after != nullptr ? after->outputs : kNone);
  if (before != nullptr) change.state_before = before->state;
  if (after != nullptr) change.state_after = after->state;
  if (before == nullptr || after == nullptr) {
    change.presence = before == nullptr ? Presence::added : Presence::removed;
    return change;
  }
  if (before->step_key != after->step_key) {
    if (!before->key.is_null() && !after->key.is_null())
      change.key = diff_json(before->key, after->key);
    if (change.key.empty())
      change.key.push_back({"step_key", before->step_key.to_hex(), after->step_key.to_hex()});
  }
  return change;
}

std::vector<Artifact> configuration_of(const core::RunRecord& record) {
  auto files = record.configuration;
  if (record.pipeline) files.push_back(*record.pipeline);
  return files;
}

}  // namespace

std::vector<JsonChange> diff_json(const Json& before, const Json& after) {
  Differ differ;
  differ.compare("", before, after);
  return std::move(differ.changes);
}

bool RunDiff::same_results() const {
  return std::all_of(steps.begin(), steps.end(), [](const StepChange& step) {
    return step.presence == Presence::changed && step.outputs.empty();
  });
}

RunDiff diff_runs(const RecordedRun& before, const RecordedRun& after) {
  std::map<std::string, std::pair<const Execution*, const Execution*>> by_step;
  for (const auto& execution : before.executions) by_step[execution.step].first = &execution;
  for (const auto& execution : after.executions) by_step[execution.step].second = &execution;
  RunDiff diff;
  for (const auto& [name, pair] : by_step) {
    auto change = compare_steps(name, pair.first, pair.second);
    const bool fate_differs = change.state_before && change.state_after &&
                              delivered(*change.state_before) != delivered(*change.state_after);
    if (change.presence == Presence::changed && change.key.empty() && change.outputs.empty() &&
        !fate_differs) {
      ++diff.steps_equal;
    } else {
      diff.steps.push_back(std::move(change));
    }
  }
  diff.parameters = diff_json(before.record.parameters, after.record.parameters);
  diff.environment = diff_json(before.record.environment, after.record.environment);
  diff.git = diff_json(before.record.git, after.record.git);
  diff.configuration =
      diff_artifacts(configuration_of(before.record), configuration_of(after.record));
  return diff;
}

}  // namespace provrun::lineage
