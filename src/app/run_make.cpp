#include "provrun/app/run_make.hpp"

#include <algorithm>
#include <csignal>

#include "command_record.hpp"
#include "make_record.hpp"
#include "provrun/app/archive.hpp"
#include "provrun/app/cached_files.hpp"
#include "provrun/app/run_recorder.hpp"
#include "provrun/app/traced_files.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/engine/step_key.hpp"
#include "provrun/exec/local_executor.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/random.hpp"
#include "recorded.hpp"
#include "surroundings.hpp"
#include "workspace_settings.hpp"

namespace provrun::app {

MakeReport run_make(const MakeRequest& request, const std::function<int()>& interrupts,
                    const std::function<int()>& told_to_end,
                    const std::function<void(const core::Execution&)>& ended) {
  const auto directory = os::current_directory();
  const auto workspace = Workspace::find_upwards(directory).value_or(Workspace::at(directory));
  const auto location = locate_repository(request.repository, workspace);
  require_repository(location, workspace);
  workspace.ensure();
  const auto archive = Archive::open(location, workspace, Archive::Mode::update);
  const auto key = workspace.hash_key();
  const policy::Redactor redactor({}, std::vector<std::uint8_t>(key.begin(), key.end()));
  CachedFiles files(workspace.root(), archive->state(), ".provrun/aside",
                    [](const std::string&) {});
  const policy::FileScreen screen({});
  const auto settings = read_settings(workspace);
  MakeReport report;
  auto record = begin_record("make", request.trigger, redactor);
  MakeRecord recipes(workspace.root(), directory, request.variables, redactor, files);

  // Make itself: what it reads, and $(shell).
  core::Execution make;
  make.id.uuid = os::new_uuid();
  make.step = recipes.name_for(directory, "make");
  engine::KeyParts parts;
  parts.run = {redactor.redact(shell_line(request.command)).text};
  parts.directory =
      directory == workspace.root() ? "." : recorded_path(workspace.root(), directory);
  make.key = engine::key_document(parts);
  make.step_key = engine::step_key(make.key);
  record.config_hash = make.step_key;

  RunRecorder::Setup setup{workspace, archive.get(), nullptr, nullptr, {}, nullptr};
  setup.files = &files;
  setup.redactor = &redactor;
  setup.screen = &screen;
  setup.may_look_secret = [&](const auto& path) { return settings.allows_secrets_in(path); };
  setup.notice = [&](const auto& notice) { report.notices.push_back(notice); };
  setup.files_may_change = true;
  RunRecorder recorder(std::move(setup), record);
  Surroundings surroundings(workspace.root(), {request.command[0]}, {}, request.variables, redactor,
                            screen);
  recorder.on_start([&] { surroundings.start(); });

  TracedFiles traced(files, catalog::state_path(workspace.root()));
  exec::LocalExecutor processes(recorder.directory(), traced);
  TracingExecutor executor(processes, request.tracing);
  const auto queue = std::make_shared<RecipeQueue>([&processes] { processes.wake(); });
  core::Job job;
  job.arguments = request.command;
  job.working_directory = directory;
  job.environment.assign(request.variables.begin(), request.variables.end());
  job.streams = core::Streams::inherited;
  job.output_to_error = request.output_to_error;
  job.workspace = workspace.root();
  job.recipes = queue;
  executor.start(std::move(job));

  std::size_t recipe_count = 0;
  std::string first_failure;
  const auto keep = [&](core::Execution execution) {
    report.counts.add(execution.state);
    if (execution.state == core::StepState::failed && first_failure.empty())
      first_failure = execution.step + " " + execution.failure;
    recorder.execution_ended(execution, {});
    ended(execution);
  };
  const auto take_events = [&] {
    for (auto& event : queue->take()) {
      if (const auto* started = std::get_if<RecipeQueue::Started>(&event)) {
        if (recipe_count++ == 0) recorder.execution_started(make);
        recorder.execution_started(recipes.begin(started->recipe));
      } else if (auto* over = std::get_if<RecipeQueue::Ended>(&event)) {
        keep(recipes.end(std::move(over->recipe)));
      }
    }
  };
  std::vector<core::JobResult> results;
  // Ctrl-C reaches make by itself, since it shares our process group.
  for (int told = 0; results.empty();) {
    results = executor.wait(std::chrono::milliseconds(100));
    recorded(recorder, take_events);
    const int now = told_to_end();
    if (now > told) executor.stop(now == 1 ? core::Stop::terminate : core::Stop::kill);
    told = now;
  }
  recorded(recorder, take_events);

  auto& result = results[0];
  const auto& attempt = result.attempt;
  report.exit_code = attempt.signal != 0 ? 128 + attempt.signal : attempt.exit_code;
  report.failure = attempt.start_error;
  report.undivided = result.undivided;
  report.refusal = executor.unmet([&](std::uint32_t) { return make.step; });
  report.state = attempt.succeeded() ? core::RunState::completed
                 : interrupts() > 0  ? core::RunState::interrupted
                                     : core::RunState::failed;
  const bool lump = !result.undivided.empty();
  // Nothing was done, and make may well have failed to find out what to do.
  if (recipe_count == 0 && (!lump || !attempt.start_error.empty())) {
    recorder.discard();
    return report;
  }
  take_observation(make, std::move(result.observation), {}, request.variables,
                   [&](const auto& path) { return identify_file(files, path); });
  make.attempts = {attempt};
  make.state = attempt.succeeded() ? core::StepState::executed : core::StepState::failed;
  if (!attempt.succeeded())
    make.failure = !attempt.start_error.empty() ? attempt.start_error
                   : attempt.signal != 0
                       ? base::format("was ended by signal {}", attempt.signal)
                       : base::format("failed with exit code {}", attempt.exit_code);
  std::sort(make.outputs.begin(), make.outputs.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  recorded(recorder, [&] {
    if (lump) recorder.execution_started(make);
    keep(make);
    recorder.finish(report.state,
                    redactor.redact(attempt.succeeded() ? std::string() : first_failure).text,
                    surroundings.finish(recorder.software_used()));
  });
  report.run = record.id.to_string();
  report.stored_bytes = recorder.statistics().stored_bytes;
  return report;
}

}  // namespace provrun::app
