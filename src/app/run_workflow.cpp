#include "provrun/app/run_workflow.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "adoption.hpp"
#include "hooks.hpp"
#include "machine_limits.hpp"
#include "no_op_memo.hpp"
#include "planned_files.hpp"
#include "provrun/app/cached_files.hpp"
#include "provrun/app/run_recorder.hpp"
#include "provrun/app/slurm_executor.hpp"
#include "provrun/app/software.hpp"
#include "provrun/app/spool.hpp"
#include "provrun/app/stored_results.hpp"
#include "provrun/app/traced_files.hpp"
#include "provrun/app/version.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/engine/discovered_files.hpp"
#include "provrun/exec/local_executor.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/process.hpp"
#include "provrun/os/random.hpp"
#include "provrun/policy/certain_secret.hpp"
#include "provrun/policy/file_screen.hpp"
#include "recorded.hpp"
#include "surroundings.hpp"
#include "workspace_settings.hpp"

namespace provrun::app {

namespace {

constexpr int kJobsOfSlurm = 1000;           // cpus in submitted jobs, where -j says nothing
constexpr std::size_t kKeptUnfinished = 10;  // runs whose unfinished outputs are kept

// Files that the user names may be those of pattern rules.
std::vector<std::string> wanted_of(const RunRequest& request) {
  auto wanted = request.targets;
  wanted.insert(wanted.end(), request.until.begin(), request.until.end());
  return wanted;
}

std::set<std::string, std::less<>> checked_force_names(const pipeline::Graph& graph,
                                                       const std::vector<std::string>& names) {
  std::set<std::string, std::less<>> forced;
  std::vector<std::string> candidates;
  for (const auto& step : graph.workflow().steps()) candidates.push_back(step.name);
  for (const auto& name : names) {
    const auto step = graph.workflow().find_step(std::string_view(name).substr(0, name.find('@')));
    const bool may_come = step && graph.is_deferred(*step);
    if (!may_come && !graph.workflow().find_step(name) && !graph.find_instance(name)) {
      const auto nearest = base::nearest(name, candidates);
      auto error = base::Error(base::ErrorCode::not_found,
                               base::format("no step '{}' to force", base::printable(name)));
      throw std::move(error).hint(nearest ? base::format("did you mean '{}'?", *nearest)
                                          : std::string("'provrun plan' lists the steps"));
    }
    forced.insert(name);
  }
  return forced;
}

void add_secret_parameters(const codec::Json& value, const std::string& name,
                           std::map<std::string, std::string>& secrets) {
  if (value.is_object()) {
    for (const auto& [member, inner] : value.as_object())
      add_secret_parameters(inner, member, secrets);
  } else if (value.is_string() && policy::is_secret_name(name)) {
    secrets[name] = value.as_string();
  }
}

// Declared secrets, and values under names that only secrets have.
std::vector<policy::Secret> secrets_of(const pipeline::Workflow& workflow,
                                       const engine::Variables& variables) {
  std::map<std::string, std::string> secrets;
  const auto add_variable = [&](const std::string& name) {
    if (const auto found = variables.find(name); found != variables.end())
      secrets[name] = found->second;
  };
  for (const auto& step : workflow.steps()) {
    for (const auto& name : step.environment->secrets) add_variable(name);
    for (const auto& name : step.environment->pass)
      if (policy::is_secret_name(name)) add_variable(name);
    for (const auto& [name, value] : step.environment->set) {
      if (!policy::is_secret_name(name)) continue;
      std::string text;
      for (const auto& piece : value.pieces) text += piece.text;
      if (!text.empty()) secrets[name] = text;
    }
  }
  add_secret_parameters(workflow.parameters().to_json(), {}, secrets);
  std::vector<policy::Secret> list;
  for (const auto& [name, value] : secrets) list.push_back({name, value});
  return list;
}

policy::Redactor make_redactor(const pipeline::Workflow& workflow,
                               const engine::Variables& variables, std::string key) {
  // Where nothing was recorded yet there is no key, and nothing to compare hashes with.
  if (key.empty()) key = os::random_hex(32);
  return {secrets_of(workflow, variables), std::vector<std::uint8_t>(key.begin(), key.end())};
}

// Variables that steps of the selection have as secrets, and that are not there.
std::vector<std::string> unset_secrets(const pipeline::Graph& graph,
                                       const std::vector<pipeline::InstanceId>& selection,
                                       const engine::Variables& variables) {
  std::map<std::string, std::string> users;  // by variable: the first step
  const pipeline::Step* last = nullptr;
  for (const auto id : selection) {
    const auto& step = graph.step(id);
    if (&step == last) continue;
    last = &step;
    for (const auto& name : step.environment->secrets)
      if (!variables.contains(name)) users.emplace(name, step.name);
  }
  std::vector<std::string> texts;
  for (const auto& [name, step] : users)
    texts.push_back(base::format("the secret {} is not set; {} will not have it", name, step));
  return texts;
}

// The pipeline and the files it is made from are stored as they are, for ever: one that holds a
// secret is refused before anything is recorded.
void refuse_secrets(const LoadedPipeline& loaded, const std::vector<policy::Secret>& secrets) {
  const auto check = [&](const std::string& shown, std::string_view text) {
    const auto at = policy::find_certain_secret(secrets, text);
    if (!at) return;
    const auto line_start = text.rfind('\n', *at) == std::string_view::npos || *at == 0
                                ? std::size_t{0}
                                : text.rfind('\n', *at - 1) + 1;
    const auto line =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*at), '\n');
    const auto before = text.substr(line_start, *at - line_start);
    const auto column = std::count_if(before.begin(), before.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    });
    // Without the line itself: it would show the secret.
    throw base::Error(base::ErrorCode::refused,
                      "here stands a secret, and this file becomes part of the repository")
        .at({shown, static_cast<int>(line) + 1, static_cast<int>(column) + 1, {}})
        .hint(
            "take it out, name its variable under 'env: {secrets: [NAME]}', and set that variable "
            "where provrun is started");
  };
  check(loaded.file_name, loaded.text);
  for (const auto& file : loaded.workflow->files())
    if (file.size <= pipeline::kMaxDocumentBytes)
      check(file.path, os::read_file(os::join_path(loaded.directory, file.path)));
}

