#include "provrun/app/run_command.hpp"

#include <algorithm>

#include "command_record.hpp"
#include "execution_log.hpp"
#include "make_record.hpp"
#include "observed_redactor.hpp"
#include "provrun/app/archive.hpp"
#include "provrun/app/cached_files.hpp"
#include "provrun/app/run_recorder.hpp"
#include "provrun/app/spool.hpp"
#include "provrun/app/traced_files.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/core/links.hpp"
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

bool is_set(const engine::Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found != variables.end() && !found->second.empty();
}

// On the nodes of a cluster nobody should need the repository, or wait for who has it.
bool is_spooled(const CommandRequest& request) {
  if (request.batch || is_set(request.variables, std::string(kSpoolVariable))) return true;
  return is_set(request.variables, "SLURM_JOB_ID") && !request.repository;
}

Workspace workspace_of(const CommandRequest& request, const std::string& directory) {
  if (request.batch) return Workspace::at(request.batch->workspace);
  if (const auto named = request.variables.find(std::string(kSpoolVariable));
      named != request.variables.end() && !named->second.empty()) {
    auto workspace = Workspace::at(named->second);
    if (workspace.exists()) return workspace;
    throw base::Error(base::ErrorCode::not_found,
                      base::format("{} names {}, where no .provrun is", kSpoolVariable,
                                   base::printable(named->second)))
        .hint("the folder must be on a file system that this machine shares");
  }
  return Workspace::find_upwards(directory).value_or(Workspace::at(directory));
}

// The repository that somebody named; empty: the workspace's.
std::string spool_repository(const CommandRequest& request) {
  const auto named = request.variables.find("PROVRUN_REPO");
  const bool by_variable = named != request.variables.end() && !named->second.empty();
  if (!request.repository && !by_variable) return {};
  return locate_repository(request.repository ? request.repository : named->second, std::nullopt)
      .path;
}

core::Artifact script_of(const BatchTask& batch) {
  const auto text = os::read_file(batch.copy);
  core::Artifact script;
  script.path = batch.script;
  script.content = core::ContentId{hash::sha256(text)};
  script.size = text.size();
  return script;
}

// Array task and process of a parallel step, which tell executions of one job apart.
std::string task_suffix(const engine::Variables& variables) {
  std::string suffix;
  const auto add = [&](const char* name) {
    const auto found = variables.find(name);
    if (found != variables.end() && !found->second.empty())
      suffix += (suffix.empty() ? "@" : "-") + found->second;
  };
  add("SLURM_ARRAY_TASK_ID");
  if (const auto tasks = variables.find("SLURM_STEP_NUM_TASKS");
      tasks != variables.end() && tasks->second != "1")
    add("SLURM_PROCID");
  return suffix;
}

// Of the job what it shares with the other tasks of its array.
void add_slurm_parameters(codec::Json& parameters, const engine::Variables& variables) {
  if (!is_set(variables, "SLURM_JOB_ID")) return;
  codec::Json job = codec::Json::object();
  const auto add = [&](std::string_view name, const char* variable) {
    if (is_set(variables, variable)) job.set(name, variables.at(variable));
  };
  add("job", is_set(variables, "SLURM_ARRAY_JOB_ID") ? "SLURM_ARRAY_JOB_ID" : "SLURM_JOB_ID");
  add("name", "SLURM_JOB_NAME");
  add("cluster", "SLURM_CLUSTER_NAME");
  add("partition", "SLURM_JOB_PARTITION");
  add("account", "SLURM_JOB_ACCOUNT");
  parameters.set("slurm", std::move(job));
}

// The files that our standard streams are, as those of a job's are, and how long they were.
class StreamFiles {
 public:
  static StreamFiles of_this_process() {
    StreamFiles result;
    for (const auto* stream : {"/proc/self/fd/1", "/proc/self/fd/2"}) {
      try {
        const auto path = os::read_symlink(stream);
        const auto stat = os::stat_file(path);
        const bool known = std::any_of(result.files_.begin(), result.files_.end(),
                                       [&](const auto& file) { return file.first == path; });
        if (stat && stat->type == os::FileType::regular && !known)
          result.files_.emplace_back(path, stat->size);
      } catch (const base::Error&) {  // closed
      }
    }
    return result;
  }

  // What was written since.
  std::string text() const {
    constexpr std::uint64_t kMost = std::uint64_t{16} << 20U;
    std::string all;
    for (const auto& [path, begin] : files_) {
      try {
        const auto file = os::open_for_reading(path);
        const auto size = os::stat_of(file, path).size;
        auto from = size < begin ? 0 : begin;
        if (size - from > kMost) {
          all += base::format("[the first {} bytes are left out]\n", size - from - kMost);
          from = size - kMost;
        }
        std::vector<std::uint8_t> buffer(size - from);
        const auto n = os::read_at(file, from, buffer, path);
        all.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(n));
      } catch (const base::Error&) {  // it has gone
      }
    }
    return all;
  }

 private:
  std::vector<std::pair<std::string, std::uint64_t>> files_;
};

// What others may change before the spool is taken up. Large files stay where they are.
void keep_outputs(SpoolEntry& entry, const core::Execution& execution,
                  const CommandRequest& request, CachedFiles& files) {
  constexpr std::uint64_t kLargestKept = std::uint64_t{16} << 20U;
  constexpr std::uint64_t kMostKept = std::uint64_t{256} << 20U;
  std::uint64_t kept = 0;
  const auto keep = [&](const core::Artifact& artifact) {
    if (core::is_link(artifact) || core::is_empty_directory(artifact)) return;
    if (artifact.size > kLargestKept || kept + artifact.size > kMostKept) return;
    kept += artifact.size;
    entry.keep(artifact, files.absolute(artifact.path));
  };
  for (const auto& output : execution.outputs) keep(output);
  if (request.inputs.empty()) return;
  for (const auto& input : execution.inputs)
    if (core::evidence_of_input(execution, input.path) != core::Evidence::observed &&
        (!request.batch || input.path != request.batch->script))
      keep(input);
}

}  // namespace

