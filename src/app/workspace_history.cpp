#include "provrun/app/run_recorder.hpp"

#include "observed_memory.hpp"

namespace provrun::app {

WorkspaceHistory::WorkspaceHistory(catalog::State* state, std::string workflow_file)
    : state_(state), workflow_file_(std::move(workflow_file)) {
  if (state_ == nullptr) return;
  AccessSets sets(state);
  state_->each_step(workflow_file_, [&](const catalog::State::StepRow& row) {
    Entry entry;
    bool whole = true;
    for (const auto& id : row.access_sets()) {
      auto set = sets.find(id);
      whole = whole && set;
      entry.last.observed.push_back(std::move(set));
    }
    // Without what it was seen to use nobody can say that nothing of it has changed.
    if (!whole) return;
    if (auto own = row.accesses(); !own.empty())
      entry.last.observed.push_back(own_set(std::move(own)));
    entry.last.search_path = row.search_path;
    entry.last.execution = row.execution;
    entry.last.step_key = row.step_key;
    for (auto& output : row.outputs()) entry.last.outputs.push_back(std::move(output.artifact));
    entry.duration_s = static_cast<double>(row.duration.count()) / 1e3;
    entries_.emplace(std::string(row.instance), std::move(entry));
  });
}

const core::LastExecution* WorkspaceHistory::last(const std::string& step) {
  const auto found = entries_.find(step);
  return found != entries_.end() ? &found->second.last : nullptr;
}

codec::Json WorkspaceHistory::last_key(const std::string& step) {
  if (state_ == nullptr) return {};
  const auto remembered = state_->find_step(workflow_file_, step);
  if (!remembered || remembered->key_document.empty()) return {};
  return codec::parse_json(remembered->key_document);
}

std::optional<double> WorkspaceHistory::usual_duration(const std::string& step) {
  const auto found = entries_.find(step);
  if (found == entries_.end()) return std::nullopt;
  return found->second.duration_s;
}

}  // namespace provrun::app