StoredResults::ContentNow files_now(core::WorkspaceFiles& files) {
  return
      [&files](const std::string& path) { return files.look(path, core::Look::content).content; };
}

engine::Redaction redact_with(const policy::Redactor& redactor,
                              const policy::FileScreen* screen = nullptr) {
  return {[&redactor](const codec::Json& document) { return redactor.redact_json(document).json; },
          [&redactor](std::string_view value) { return redactor.mark_of(value); },
          [&redactor](std::string_view text) { return redactor.redact(text).text; },
          [screen](std::string_view text) -> std::optional<std::string> {
            const auto found = screen != nullptr
                                   ? screen->find(text, policy::FileScreen::For::declared)
                                   : std::nullopt;
            return found ? std::optional(found->what) : std::nullopt;
          }};
}

void require_inputs(const LoadedPipeline& loaded,
                    const std::vector<pipeline::InstanceId>& selection) {
  engine::require_sources(
      *loaded.graph, selection,
      [&](const std::string& path) {
        const auto full = os::join_path(loaded.directory, path);
        if (os::stat_file(full)) return true;
        if (os::lstat_file(full))
          throw base::Error(base::ErrorCode::invalid_input,
                            base::printable(path) + " is a symbolic link that leads nowhere");
        return false;
      },
      [&](const std::string& directory) {
        std::vector<std::string> names;
        const auto full = os::join_path(loaded.directory, directory);
        const auto stat = os::stat_file(full);
        if (stat && stat->type == os::FileType::directory)
          for (const auto& entry : os::list_directory(full)) names.push_back(entry.name);
        return names;
      });
}

