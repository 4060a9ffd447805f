#include "provrun/app/run_recorder.hpp"

#include "provrun/app/parity.hpp"
#include "run_recorder_state.hpp"

namespace provrun::app {

RunRecorder::RunRecorder(Setup setup, core::RunRecord record)
    : state_(std::make_unique<State>(std::move(setup))) {
  state_->record = std::move(record);
  state_->directory = !state_->setup.directory.empty() ? state_->setup.directory
                                                       : state_->setup.workspace.runs_directory() +
                                                             "/" + state_->record.id.to_string();
  os::make_directories(state_->directory, 0700);
  state_->lock = os::FileLock::try_acquire(state_->directory + "/lock", "");
  for (const auto& artifact : state_->record.configuration)
    state_->artifacts.try_emplace(artifact.path, State::Held{artifact});
  if (const auto& pipeline = state_->record.pipeline)
    state_->artifacts.try_emplace(pipeline->path, State::Held{*pipeline});
}

RunRecorder::~RunRecorder() = default;

void RunRecorder::on_start(std::function<void()> start) {
  state_->on_start = std::move(start);
}
std::vector<std::string> RunRecorder::software_used() const {
  return system_files_in(state_->sets);
}

bool RunRecorder::started() const {
  return state_->started;
}
const std::string& RunRecorder::directory() const {
  return state_->directory;
}
store::SessionStatistics RunRecorder::statistics() const {
  return state_->statistics;
}

void RunRecorder::execution_started(const core::Execution& execution) {
  state_->start();
  state_->append(codec::Json::object({{"type", "started"},
                                      {"execution", execution.id.to_string()},
                                      {"step", execution.step},
                                      {"time", os::now().to_rfc3339()}})
                     .dump());
}

void RunRecorder::note_failure(const std::string& cause) noexcept {
  try {
    if (state_->started && state_->journal)
      state_->append(codec::Json::object({{"type", "failed"},
                                          {"cause", state_->setup.redactor->redact(cause).text}})
                         .dump());
  } catch (const base::Error&) {  // the disk that could not take the record cannot take this either
  }
}

void RunRecorder::input_used(const core::Artifact& input) {
  auto& state = *state_;
  state.start();
  if (!state.may_store(input.path)) return;
  const auto [at, fresh] = state.artifacts.try_emplace(input.path);
  auto& held = at->second;
  if (fresh) held.artifact = input;
  // One that has gone already is no loss if the repository does not have it either.
  if (state.may_go(input.path)) {
    held.may_lack = held.may_lack || fresh;
    return;
  }
  // One that was only observed before may be stored by now, or not.
  const bool unsure = held.may_lack && held.artifact.content == input.content;
  held.may_lack = held.may_lack && !unsure;
  if (fresh || unsure) state.keep(input, state.setup.files->absolute(input.path));
}

void RunRecorder::will_change(const core::Execution& execution, const core::Artifact& input) {
  auto& state = *state_;
  state.start();
  const auto kept = state.kept_path(input.content);
  keep_copy_of(input, state.setup.files->absolute(input.path), kept);
  auto line = core::to_json(input);
  line.set("type", "will_change");
  line.set("execution", execution.id.to_string());
  state.append(line.dump());
  if (!state.may_store(input.path)) return;
  const auto [at, fresh] = state.artifacts.try_emplace(input.path);
  if (fresh) at->second.artifact = input;
  state.keep(input, kept);
}

void RunRecorder::put_back(const core::Artifact& input) {
  bring_copy_back(input, state_->kept_path(input.content),
                  state_->setup.files->absolute(input.path));
}

void RunRecorder::round_made(const core::Artifact& output) {
  auto& state = *state_;
  if (core::is_link(output)) return;
  if (!state.may_store(output.path)) return state.look_through(output);
  state.keep(output, state.setup.files->absolute(output.path));
  state.storing->finish();
}

void RunRecorder::removing(const core::Artifact& output) {
  auto& state = *state_;
  state.start();
  state.storing->finish();
  state.append(codec::Json::object({{"type", "removed"}, {"path", output.path}}).dump());
}

void RunRecorder::withdraw(const std::string& step) {
  auto& state = *state_;
  const auto known = std::erase_if(state.executions, [&](const auto& one) {
    return one.step == step && one.state == core::StepState::up_to_date;
  });
  if (known == 0) return;
  state.counts.up_to_date -= known;
  state.lines = without_up_to_date(state.lines, step);
}

std::string RunRecorder::execution_ended(core::Execution& execution,
                                         const std::vector<std::string>& attempt_logs) {
  auto& state = *state_;
  if (execution.state == core::StepState::up_to_date) {
    for (const auto& set : execution.observed.bodies) state.sets.emplace(set->id, set);
    state.add(execution);
    return {};
  }
  state.start();
  state.storing->check();
  state.refuse_secret_targets(execution);
  state.take_log(execution, attempt_logs);
  state.observed_redactor.redact(execution);
  state.take_sets(execution);
  for (auto& input : execution.inputs) input.mode &= core::kPermissionBits;
  auto text = core::to_stored_json(execution).dump();
  // Before the line about the execution: who recovers it must not store them.
  for (const auto* files : {&execution.inputs, &execution.outputs})
    for (const auto& file : *files) state.may_store(file.path);
  if (execution.state != core::StepState::skipped) state.append(text);
  for (const auto& input : execution.inputs)
    if (state.files_may_change() ||
        core::evidence_of_input(execution, input.path) == core::Evidence::observed)
      state.try_keep(input);
  for (const auto& output : execution.outputs) {
    if (!state.may_store(output.path))
      state.look_through(output);
    else if (state.files_may_change() ||
             core::evidence_of_output(execution, output.path) == core::Evidence::observed)
      state.try_keep(output);
    else
      state.keep(output, state.setup.files->absolute(output.path));
  }
  const auto log = execution.log ? state.log_path(execution.log->content) : std::string();
  state.add(execution, std::move(text));
  return log;
}

void RunRecorder::trust_no_file() {
  state_->unscreened = true;
}

void RunRecorder::recover(core::Execution execution) {
  auto& state = *state_;
  state.start();
  for (const auto& output : execution.outputs)
    if (!state.may_store(output.path))
      state.look_through(output);
    else if (!state.may_go(output.path) &&
             !state.available(output, state.setup.files->absolute(output.path))) {
      execution.state = core::StepState::failed;
      execution.failure = "its outputs were changed before they could be stored";
    }
  for (const auto& input : execution.inputs)
    if (core::evidence_of_input(execution, input.path) == core::Evidence::observed)
      state.try_keep(input);
  for (const auto& set : execution.observed.bodies) state.sets.emplace(set->id, set);
  if (execution.log && !state.available(*execution.log, state.log_path(execution.log->content)))
    execution.log.reset();
  state.add(std::move(execution));
}

core::RunRecord RunRecorder::finish(core::RunState run_state, const std::string& failure,
                                    Extra extra) {
  auto& state = *state_;
  auto& record = state.record;
  state.start();
  record.state = run_state;
  record.failure = failure;
  if (!state.is_late()) record.ended = os::now();
  record.counts = state.counts;
  record.environment = std::move(extra.environment);
  record.git = std::move(extra.git);

  if (state.recovering) state.drop_unavailable();
  state.store_artifacts();
  state.key_withheld_ids(extra);
  snapshot::Manifest manifest;
  manifest.root = state.write_tree(extra);
  manifest.host = record.host;
  manifest.user = record.user;
  manifest.paths = {state.setup.workspace.root()};
  manifest.started = record.started;
  manifest.ended = record.ended;
  manifest.counts = state.tree_counts;
  manifest.tool_version = record.tool_version;
  manifest.run = codec::Json::object({{"id", record.id.to_string()},
                                      {"workflow", record.workflow},
                                      {"state", core::name_of(record.state)}});
  const auto name = snapshot::commit_snapshot(*state.session, std::move(manifest));
  state.statistics = state.session->statistics();
  state.update_catalog(name);
  os::remove_tree(state.directory);
  follow_with_parity(state.session->repository());
  return record;
}

void RunRecorder::discard() {
  if (state_->started) return;
  state_->remember_recognised();
  state_->remember();
  os::remove_tree(state_->directory);
}

}  // namespace provrun::app
