#include "provrun/app/run_command.hpp"

#include <algorithm>

#include "provrun/app/archive.hpp"
#include "provrun/app/cached_files.hpp"
#include "provrun/app/run_recorder.hpp"
#include "provrun/app/traced_files.hpp"
#include "provrun/app/version.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/engine/observed.hpp"
#include "provrun/engine/step_key.hpp"
#include "provrun/exec/local_executor.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/random.hpp"
#include "recorded.hpp"
#include "surroundings.hpp"
#include "workspace_settings.hpp"

namespace provrun::app {

namespace {

std::string recorded_path(const std::string& root, const std::string& path) {
  const auto full = os::absolute_path(path);
  return full.starts_with(root + "/") ? full.substr(root.size() + 1) : full;
}

void refuse_own(const std::vector<std::string>& paths, const std::string& root) {
  for (const auto& path : paths)
    if (Workspace::is_own(recorded_path(root, path)))
      throw base::Error(base::ErrorCode::invalid_input,
                        base::format("{} lies in the folder that provrun keeps its records in",
                                     base::printable(path)))
          .hint("use another path");
}

std::vector<core::Artifact> identify_all(CachedFiles& files, const std::vector<std::string>& paths,
                                         const std::string& root,
                                         std::vector<std::string>& missing) {
  std::vector<core::Artifact> artifacts;
  for (const auto& path : paths) {
    const auto stat = os::stat_file(path);
    const bool directory = stat && stat->type == os::FileType::directory;
    auto state = files.identify(recorded_path(root, path),
                                directory ? core::PathKind::directory : core::PathKind::file);
    if (!state) {
      missing.push_back(path);
      continue;
    }
    std::move(state->files.begin(), state->files.end(), std::back_inserter(artifacts));
  }
  return artifacts;
}

// What the command was seen to do completes what was said of it.
void take_observation(core::Execution& execution, core::Observation& observation,
                      const CommandRequest& request, const std::string& root, CachedFiles& files) {
  execution.grade = observation.grade;
  execution.grade_reason = observation.reason;
  if (observation.mechanism.empty()) return;
  engine::Declared declared;
  for (const auto& input : execution.inputs) declared.inputs.push_back(input.path);
  for (const auto& output : request.outputs) {
    const auto path = recorded_path(root, output);
    declared.outputs.push_back(path);
    declared.outputs.push_back(path + "/");  // it may be a folder
  }
  const std::vector<std::pair<std::string, std::string>> environment(request.variables.begin(),
                                                                     request.variables.end());
  const auto scene = engine::scene_of(environment);
  auto seen = engine::sort_out(std::move(observation), declared, scene, [](core::Access&) {});
  execution.observed = std::move(seen.observed);
  execution.observed.search_path = engine::search_path_of(environment);
  std::erase_if(execution.observed.unused_outputs,
                [&](const auto& path) { return path.ends_with('/'); });
  std::move(seen.inputs.begin(), seen.inputs.end(), std::back_inserter(execution.inputs));
  execution.inputs_changed = std::move(seen.changed);
  for (const auto& path : seen.written) {
    try {
      const auto state = files.identify(path, core::PathKind::file);
      if (!state) continue;
      execution.outputs.push_back(state->files.at(0));
      execution.observed.undeclared_outputs.push_back(path);
    } catch (const base::Error&) {  // a folder, a socket: nothing that one could keep
    }
  }
}

}  // namespace

CommandReport run_command(const CommandRequest& request, const std::function<int()>& interrupts,
                          const std::function<int()>& told_to_end) {
  const auto directory = os::current_directory();
  const auto workspace = Workspace::find_upwards(directory).value_or(Workspace::at(directory));
  const auto location = locate_repository(request.repository, workspace);
  refuse_own(request.inputs, workspace.root());
  refuse_own(request.outputs, workspace.root());
  std::vector<std::string> missing;
  require_repository(location, workspace);
  workspace.ensure();
  const auto archive = Archive::open(location, workspace, Archive::Mode::update);
  const auto key = workspace.hash_key();
  const policy::Redactor redactor({}, std::vector<std::uint8_t>(key.begin(), key.end()));
  CachedFiles files(workspace.root(), archive->state(), ".provrun/aside",
                    [](const std::string&) {});

  core::Execution execution;
  execution.id.uuid = os::new_uuid();
  execution.inputs = identify_all(files, request.inputs, workspace.root(), missing);
  if (!missing.empty())
    throw base::Error(base::ErrorCode::not_found,
                      base::format("the input {} is not there", base::printable(missing[0])));

  core::RunRecord record;
  record.id.uuid = os::new_uuid();
  record.workflow = "exec " + os::base_name(request.command.at(0));
  record.started = os::now();
  record.ended = record.started;
  record.user = os::user_name();
  record.host = os::host_name();
  record.parameters = codec::Json::object();
  record.tool_version = std::string(kVersion);
  codec::Json words = codec::Json::array();
  for (const auto& word : request.trigger) words.push_back(word);
  const auto trigger = redactor.redact_json(words).json;
  for (const auto& word : trigger.as_array()) record.trigger.push_back(word.as_string());

  std::string text;
  for (const auto& word : request.command)
    text += (text.empty() ? "" : " ") + base::shell_quote(word);
  engine::KeyParts parts;
  parts.run = {redactor.redact(text).text};
  parts.directory =
      directory == workspace.root() ? "." : recorded_path(workspace.root(), directory);
  for (const auto& input : execution.inputs) parts.inputs.emplace_back(input.path, input.content);
  for (const auto& output : request.outputs)
    parts.outputs.push_back(recorded_path(workspace.root(), output));
  execution.step = os::base_name(request.command[0]);
  execution.key = engine::key_document(parts);
  execution.step_key = engine::step_key(execution.key);
  record.config_hash = execution.step_key;

  CommandReport report;
  const policy::FileScreen screen({});
  const auto settings = read_settings(workspace);
  RunRecorder recorder({workspace,
                        archive.get(),
                        &files,
                        &redactor,
                        {},
                        &screen,
                        [&](const auto& path) { return settings.allows_secrets_in(path); },
                        [&](const auto& notice) { report.notices.push_back(notice); }},
                       record);
  Surroundings surroundings(workspace.root(), {request.command[0]}, {}, request.variables,
                            redactor);
  recorder.on_start([&] { surroundings.start(); });
  recorded(recorder, [&] {
    recorder.execution_started(execution);
    for (const auto& input : execution.inputs) recorder.input_used(input);
  });

  TracedFiles traced(files, catalog::state_path(workspace.root()));
  exec::LocalExecutor processes(recorder.directory(), traced);
  TracingExecutor executor(processes, request.tracing);
  core::Job job;
  job.arguments = request.command;
  job.working_directory = directory;
  job.environment.assign(request.variables.begin(), request.variables.end());
  job.streams = core::Streams::inherited;
  job.output_to_error = request.output_to_error;
  job.workspace = workspace.root();
  executor.start(std::move(job));
  std::vector<core::JobResult> results;
  // Ctrl-C reaches the command by itself, since it shares our process group; it decides what that
  // means.
  for (int told = 0; results.empty();) {
    results = executor.wait(std::chrono::milliseconds(100));
    const int now = told_to_end();
    if (now > told) executor.stop(now == 1 ? core::Stop::terminate : core::Stop::kill);
    told = now;
  }
  const auto& attempt = results[0].attempt;
  take_observation(execution, results[0].observation, request, workspace.root(), files);
  execution.attempts = {attempt};

  report.run = record.id.to_string();
  report.exit_code = attempt.signal != 0 ? 128 + attempt.signal : attempt.exit_code;
  report.failure = attempt.start_error;
  report.refusal = executor.unmet([&](std::uint32_t) { return execution.step; });
  for (auto& output : identify_all(files, request.outputs, workspace.root(), missing))
    execution.outputs.push_back(std::move(output));
  std::sort(execution.outputs.begin(), execution.outputs.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  if (attempt.succeeded() && !missing.empty()) {
    report.exit_code = 1;
    report.failure = base::format("it did not make its output {}", base::printable(missing[0]));
  }
  execution.state =
      attempt.succeeded() && missing.empty() ? core::StepState::executed : core::StepState::failed;
  if (execution.state == core::StepState::failed)
    execution.failure = report.failure.empty()
                            ? base::format("failed with exit code {}", report.exit_code)
                            : report.failure;
  const auto state = execution.state == core::StepState::executed ? core::RunState::completed
                     : interrupts() > 0                           ? core::RunState::interrupted
                                                                  : core::RunState::failed;
  const auto failure =
      execution.failure.empty() ? std::string() : execution.step + " " + execution.failure;
  recorded(recorder, [&] {
    recorder.execution_ended(execution, {});
    recorder.finish(state, redactor.redact(failure).text,
                    surroundings.finish(recorder.software_used()));
  });
  return report;
}

}  // namespace provrun::app