// here: on this machine, whose limits count.
engine::Growth growth_of(const RunRequest& request, LoadedPipeline& loaded, bool here = true) {
  return {*loaded.graph,
          {expansion_of(loaded),
           [&] { return pipeline::select(*loaded.graph, request.targets, request.until); },
           [&, here](const std::vector<pipeline::InstanceId>& joining) {
             refuse_own_paths(loaded, joining);
             require_inputs(loaded, joining);
             limits_of_run(*loaded.graph, joining, request.limits,
                           here);  // that there is what they take
           }}};
}

core::Artifact artifact_of(CachedFiles& files, const std::string& path) {
  const auto state = files.identify(path, core::PathKind::file);
  if (!state)
    throw base::Error(base::ErrorCode::conflict,
                      base::printable(path) + " has gone while it was read");
  return state->files.at(0);
}

core::RunRecord make_record(const RunRequest& request, const LoadedPipeline& loaded,
                            CachedFiles& files, const policy::Redactor& redactor) {
  core::RunRecord record;
  record.id.uuid = os::new_uuid();
  record.workflow = loaded.name();
  record.started = os::now();
  record.ended = record.started;
  record.user = os::user_name();
  record.host = os::host_name();
  const auto trigger = redactor.redact_json([&] {
    codec::Json words = codec::Json::array();
    for (const auto& word : request.trigger) words.push_back(word);
    return words;
  }());
  for (const auto& word : trigger.json.as_array()) record.trigger.push_back(word.as_string());
  record.pipeline = artifact_of(files, loaded.file_name);
  if (record.pipeline->content.digest != hash::sha256(loaded.text))
    throw base::Error(base::ErrorCode::conflict,
                      base::printable(loaded.file_name) + " changed while it was read")
        .hint("run again");
  for (const auto& file : loaded.workflow->files())
    record.configuration.push_back(artifact_of(files, file.path));
  record.targets = request.targets;
  for (const auto& override : request.overrides)
    record.overrides.push_back(override.name + "=" + redactor.redact(override.value).text);
  record.parameters = redactor.redact_json(loaded.workflow->parameters().to_json()).json;
  record.config_hash = loaded.config_hash();
  record.tool_version = std::string(kVersion);
  return record;
}

bool has_output(const pipeline::Graph& graph, bool (*is)(const pipeline::OutputDeclaration&)) {
  const auto steps = graph.workflow().steps();
  return std::any_of(steps.begin(), steps.end(), [&](const auto& step) {
    return std::any_of(step.outputs.begin(), step.outputs.end(), is);
  });
}

// Which files may go before the run is over: temporary ones. Empty: none.
std::function<bool(const std::string&)> leaving_files_of(const pipeline::Graph& graph) {
  if (!has_output(graph, [](const auto& output) { return output.temp; })) return {};
  return [&graph](const std::string& path) {
    const auto found = graph.find_path(path);
    const auto maker = found ? graph.producer(*found) : graph.maker(path);
    if (!maker) return false;
    const auto* declaration = found ? graph.output_declaration(*maker, *found) : nullptr;
    if (declaration != nullptr) return declaration->temp;
    const auto discoveries = graph.discoveries(*maker);
    return std::any_of(discoveries.begin(), discoveries.end(), [&](const auto& discovery) {
      return discovery.pattern.match(path) && graph.step(*maker).outputs[discovery.output].temp;
    });
  };
}

// Which files go to the repository: all but those of outputs with `cache: false`. Empty: all.
std::function<bool(const std::string&)> stored_files_of(const pipeline::Graph& graph) {
  if (!has_output(graph, [](const auto& output) { return !output.cache; })) return {};
  return [&graph](const std::string& path) {
    const auto maker = graph.maker(path);
    if (!maker) return true;
    for (const auto output : graph.outputs(*maker)) {
      const auto name = graph.path(output);
      const bool inside = path == name || (graph.is_directory(output) && path.starts_with(name) &&
                                           path.size() > name.size() && path[name.size()] == '/');
      if (!inside) continue;
      const auto* declaration = graph.output_declaration(*maker, output);
      return declaration == nullptr || declaration->cache;
    }
    for (const auto& discovery : graph.discoveries(*maker))
      if (discovery.pattern.match(path)) return graph.step(*maker).outputs[discovery.output].cache;
    return true;
  };
}

}  // namespace

