#include <algorithm>

#include "provrun/app/run_workflow.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/engine/step_key.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

namespace {

bool is_step(const std::string& instance, const std::string& word) {
  return instance == word || (instance.starts_with(word) && instance.size() > word.size() &&
                              instance[word.size()] == '@');
}

[[noreturn]] void unknown(const std::string& word, const std::vector<std::string>& names) {
  const auto nearest = base::nearest(word, names);
  throw base::Error(base::ErrorCode::not_found,
                    base::format("no step or output '{}'", base::printable(word)))
      .hint(nearest ? base::format("did you mean '{}'?", *nearest)
                    : std::string("'provrun status' lists the steps"));
}

}  // namespace

std::vector<PlannedStep> explain_present(const RunRequest& request, const std::string& word) {
  auto plan = plan_workflow(request);
  const auto path = os::normalize_path(word);
  std::vector<PlannedStep> found;
  std::vector<std::string> names;
  for (auto& step : plan.steps) {
    names.push_back(step.step.substr(0, step.step.find('@')));
    names.insert(names.end(), step.outputs.begin(), step.outputs.end());
    const bool makes_it =
        std::any_of(step.outputs.begin(), step.outputs.end(), [&](const auto& output) {
          return output == path || output == path + "/" ||
                 (output.ends_with('/') && path.starts_with(output));
        });
    // An instance that is not known yet.
    const bool is_to_come = step.reason.kind == "discovery" && is_step(word, step.step);
    if (makes_it || is_to_come || is_step(step.step, word)) found.push_back(step);
  }
  if (found.empty()) unknown(word, names);
  // A step that only waits for another one is explained by that one's reason.
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].reason.kind != "upstream") continue;
    const auto root = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const auto& step) {
      return step.step == found[i].reason.what;
    });
    const bool listed = std::any_of(found.begin(), found.end(), [&](const auto& step) {
      return step.step == found[i].reason.what;
    });
    if (root != plan.steps.end() && !listed) found.push_back(*root);
  }
  return found;
}

std::vector<std::pair<std::string, core::Reason>> explain_between_runs(
    Archive& archive, const std::string& word, const std::string& run,
    const std::optional<std::string>& against) {
  const auto after = archive.load_run_resolved(run);
  std::string before_name;
  if (against) {
    before_name = *against;
  } else {
    catalog::RunFilter filter;
    filter.workflow = after.record.workflow;
    const auto page = archive.catalog().runs(
        filter, 1, catalog::RunCursor{after.record.started, after.record.id});
    if (page.runs.empty())
      throw base::Error(base::ErrorCode::not_found,
                        base::format("no run of {} before {}", after.record.workflow,
                                     after.record.id.to_string()))
          .hint("name the other run with --against");
    before_name = page.runs[0].id.to_string();
  }
  const auto before = archive.load_run_resolved(before_name);
  const auto path = os::normalize_path(word);
  std::vector<std::pair<std::string, core::Reason>> reasons;
  std::vector<std::string> names;
  for (const auto& execution : after.executions) {
    names.push_back(execution.step);
    const bool makes_it = std::any_of(execution.outputs.begin(), execution.outputs.end(),
                                      [&](const auto& output) { return output.path == path; });
    if (!makes_it && !is_step(execution.step, word)) continue;
    const auto other =
        std::find_if(before.executions.begin(), before.executions.end(),
                     [&](const auto& candidate) { return candidate.step == execution.step; });
    if (other == before.executions.end()) {
      reasons.emplace_back(execution.step, core::Reason{"first_run", execution.step, "", ""});
    } else if (other->id == execution.id || other->step_key == execution.step_key) {
      // The same key: what the run itself gave as its reason, if it ran at all.
      reasons.emplace_back(execution.step,
                           other->id == execution.id ? core::Reason{} : execution.reason);
    } else if (other->key.is_null() || execution.key.is_null()) {
      reasons.emplace_back(execution.step, core::Reason{"record_lost", execution.step, "", ""});
    } else {
      reasons.emplace_back(execution.step, engine::explain_difference(other->key, execution.key));
    }
  }
  if (reasons.empty()) unknown(word, names);
  return reasons;
}

}  // namespace provrun::app
