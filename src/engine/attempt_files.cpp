#include "attempt_files.hpp"

#include <algorithm>

#include "execution_record.hpp"
#include "output_rules.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/engine/step_key.hpp"

namespace provrun::engine {

using pipeline::InstanceId;

std::optional<SortedOut> AttemptFiles::sort_out(InstanceId id, const Scene& scene,
                                                core::Observation& observation,
                                                core::Execution& execution) {
  forget_observed(execution);
  execution.grade = observation.grade;
  execution.grade_reason = observation.grade == core::Grade::declared && observation.reason.empty()
                               ? std::string(kOnlyDeclared)
                               : std::move(observation.reason);
  if (observation.mechanism.empty()) return std::nullopt;
  Declared declared;
  const auto add = [&](const auto& paths, std::vector<std::string>& list) {
    for (const auto path : paths)
      list.push_back(std::string(graph_.path(path)) + (graph_.is_directory(path) ? "/" : ""));
  };
  add(graph_.inputs(id), declared.inputs);
  add(graph_.outputs(id), declared.outputs);
  const auto invocation = graph_.invocation(id);
  for (const auto& stream :
       {invocation.standard_input, invocation.standard_output, invocation.standard_error})
    if (stream) declared.streams.emplace_back(graph_.path(*stream));
  std::vector<std::string> own;
  for (const auto& path : declared.outputs)
    own.push_back(path.ends_with('/') ? path.substr(0, path.size() - 1) : path);
  for (const auto& access : observation.accesses) {
    if (!access.uses.has(core::Use::create) && !access.uses.has(core::Use::write)) continue;
    own.push_back(access.path);
    for (const auto& discovery : graph_.discoveries(id))
      if (discovery.pattern.match(access.path)) declared.outputs.push_back(access.path);
  }
  std::sort(own.begin(), own.end());
  auto& dependencies = decider_.dependencies();
  auto seen = engine::sort_out(std::move(observation), declared, scene, [&](core::Access& access) {
    dependencies.settle_listing(id, own, access);
  });
  execution.observed = std::move(seen.observed);
  return seen;
}

void AttemptFiles::add_outputs(InstanceId id, core::Execution& execution,
                               const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    if (declares_output(graph_, id, path)) continue;
    try {
      const auto state = files_.identify(path, core::PathKind::file);
      if (!state) continue;
      execution.outputs.push_back(state->files.at(0));
      execution.observed.undeclared_outputs.push_back(path);
    } catch (const base::Error&) {  // a folder, a socket: nothing that one could keep
    }
  }
  std::sort(execution.outputs.begin(), execution.outputs.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
}

bool AttemptFiles::judge_undeclared(InstanceId id, core::Execution& execution, Outcome& outcome) {
  const auto& step = graph_.step(id);
  if (step.undeclared == pipeline::Undeclared::adopt) {
    const auto& observed = execution.observed;
    auto inputs = observed.undeclared_inputs;
    std::erase_if(inputs, [&](const auto& path) { return declares_output(graph_, id, path); });
    if (!inputs.empty() || !observed.undeclared_outputs.empty())
      outcome.to_adopt.push_back({id, std::move(inputs), observed.undeclared_outputs});
    return true;
  }
  const auto text = decider_.redacted(undeclared_files(
      execution, step, [&](const std::string& path) { return declares_output(graph_, id, path); }));
  if (text.empty()) return true;
  if (step.undeclared == pipeline::Undeclared::error) {
    execution.failure = text;
    return false;
  }
  observer_.notice(execution.step + " " + text);
  return true;
}

void AttemptFiles::note_changed_inputs(InstanceId id, core::Execution& execution,
                                       std::vector<std::string> changed) {
  for (auto& path : changed) {
    const auto declared = graph_.inputs(id);
    if (std::any_of(declared.begin(), declared.end(),
                    [&](auto input) { return graph_.path(input) == path; }))
      continue;
    observer_.notice(decider_.redacted(
        base::format("{}: {} changed while it ran; the record has the content that it read first",
                     execution.step, base::printable(path))));
    execution.inputs_changed.push_back(std::move(path));
  }
  const auto undeclared = execution.inputs_changed.size();
  for (const auto path : graph_.inputs(id)) {
    if (updates_in_place(graph_, id, path)) continue;
    const std::string name(graph_.path(path));
    if (files_.unchanged(name, Decider::kind_of(graph_, path))) continue;
    execution.inputs_changed.push_back(name);
    observer_.notice(base::format(
        "{}: its input {} changed while it ran; the record has the content from before",
        execution.step, base::printable(name)));
  }
  if (execution.inputs_changed.size() == undeclared) return;
  execution.key = with_unstable_inputs(std::move(execution.key), execution.inputs_changed);
  execution.step_key = step_key(execution.key);
}

}  // namespace provrun::engine