CommandReport run_command(const CommandRequest& request, const std::function<int()>& interrupts,
                          const std::function<int()>& told_to_end) {
  const auto directory = os::current_directory();
  const bool spooled = is_spooled(request);
  const auto workspace = workspace_of(request, directory);
  refuse_own(request.inputs, workspace.root());
  refuse_own(request.outputs, workspace.root());
  std::vector<std::string> missing;
  RepositoryLocation location;
  std::unique_ptr<Archive> archive;
  if (!spooled) {
    location = locate_repository(request.repository, workspace);
    require_repository(location, workspace);
  }
  workspace.ensure();
  if (!spooled) archive = Archive::open(location, workspace, Archive::Mode::update);
  const auto key = workspace.hash_key();
  const policy::Redactor redactor({}, std::vector<std::uint8_t>(key.begin(), key.end()));
  CachedFiles files(workspace.root(), archive ? archive->state() : nullptr, ".provrun/aside",
                    [](const std::string&) {});

  core::Execution execution;
  execution.id.uuid = os::new_uuid();
  execution.inputs = identify_all(files, request.inputs, workspace.root(), missing);
  if (!missing.empty())
    throw base::Error(base::ErrorCode::not_found,
                      base::format("the input {} is not there", base::printable(missing[0])));
  if (request.batch && !request.batch->script.empty())
    execution.inputs.push_back(script_of(*request.batch));

  const auto& words = request.batch ? request.batch->words : request.command;
  const auto title = request.batch ? request.batch->title : os::base_name(words.at(0));
  auto record =
      begin_record((request.batch ? "sbatch " : "exec ") + title, request.trigger, redactor);
  if (spooled) add_slurm_parameters(record.parameters, request.variables);

  engine::KeyParts parts;
  parts.run = {redactor.redact(shell_line(words)).text};
  parts.directory =
      directory == workspace.root() ? "." : recorded_path(workspace.root(), directory);
  for (const auto& input : execution.inputs) parts.inputs.emplace_back(input.path, input.content);
  for (const auto& output : request.outputs)
    parts.outputs.push_back(recorded_path(workspace.root(), output));
  execution.step = title + (spooled ? task_suffix(request.variables) : "");
  execution.key = engine::key_document(parts);
  execution.step_key = engine::step_key(execution.key);
  record.config_hash = execution.step_key;

  CommandReport report;
  const policy::FileScreen screen({});
  const auto settings = read_settings(workspace);
  Surroundings surroundings(workspace.root(), {request.command[0]}, {}, request.variables, redactor,
                            screen);
  std::optional<RunRecorder> recorder;
  std::optional<SpoolEntry> entry;
  if (spooled) {
    auto writer = this_spool_writer(request.variables);
    writer.repository = spool_repository(request);
    auto begun = execution;
    begun.state = core::StepState::failed;
    begun.failure = "has not ended";
    entry.emplace(workspace, std::move(writer), record, begun);
    if (request.batch && !execution.inputs.empty())
      entry->keep(execution.inputs.back(), request.batch->copy);
    surroundings.start();
  } else {
    RunRecorder::Setup setup{workspace, archive.get(), &files, &redactor, {}, &screen};
    setup.may_look_secret = [&](const auto& path) { return settings.allows_secrets_in(path); };
    setup.notice = [&](const auto& notice) { report.notices.push_back(notice); };
    recorder.emplace(std::move(setup), record);
    recorder->on_start([&] { surroundings.start(); });
    recorded(*recorder, [&] {
      recorder->execution_started(execution);
      for (const auto& input : execution.inputs) recorder->input_used(input);
    });
  }

  TracedFiles traced(files, catalog::state_path(workspace.root()));
  exec::LocalExecutor processes(recorder ? recorder->directory() : entry->directory(), traced);
  TracingExecutor executor(processes, request.tracing);
  core::Job job;
  job.arguments = request.command;
  job.working_directory = directory;
  job.environment.assign(request.variables.begin(), request.variables.end());
  job.streams = core::Streams::inherited;
  job.output_to_error = request.output_to_error;
  job.workspace = workspace.root();
  const StreamFiles streams = request.batch ? StreamFiles::of_this_process() : StreamFiles();
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
  std::vector<std::string> declared;
  for (const auto& output : request.outputs)
    declared.push_back(recorded_path(workspace.root(), output));
  take_observation(execution, std::move(results[0].observation), declared, request.variables,
                   [&](const auto& path) { return identify_file(files, path); });
  execution.attempts = {attempt};

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
  if (entry) {
    report.spooled = true;
    ObservedRedactor(redactor).redact(execution);
    keep_outputs(*entry, execution, request, files);
    if (const auto log = redactor.redact(streams.text()).text; !log.empty()) entry->keep_log(log);
    record.state = state;
    record.failure = redactor.redact(failure).text;
    record.ended = os::now();
    std::unordered_map<core::ContentId, core::AccessSetPtr> sets;
    for (const auto& set : execution.observed.bodies) sets.emplace(set->id, set);
    entry->end(record, execution, surroundings.finish(system_files_in(sets)));
    return report;
  }
  report.run = record.id.to_string();
  recorded(*recorder, [&] {
    recorder->execution_ended(execution, {});
    recorder->finish(state, redactor.redact(failure).text,
                     surroundings.finish(recorder->software_used()));
  });
  take_up_beside(workspace, location, *archive, screen,
                 [&](const auto& notice) { report.notices.push_back(notice); });
  return report;
}

}  // namespace provrun::app