namespace {

// What the job of an instance is called, and asks for beside its limits.
SlurmExecutor::Demand slurm_demand_of(const pipeline::Graph& graph, const core::Job& job) {
  const auto id = static_cast<pipeline::InstanceId>(job.token);
  const auto& resources = graph.step(id).resources;
  SlurmExecutor::Demand demand{std::string(graph.name(id)), resources.cpus};
  std::uint64_t attempt = 1;
  for (const auto& [name, value] : job.environment)
    if (name == "PROVRUN_ATTEMPT") attempt = std::strtoull(value.c_str(), nullptr, 10);
  for (const auto& one : resources.demands)
    if (one.name == "gpu") demand.gpus = one.amount * (one.grows ? attempt : 1);
  return demand;
}

RunReport run_it(const RunRequest& request, RunObserver& observer,
                 const std::function<int()>& interrupts, bool slurm) {
  RunReport report;
  const auto memo_question = NoOpMemo::question(request);
  if (!request.every_step_reported)
    if (auto known = NoOpMemo::answer(request, memo_question)) return std::move(*known);

  auto loaded = load_pipeline(request.pipeline, request.overrides, wanted_of(request));
  const auto& graph = *loaded.graph;
  auto growth = growth_of(request, loaded, !slurm);
  const auto& selection = growth.selection();
  engine::Forcing forcing{request.force_all, checked_force_names(graph, request.force_steps)};
  const auto limits = limits_of_run(graph, selection, request.limits, !slurm);
  require_inputs(loaded, selection);
  report.workflow = loaded.name();

  const auto workspace = Workspace::at(loaded.directory);
  const auto location = request.own_repository
                            ? RepositoryLocation{workspace.repository_directory(), true}
                            : locate_repository(request.repository, workspace);
  if (const auto outer = request.variables.find(std::string(engine::kWorkspaceVariable));
      outer != request.variables.end() && outer->second == workspace.root())
    throw base::Error(base::ErrorCode::conflict,
                      "a step cannot run the workflow that it is part of: it would wait for itself")
        .hint("give the inner pipeline a folder of its own");
  require_repository(location, workspace);
  workspace.ensure();
  observer.works_in(workspace.root());
  auto lock = std::make_optional(workspace.lock(
      "run of " + loaded.file_name,
      [&](const std::string& holder) { observer.waiting_for(holder); },
      [&] { return interrupts() > 0; }));
  const auto archive = Archive::open(location, workspace, Archive::Mode::update);

  const auto redactor = make_redactor(*loaded.workflow, request.variables, workspace.hash_key());
  const auto secrets = secrets_of(*loaded.workflow, request.variables);
  const policy::FileScreen screen(secrets);
  const auto settings = read_settings(workspace);
  refuse_secrets(loaded, secrets);
  const auto notice = [&](const std::string& text) { observer.notice(text); };
  for (const auto& text : unset_secrets(graph, selection, request.variables)) notice(text);
  // We hold the lock: processes of this workspace's steps are what a killed run has left, and they
  // would write on into the files of this one.
  if (const int ended =
          os::end_processes_with(std::string(engine::kWorkspaceVariable), workspace.root());
      ended > 0)
    observer.notice(base::format("{} process{} of a killed run {} still there; ended", ended,
                                 ended == 1 ? "" : "es", ended == 1 ? "was" : "were"));
  if (const auto left = end_left_jobs(workspace, [&] { return interrupts() > 0; }); left > 0)
    notice(base::format("{} job{} of a killed run cancelled", left, left == 1 ? "" : "s"));
  RunRecorder::Setup recording{workspace, archive.get(), nullptr, &redactor, loaded.file_name};
  recording.screen = &screen;
  recording.may_look_secret = [&](const auto& path) { return settings.allows_secrets_in(path); };
  recording.notice = notice;
  for (const auto& secret : secrets)
    recording.secret_marks.push_back(redactor.mark_of(secret.value));
  recording.is_stored = stored_files_of(graph);
  recording.may_go = leaving_files_of(graph);
  {
    CachedFiles files(workspace.root(), archive->state(), ".provrun/aside", notice);
    for (const auto& run : recover_runs(workspace, *archive, files, redactor, recording))
      report.recovered.push_back(run.id.to_string());
  }
  for (const auto& run : report.recovered)
    observer.notice(base::format(
        "run {} did not come to its end; its record is completed, and this run goes on", run));

  take_up_beside(workspace, location, *archive, screen, notice);

  const auto run_id = os::new_uuid();
  workspace.keep_unfinished(kKeptUnfinished);
  CachedFiles files(workspace.root(), archive->state(), ".provrun/aside/" + run_id.to_string(),
                    notice, ".provrun/unfinished/" + run_id.to_string());
  auto record = make_record(request, loaded, files, redactor);
  record.id.uuid = run_id;
  report.run = record.id.to_string();
  WorkspaceHistory history(archive->state(), loaded.file_name);
  StoredResults stored(*archive, workspace.root(), workspace.existing_hash_key(), files_now(files));
  NoResults none;
  core::Results& results = request.reuse ? static_cast<core::Results&>(stored) : none;
  engine::Decider decider(graph, files, results, history, request.variables,
                          redact_with(redactor, &screen), std::move(forcing));

  SoftwareNames software(archive.get());
  decider.name_software_with(
      [&](core::Reason& reason, const core::ExecutionId& last) { software.improve(reason, last); });

  recording.files = &files;
  recording.recognised = [&] { return stored.recognised(); };
  RunRecorder recorder(std::move(recording), record);
  TracedFiles traced(files, catalog::state_path(workspace.root()));
  files.recall_with([&](const core::ContentId& listing) { return traced.listing(listing); });
  std::unique_ptr<core::Executor> runner;
  if (slurm)
    runner = std::make_unique<SlurmExecutor>(
        workspace, run_id.to_string(),
        [&](const core::Job& job) { return slurm_demand_of(graph, job); }, notice);
  else
    runner = std::make_unique<exec::LocalExecutor>(recorder.directory(), traced);
  TracingExecutor executor(*runner, request.tracing);
  Surroundings surroundings(workspace.root(), graph, selection, growth.open(), request.variables,
                            redactor, screen);
  recorder.on_start([&] { surroundings.start(); });

  double seconds = 0;
  std::size_t unknown = 0;
  for (const auto id : selection) {
    const auto usual = history.usual_duration(std::string(graph.name(id)));
    seconds += usual.value_or(0);
    unknown += usual ? 0 : 1;
  }
  observer.expected(seconds, unknown);

  engine::Engine engine(
      graph, executor, files, results, history, recorder, observer, decider,
      {[] { return core::ExecutionId{os::new_uuid()}; }, os::steady_now, interrupts},
      {.jobs = request.jobs > 0 ? request.jobs
               : slurm          ? kJobsOfSlurm
                                : os::available_cores(),
       .limits = limits,
       .keep_going = request.keep_going,
       .workspace = workspace.root(),
       .streams = core::Streams::captured});
  report.outcome = recorded(recorder, [&] { return engine.run(growth); });
  report.refusal = executor.unmet([&](std::uint32_t token) {
    return std::string(graph.name(static_cast<pipeline::InstanceId>(token)));
  });
  if (!recorder.started()) {
    recorder.discard();
    report.nothing_to_do = true;
    const auto last = archive->catalog().runs({}, 1);
    if (!last.runs.empty()) report.run = last.runs[0].id.to_string();
  } else {
    observer.recording();
    recorded(recorder, [&] {
      return recorder.finish(report.outcome.state, redactor.redact(report.outcome.failure).text,
                             surroundings.finish(recorder.software_used()));
    });
    report.stored_bytes = recorder.statistics().stored_bytes;
  }
  if (report.outcome.no_such_target) throw *report.outcome.no_such_target;
  if (!report.outcome.to_adopt.empty())
    adopt_undeclared(loaded, report.outcome.to_adopt, request.overrides, notice);
  if (report.outcome.state == core::RunState::completed && report.outcome.to_adopt.empty())
    NoOpMemo::remember(request, memo_question, loaded, selection, files, *archive, report);
  if (!report.nothing_to_do) {
    lock.reset();  // a hook may well look at the run, or start another one
    run_hooks(loaded, request, report, redactor, notice, interrupts);
  }
  return report;
}

}  // namespace

