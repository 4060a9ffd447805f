#include "command_record.hpp"

#include <algorithm>

#include "provrun/app/version.hpp"
#include "provrun/base/text.hpp"
#include "provrun/engine/observed.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/random.hpp"

namespace provrun::app {

std::string recorded_path(const std::string& root, const std::string& path) {
  const auto full = os::absolute_path(path);
  return full.starts_with(root + "/") ? full.substr(root.size() + 1) : full;
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + base::shell_quote(word);
  return text;
}

core::RunRecord begin_record(const std::string& workflow, const std::vector<std::string>& trigger,
                             const policy::Redactor& redactor) {
  core::RunRecord record;
  record.id.uuid = os::new_uuid();
  record.workflow = workflow;
  record.started = os::now();
  record.ended = record.started;
  record.user = os::user_name();
  record.host = os::host_name();
  record.parameters = codec::Json::object();
  record.tool_version = std::string(kVersion);
  codec::Json words = codec::Json::array();
  for (const auto& word : trigger) words.push_back(word);
  const auto redacted = redactor.redact_json(words).json;
  for (const auto& word : redacted.as_array()) record.trigger.push_back(word.as_string());
  return record;
}

void take_observation(
    core::Execution& execution, core::Observation observation,
    const std::vector<std::string>& outputs, const engine::Variables& variables,
    const std::function<std::optional<core::Artifact>(const std::string&)>& identify) {
  execution.grade = observation.grade;
  execution.grade_reason = observation.reason;
  if (observation.mechanism.empty()) return;
  engine::Declared declared;
  for (const auto& input : execution.inputs) declared.inputs.push_back(input.path);
  for (const auto& path : outputs) {
    declared.outputs.push_back(path);
    declared.outputs.push_back(path + "/");  // it may be a folder
  }
  const std::vector<std::pair<std::string, std::string>> environment(variables.begin(),
                                                                     variables.end());
  const auto scene = engine::scene_of(environment);
  auto seen = engine::sort_out(std::move(observation), declared, scene, [](core::Access&) {});
  execution.observed = std::move(seen.observed);
  execution.observed.search_path = engine::search_path_of(environment);
  std::erase_if(execution.observed.unused_outputs,
                [&](const auto& path) { return path.ends_with('/'); });
  std::move(seen.inputs.begin(), seen.inputs.end(), std::back_inserter(execution.inputs));
  execution.inputs_changed = std::move(seen.changed);
  for (const auto& path : seen.written) {
    auto output = identify(path);
    if (!output) continue;
    execution.outputs.push_back(std::move(*output));
    execution.observed.undeclared_outputs.push_back(path);
  }
}

}  // namespace provrun::app