RunReport run_workflow(const RunRequest& request, RunObserver& observer,
                       const std::function<int()>& interrupts) {
  return run_it(request, observer, interrupts, false);
}

RunReport run_workflow_on_slurm(const RunRequest& request, RunObserver& observer,
                                const std::function<int()>& interrupts) {
  return run_it(request, observer, interrupts, true);
}

namespace {

// Paths that an instance is known, or was last seen, to discover; and their pattern.
void add_discovered(const pipeline::Graph& graph, pipeline::InstanceId id,
                    WorkspaceHistory& history, std::vector<std::string>& outputs) {
  for (const auto& discovery : graph.discoveries(id)) {
    outputs.push_back(discovery.pattern.text());
    if (const auto* last = history.last(std::string(graph.name(id))))
      for (const auto& output : last->outputs)
        if (discovery.pattern.match(output.path)) outputs.push_back(output.path);
  }
}

// All that the execution made, temporary files that have gone with the others.
std::vector<core::Artifact> history_or(const std::vector<core::Artifact>& outputs,
                                       WorkspaceHistory& history, const std::string& step,
                                       const core::ExecutionId& execution) {
  const auto* last = history.last(step);
  return last != nullptr && last->execution == execution ? last->outputs : outputs;
}

}  // namespace

Plan plan_workflow(const RunRequest& request) {
  auto loaded = load_pipeline(request.pipeline, request.overrides, wanted_of(request));
  const auto& graph = *loaded.graph;
  auto growth = growth_of(request, loaded);
  const auto& selection = growth.selection();
  engine::Forcing forcing{request.force_all, checked_force_names(graph, request.force_steps)};
  require_inputs(loaded, selection);

  const auto workspace = Workspace::at(loaded.directory);
  std::unique_ptr<Archive> archive;
  std::optional<RepositoryLocation> location;
  if (workspace.exists() || request.repository || os::environment_variable("PROVRUN_REPO"))
    location = locate_repository(request.repository, workspace);
  if (location && (!location->by_default || os::lstat_file(location->path)))
    archive = Archive::open(*location, workspace.exists() ? std::optional(workspace) : std::nullopt,
                            Archive::Mode::look);
  auto* state = archive ? archive->state() : nullptr;

  CachedFiles real_files(workspace.root(), state, ".provrun/aside", [](const std::string&) {});
  PlannedFiles files(real_files);
  WorkspaceHistory history(state, loaded.file_name);
  NoResults none;
  std::optional<StoredResults> stored;
  if (archive)
    stored.emplace(*archive, workspace.root(), workspace.existing_hash_key(),
                   files_now(real_files));
  core::Results& results = stored && request.reuse ? static_cast<core::Results&>(*stored) : none;
  const auto redactor =
      make_redactor(*loaded.workflow, request.variables, workspace.existing_hash_key());
  engine::Decider decider(graph, files, results, history, request.variables, redact_with(redactor),
                          std::move(forcing));

  SoftwareNames software(archive.get());
  decider.name_software_with(
      [&](core::Reason& reason, const core::ExecutionId& last) { software.improve(reason, last); });

  Plan plan;
  plan.workflow = loaded.name();
  plan.notices = unset_secrets(graph, selection, request.variables);
  enum class Fate : std::uint8_t { known, unknown, blocked };
  std::vector<Fate> fates;
  const auto add = [&](PlannedStep step, Fate fate) {
    step.state = fate == Fate::blocked                 ? PlannedStep::State::blocked
                 : fate == Fate::unknown || step.reuse ? PlannedStep::State::would_run
                                                       : PlannedStep::State::up_to_date;
    plan.would_run += step.state == PlannedStep::State::would_run ? 1 : 0;
    plan.up_to_date += step.state == PlannedStep::State::up_to_date ? 1 : 0;
    plan.blocked += step.state == PlannedStep::State::blocked ? 1 : 0;
    plan.steps.push_back(std::move(step));
  };
  // The selection grows by what was discovered, as it would in a run.
  for (std::size_t at = 0; at < selection.size(); ++at) {
    const auto id = selection[at];
    fates.resize(graph.instance_count(), Fate::known);
    PlannedStep step;
    step.step = std::string(graph.name(id));
    step.usual_duration_s = history.usual_duration(step.step);
    for (const auto path : graph.outputs(id))
      step.outputs.push_back(std::string(graph.path(path)) + (graph.is_directory(path) ? "/" : ""));
    add_discovered(graph, id, history, step.outputs);
    auto& fate = fates[pipeline::index_of(id)];
    // Whatever becomes of its inputs.
    const bool frozen = decider.frozen(id);
    const auto lacks = frozen ? decider.missing_output(id) : std::string();
    const bool rests = frozen && lacks.empty();
    const auto depend_on = [&](pipeline::InstanceId before) {
      const auto theirs = fates[pipeline::index_of(before)];
      if (theirs == Fate::known || rests) return;
      if (step.reason.kind.empty())
        step.reason = {"upstream", std::string(graph.name(before)), "", ""};
      fate = std::max(fate, theirs);
    };
    for (const auto before : graph.predecessors(id))
      if (!graph.order_only(id, before) || decider.dependencies().reads_from(id, before))
        depend_on(before);
    for (const auto before : decider.dependencies().learned(id)) depend_on(before);
    if (frozen && fate == Fate::unknown) {  // what it needs will be made, and it will not run
      fate = Fate::blocked;
      step.reason = {"impossible", engine::frozen_without(lacks, step.step), "", ""};
    }
    std::vector<core::Artifact> known_outputs;
    if (fate == Fate::known) {
      auto decision = decider.decide(id);
      step.reason = decision.reason;
      switch (decision.action) {
        case engine::Action::none:
          known_outputs = history_or(decision.outputs, history, step.step, decision.execution);
          break;
        case engine::Action::execute:
          fate = Fate::unknown;
          break;
        case engine::Action::reuse:
          step.reuse = true;
          for (const auto output : graph.outputs(id))
            if (graph.is_directory(output)) files.plan_directory(std::string(graph.path(output)));
          for (const auto& discovery : graph.discoveries(id))
            for (const auto& path : engine::find_discovered(files, discovery.pattern))
              files.plan_absence(path);
          for (const auto& output : decision.outputs)
            files.plan(output, stored->link_target(output.path));
          known_outputs = decision.outputs;
          break;
        case engine::Action::impossible:
          fate = Fate::blocked;
          step.reason = {"impossible", decision.problem, "", ""};
          break;
      }
    }
    add(std::move(step), fate);
    if (fate != Fate::known) continue;
    growth.ended(id, known_outputs);
  }
  for (const auto id : growth.open()) {
    PlannedStep step;
    step.step = graph.workflow().step(id).name;
    step.reason = {"discovery", growth.awaits(id), "", ""};
    const auto awaited = graph.awaited(id);
    const bool is_blocked = std::any_of(awaited.begin(), awaited.end(), [&](const auto other) {
      const auto instances = graph.instances_of(other);
      return std::any_of(instances.begin(), instances.end(), [&](const auto instance) {
        return fates[pipeline::index_of(instance)] == Fate::blocked;
      });
    });
    add(std::move(step), is_blocked ? Fate::blocked : Fate::unknown);
  }
  return plan;
}

}  // namespace provrun::app
