#include "provrun/app/run_recorder.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_set>

#include "observed_memory.hpp"
#include "output_links.hpp"
#include "provrun/app/stored_results.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/lock.hpp"
#include "provrun/snapshot/tree_writer.hpp"
#include "provrun/store/write_session.hpp"
#include "secret_in_file.hpp"
#include "storing_thread.hpp"

namespace provrun::app {

namespace {

// A power cut may cost the journal's last second; the steps of it run again then.
constexpr std::chrono::seconds kSyncInterval{1};
// A larger file outside of the workspace is named by its content and not stored.
constexpr std::uint64_t kLargestObserved = std::uint64_t{256} << 20U;

std::string safe_file_name(std::string_view step) {
  std::string name;
  for (const char c : step) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("._-@+=,").find(c) != std::string_view::npos;
    if (plain)
      name += c;
    else
      name += base::format("%{:02X}", static_cast<unsigned char>(c));
  }
  if (name.size() > 200)
    name = name.substr(0, 180) + "-" + hash::sha256(step).to_hex().substr(0, 12);
  return name;
}

}  // namespace

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

struct RunRecorder::State {
  explicit State(Setup given) : setup(std::move(given)) {}

  Setup setup;
  core::RunRecord record;
  std::string directory;
  std::optional<os::FileLock> lock;  // tells recover_runs that the run is alive
  os::File journal;
  std::chrono::nanoseconds last_sync{};
  std::function<void()> on_start;
  bool started = false;
  bool recovering = false;

  std::unique_ptr<store::WriteSession> session;
  std::unique_ptr<StoringThread> storing;
  std::unordered_map<core::ContentId, store::FileContent> known;  // contents of several chunks

  std::vector<core::Execution> executions;  // without key documents
  std::string lines;                        // executions.ndjson
  std::map<std::string, core::Artifact> artifacts;
  std::map<std::string, core::Artifact> superseded;  // by path in the snapshot
  std::unordered_map<core::ContentId, core::AccessSetPtr> sets;
  std::unordered_map<core::ContentId, core::AccessSetPtr> redacted_sets;  // by their ids before
  std::unordered_set<std::string> optional;    // artifacts that may turn out not to be stored
  std::map<std::string, std::string> links;    // targets of outputs that are links, by path
  std::map<std::string, core::Artifact> logs;  // by path in the snapshot, as the artifact's path
  std::vector<catalog::RememberedStep> steps;
  core::StepCounts counts;

  std::string journal_path() const { return directory + "/journal.ndjson"; }
  std::string log_path(const core::ContentId& content) const {
    return directory + "/log-" + content.digest.to_hex();
  }

  // Copies of the pipeline and of the files it was made from, as they were when the run began: who
  // edits them after a kill must not take them from the completed record.
  std::string kept_path(const core::ContentId& content) const {
    return directory + "/kept-" + content.digest.to_hex();
  }

  void keep_copy(const core::Artifact& artifact) {
    const auto text = os::read_file(setup.files->absolute(artifact.path));
    if (hash::sha256(text) == artifact.content.digest)  // else the storing thread says so
      os::write_file_atomically(kept_path(artifact.content), text, os::Durability::synced, 0600);
  }

  // Where the artifact's bytes are now.
  std::string source_of(const core::Artifact& artifact) const {
    auto kept = kept_path(artifact.content);
    return os::lstat_file(kept) ? kept : setup.files->absolute(artifact.path);
  }

  void start() {
    if (started) return;
    started = true;
    const bool begun =
        os::lstat_file(journal_path()).has_value();  // when a killed run is recovered
    journal = os::open_for_appending(journal_path());
    recovering = begun;
    if (!begun) append(core::to_json(record).dump());
    session = setup.archive->repository().begin_session();
    storing = std::make_unique<StoringThread>(*session);
    // Who edits the pipeline while it runs changes the next run, not this record.
    if (!begun)
      for (const auto& [path, artifact] : artifacts) {
        keep_copy(artifact);
        keep(artifact, setup.files->absolute(path));
      }
    if (on_start) on_start();
  }

  void append(std::string line) {
    line += '\n';
    os::write_all(journal, std::string_view(line), journal_path());
    const auto now = os::steady_now();
    if (now - last_sync < kSyncInterval) return;
    os::sync_file(journal, journal_path());
    last_sync = now;
  }

  // Queues the file to be stored unless the repository has its content.
  void keep(const core::Artifact& artifact, const std::string& path) {
    if (const auto target = link_target(artifact, path); target && is_bare_link(artifact, *target))
      return;  // the tree holds it whole
    if (storing->knows(artifact.content)) return;
    if (auto content =
            single_chunk(artifact.content, artifact.size, setup.archive->repository().config())) {
      if (session->has_all(*content)) return;
    } else if (known.contains(artifact.content)) {
      return;
    } else if (const auto bytes = setup.archive->catalog().content_location(artifact.content)) {
      auto location = decode_location(artifact.content, *bytes);
      if (location && session->has_all(*location)) {
        known.emplace(artifact.content, std::move(*location));
        return;
      }
    }
    if (withheld(artifact, path)) return;
    storing->store(path, artifact.content);
  }

  std::string key_of(const core::Artifact& artifact) const {
    return artifact.path + '\0' + artifact.content.digest.to_hex();
  }

  // A declared file with a declared secret in it: what cannot be taken out again does not go in.
  bool withheld(const core::Artifact& artifact, const std::string& path) {
    if (setup.secrets == nullptr || setup.secrets->empty()) return false;
    const auto name = secret_in_file(*setup.secrets, path);
    if (!name) return false;
    if (optional.insert(key_of(artifact)).second && setup.notice)
      setup.notice(base::format("{} holds the secret {}: its content is named, and not stored",
                                base::printable(artifact.path), *name));
    return true;
  }

  // Nobody asked for an undeclared file to be kept: one with a secret in it is only named.
  bool holds_secret(const core::Artifact& artifact) {
    constexpr std::uint64_t kSearched = 4U << 20U;
    if (artifact.size > kSearched) return false;
    try {
      const auto text = os::read_file(setup.files->absolute(artifact.path), kSearched);
      return setup.redactor->redact(text).count > 0;
    } catch (const base::Error&) {
      return true;  // it has gone, or may not be read
    }
  }

  // A path may hold a secret too. What is left of it then is no dependency.
  bool redact_path(core::Access& access) const {
    auto redacted = setup.redactor->redact(access.path);
    if (redacted.count == 0) return false;
    access.path = std::move(redacted.text);
    access.before = core::Presence::unknown;
    access.content.reset();
    return true;
  }

  // An undeclared file with a secret in its name is none that one could store under it.
  void redact_artifacts(core::Execution& execution) const {
    const auto erase = [&](std::vector<core::Artifact>& files,
                           const std::vector<std::string>& undeclared) {
      std::set<std::string_view> secret;
      for (const auto& path : undeclared)
        if (setup.redactor->redact(path).count > 0) secret.insert(path);
      if (!secret.empty())
        std::erase_if(files, [&](const auto& one) { return secret.contains(one.path); });
    };
    erase(execution.inputs, execution.observed.undeclared_inputs);
    erase(execution.outputs, execution.observed.undeclared_outputs);
  }

  void redact_paths(core::Observed& observed) {
    for (auto& access : observed.accesses) redact_path(access);
    for (std::size_t i = 0; i < observed.bodies.size(); ++i) {
      auto& clean = redacted_sets[observed.access_sets[i]];
      if (!clean) {
        clean = observed.bodies[i];
        auto accesses = clean->accesses;
        bool changed = false;
        for (auto& access : accesses) changed = redact_path(access) || changed;
        if (changed) {
          const auto text = core::text_of(clean->path_class, accesses);
          clean = std::make_shared<const core::AccessSet>(core::parse_access_set(text));
        }
      }
      observed.access_sets[i] = clean->id;
      observed.bodies[i] = clean;
    }
    for (auto* list :
         {&observed.network, &observed.undeclared_inputs, &observed.undeclared_outputs})
      for (auto& text : *list) text = setup.redactor->redact(text).text;
    for (auto& process : observed.processes)
      process.program = setup.redactor->redact(process.program).text;
  }

  // A file that was observed to be used or made: others may change it before it is stored.
  void try_keep(const core::Artifact& artifact) {
    if (artifact.size > kLargestObserved && artifact.path.starts_with('/')) return;
    if (!optional.insert(key_of(artifact)).second) return;
    // What the repository has need not be read to be refused.
    if (auto content =
            single_chunk(artifact.content, artifact.size, setup.archive->repository().config());
        content && session->has_all(*content))
      return;
    if (holds_secret(artifact)) return;
    storing->try_store(setup.files->absolute(artifact.path), artifact.content);
  }

  // Sets go to the journal before the execution that names them.
  void take_sets(const core::Execution& execution) {
    for (const auto& set : execution.observed.bodies) {
      if (!sets.emplace(set->id, set).second) continue;
      append(codec::Json::object(
                 {{"type", "access_set"}, {"text", core::text_of(set->path_class, set->accesses)}})
                 .dump());
    }
  }

  // Of two versions of a file the later one stands at its path.
  void add_artifact(const core::Artifact& artifact, bool later) {
    const auto [at, fresh] = artifacts.emplace(artifact.path, artifact);
    if (fresh || at->second.content == artifact.content) return;
    auto older = artifact;
    // What ran stands at the pipeline's path, whatever a step made of the file.
    const bool is_pipeline = record.pipeline && record.pipeline->path == artifact.path;
    if (later && !is_pipeline) std::swap(older, at->second);
    superseded.emplace(std::string(kVersionDirectory) + older.content.digest.to_hex(), older);
  }

  void take_log(core::Execution& execution, const std::vector<std::string>& attempt_logs) {
    std::string text;
    for (std::size_t i = 0; i < attempt_logs.size(); ++i) {
      if (attempt_logs[i].empty()) continue;
      if (attempt_logs.size() > 1) text += base::format("--- attempt {} ---\n", i + 1);
      text += os::read_file(attempt_logs[i]);
      os::remove_file(attempt_logs[i]);
    }
    if (text.empty()) return;
    text = setup.redactor->redact(text).text;
    core::Artifact log;
    log.path = std::string(kLogDirectory) + safe_file_name(execution.step) + ".log";
    log.content = core::ContentId{hash::sha256(text)};
    log.size = text.size();
    log.mode = 0600;
    os::write_file_atomically(log_path(log.content), text, os::Durability::cached);
    execution.log = log;
  }

  void add(core::Execution execution) {
    counts.add(execution.state);
    for (auto& input : execution.inputs) {
      input.mode &= core::kPermissionBits;
      add_artifact(input, false);
    }
    for (const auto& output : execution.outputs) add_artifact(output, true);
    for (const auto& output : execution.outputs)
      if (const auto target = link_target(output, setup.files->absolute(output.path)))
        links.insert_or_assign(output.path, *target);
    if (execution.log) logs.emplace(execution.log->path, *execution.log);
    const bool made =
        execution.state == core::StepState::executed || execution.state == core::StepState::reused;
    // An up-to-date step with a key was recognised by its stored result: from now on it is known
    // here.
    if (made || (execution.state == core::StepState::up_to_date && !execution.key.is_null()))
      steps.push_back(remembered_step(
          execution, [&](const std::string& path) { return setup.files->stat_of(path); }));
    if (execution.state == core::StepState::up_to_date) {
      execution.key = {};
      // The execution it names has the rest; ten thousand unchanged steps should not repeat it.
      execution.inputs.clear();
      execution.outputs.clear();
      execution.observed = {};
    }
    lines += core::to_json(execution).dump();
    lines += '\n';
    execution.key = {};
    executions.push_back(std::move(execution));
  }

  // An output's link stays one when what it leads to is in the snapshot too, or is no file at all.
  const std::string* link_to_keep(const core::Artifact& artifact) const {
    const auto link = links.find(artifact.path);
    if (link == links.end() || !core::is_link(artifact)) return nullptr;
    if (is_bare_link(artifact, link->second)) return &link->second;
    const auto inner = inner_target(artifact.path, link->second);
    const auto led_to = inner ? artifacts.find(*inner) : artifacts.end();
    return led_to != artifacts.end() && led_to->second.content == artifact.content ? &link->second
                                                                                   : nullptr;
  }

  snapshot::Entry entry_of(const core::Artifact& artifact, const std::string& path) {
    snapshot::Entry entry;
    entry.path = path;
    entry.mode = artifact.mode & core::kPermissionBits;
    const auto* stat = setup.files->stat_of(artifact.path);
    entry.mtime_ns = stat != nullptr ? stat->mtime_ns : record.ended.nanoseconds;
    if (const auto* target = link_to_keep(artifact)) {
      entry.type = snapshot::EntryType::symlink;
      entry.mode = 0777;
      entry.target = *target;
      return entry;
    }
    entry.content = content_of(artifact);
    return entry;
  }

  // Whether the repository has the artifact, when all is stored.
  bool is_stored(const core::Artifact& artifact) {
    if (storing->find(artifact.content) || known.contains(artifact.content)) return true;
    const auto content =
        single_chunk(artifact.content, artifact.size, setup.archive->repository().config());
    return content && session->has_all(*content);
  }

  void drop_unstored() {
    for (auto* list : {&artifacts, &superseded})
      std::erase_if(*list, [&](const auto& entry) {
        const auto& artifact = entry.second;
        const bool may_lack =
            optional.contains(key_of(artifact)) ||
            (list == &superseded && core::is_link(artifact));  // a link to nothing, now another
        return may_lack && !is_stored(artifact);
      });
  }

  store::FileContent content_of(const core::Artifact& artifact) {
    if (auto stored = storing->find(artifact.content)) return *stored;
    if (const auto found = known.find(artifact.content); found != known.end()) return found->second;
    auto content =
        single_chunk(artifact.content, artifact.size, setup.archive->repository().config());
    if (content && session->has_all(*content)) return *content;
    throw base::Error(base::ErrorCode::failed,
                      base::format("{} was not stored", base::printable(artifact.path)));
  }

  store::ChunkId write_tree(const Extra& extra) {
    std::vector<snapshot::Entry> entries;
    entries.reserve(artifacts.size() + logs.size() + 3);
    for (const auto& [path, artifact] : artifacts)
      entries.push_back(entry_of(artifact, path_in_snapshot(setup.workspace.root(), path)));
    for (const auto& [path, log] : logs) entries.push_back(entry_of(log, path));
    for (const auto& [path, artifact] : superseded)
      entries.push_back(entry_of({path, artifact.content, artifact.size, artifact.mode}, path));
    const auto add_text = [&](std::string_view path, std::string_view text) {
      snapshot::Entry entry;
      entry.path = std::string(path);
      entry.mode = 0600;
      entry.mtime_ns = record.ended.nanoseconds;
      entry.content = session->put_bytes(text);
      entries.push_back(std::move(entry));
    };
    add_text(kExecutionsFile, lines);
    for (const auto& [id, set] : sets)
      add_text(access_set_path(id), core::text_of(set->path_class, set->accesses));
    if (!extra.software.empty()) add_text(kSoftwareFile, extra.software);
    if (!extra.git_diff.empty()) add_text(kGitDiffFile, extra.git_diff);
    add_text(kRunFile, core::to_json(record).dump_pretty() + "\n");
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return snapshot::path_less(a.path, b.path); });
    // The same file may have been named in two ways ("x" and its absolute path).
    entries.erase(std::unique(entries.begin(), entries.end(),
                              [](const auto& a, const auto& b) { return a.path == b.path; }),
                  entries.end());
    snapshot::TreeWriter writer(*session);
    for (const auto& entry : entries) writer.add(entry);
    const auto root = writer.finish();
    tree_counts = writer.counts();
    return root;
  }

  // Whether the artifact's bytes are in the repository or still at their path.
  bool available(const core::Artifact& artifact, const std::string& path) {
    if (const auto target = link_target(artifact, path); target && is_bare_link(artifact, *target))
      return true;
    if (auto content =
            single_chunk(artifact.content, artifact.size, setup.archive->repository().config());
        content && session->has_all(*content))
      return true;
    try {
      const auto stat = os::stat_file(path);
      return stat && stat->type == os::FileType::regular &&
             setup.files->content_of(path, *stat) == artifact.content;
    } catch (const base::Error&) {
      return false;
    }
  }

  void drop_unavailable() {
    std::erase_if(artifacts, [&](const auto& entry) {
      return !available(entry.second, source_of(entry.second));
    });
    std::erase_if(superseded, [&](const auto& entry) {
      return !available(entry.second, source_of(entry.second));
    });
    std::erase_if(links, [&](const auto& link) { return !artifacts.contains(link.first); });
    std::erase_if(logs, [&](const auto& entry) {
      return !available(entry.second, log_path(entry.second.content));
    });
  }

  void store_artifacts() {
    for (const auto& [path, artifact] : artifacts)
      if (!optional.contains(key_of(artifact)))
        keep(artifact, recovering ? source_of(artifact) : setup.files->absolute(path));
    for (const auto& [path, log] : logs) keep(log, log_path(log.content));
    storing->finish();
    drop_unstored();
  }

  void update_catalog(const snapshot::SnapshotName& name) {
    auto& catalog = setup.archive->catalog();
    const auto& config = setup.archive->repository().config();
    for (const auto& [path, artifact] : artifacts) {
      if (single_chunk(artifact.content, artifact.size, config)) continue;
      catalog.put_content_location(artifact.content, artifact.size,
                                   encode_location(content_of(artifact)));
    }
    catalog.add_run(record, name.id.to_hex(), executions);
    remember();
  }

  void remember() {
    auto* state = setup.archive->state();
    std::vector<core::AccessSetPtr> bodies;
    for (const auto& [id, set] : sets) bodies.push_back(set);
    state->put_access_sets(bodies);
    if (!setup.workflow_file.empty() && !steps.empty())
      state->put_steps(setup.workflow_file, steps);
    setup.files->remember(*state);
  }

  snapshot::TreeCounts tree_counts;
  store::SessionStatistics statistics;
};

RunRecorder::RunRecorder(Setup setup, core::RunRecord record)
    : state_(std::make_unique<State>(std::move(setup))) {
  state_->record = std::move(record);
  state_->directory =
      state_->setup.workspace.runs_directory() + "/" + state_->record.id.to_string();
  os::make_directories(state_->directory, 0700);
  state_->lock = os::FileLock::try_acquire(state_->directory + "/lock", "");
  for (const auto& artifact : state_->record.configuration)
    state_->artifacts.emplace(artifact.path, artifact);
  if (state_->record.pipeline)
    state_->artifacts.emplace(state_->record.pipeline->path, *state_->record.pipeline);
}

RunRecorder::~RunRecorder() = default;

void RunRecorder::on_start(std::function<void()> start) {
  state_->on_start = std::move(start);
}
std::vector<std::string> RunRecorder::software_used() const {
  std::vector<std::string> paths;
  for (const auto& [id, set] : state_->sets)
    if (set->path_class == core::PathClass::system)
      for (const auto& access : set->accesses)
        if (access.content && access.before == core::Presence::file) paths.push_back(access.path);
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
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
  if (state.artifacts.emplace(input.path, input).second)
    state.keep(input, state.setup.files->absolute(input.path));
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
  state.take_log(execution, attempt_logs);
  state.redact_artifacts(execution);
  state.redact_paths(execution.observed);
  state.take_sets(execution);
  if (execution.state != core::StepState::skipped) state.append(core::to_json(execution).dump());
  for (const auto& input : execution.inputs)
    if (core::evidence_of_input(execution, input.path) == core::Evidence::observed)
      state.try_keep(input);
  for (const auto& output : execution.outputs) {
    if (core::evidence_of_output(execution, output.path) == core::Evidence::observed)
      state.try_keep(output);
    else
      state.keep(output, state.setup.files->absolute(output.path));
  }
  const auto log = execution.log ? state.log_path(execution.log->content) : std::string();
  state.add(execution);
  return log;
}

void RunRecorder::recover(core::Execution execution) {
  auto& state = *state_;
  state.start();
  for (const auto& output : execution.outputs)
    if (!state.available(output, state.setup.files->absolute(output.path))) {
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
  record.ended = os::now();
  record.counts = state.counts;
  record.environment = std::move(extra.environment);
  record.git = std::move(extra.git);

  if (state.recovering) state.drop_unavailable();
  state.store_artifacts();
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
  return record;
}

void RunRecorder::discard() {
  if (state_->started) return;
  state_->remember();
  os::remove_tree(state_->directory);
}

namespace {

struct Journal {
  std::optional<core::RunRecord> head;
  std::vector<core::Execution> executions;  // with those that never ended, as failed ones
  std::string cause = "the process that ran it was killed or lost power";
};

Journal read_journal(std::string_view text) {
  Journal journal;
  std::map<std::string, core::Execution> running;
  std::unordered_map<core::ContentId, core::AccessSetPtr> sets;
  for (const auto line : base::split(text, '\n')) {
    if (line.empty()) continue;
    try {
      const auto json = codec::parse_json(line);
      const auto type = json.get_string("type");
      if (!journal.head) {
        journal.head = core::run_record_from_json(json);
      } else if (type == "started") {
        core::Execution execution;
        execution.id.uuid = base::parse_uuid(json.get_string("execution")).value_or(base::Uuid{});
        execution.step = json.get_string("step");
        execution.state = core::StepState::failed;
        execution.failure = "was running when the run ended";
        running[json.get_string("execution")] = std::move(execution);
      } else if (type == "access_set") {
        auto set =
            std::make_shared<core::AccessSet>(core::parse_access_set(json.get_string("text")));
        sets.emplace(set->id, std::move(set));
      } else if (type == "failed") {
        journal.cause = "it could not be recorded: " + json.get_string("cause");
      } else {
        journal.executions.push_back(core::execution_from_json(json));
        auto& observed = journal.executions.back().observed;
        for (const auto& id : observed.access_sets)
          if (const auto found = sets.find(id); found != sets.end())
            observed.bodies.push_back(found->second);
        running.erase(journal.executions.back().id.to_string());
      }
    } catch (const base::Error&) {
      break;  // the line that was being written when the run died
    }
  }
  for (auto& [id, execution] : running) journal.executions.push_back(std::move(execution));
  return journal;
}

}  // namespace

std::vector<core::RunRecord> recover_runs(const Workspace& workspace, Archive& archive,
                                          CachedFiles& files, const policy::Redactor& redactor,
                                          const policy::KnownSecrets* secrets) {
  std::vector<core::RunRecord> recovered;
  if (!os::stat_file(workspace.runs_directory())) return recovered;
  for (const auto& entry : os::list_directory(workspace.runs_directory())) {
    const auto directory = os::join_path(workspace.runs_directory(), entry.name);
    const auto stat = os::lstat_file(directory);
    if (!stat || stat->type != os::FileType::directory) continue;  // not ours
    const auto journal = os::join_path(directory, "journal.ndjson");
    {
      const auto dead = os::FileLock::try_acquire(directory + "/lock", "");
      if (!dead) continue;
    }
    if (!os::lstat_file(journal)) {
      os::remove_tree(directory);
      continue;
    }
    const auto text = os::read_file(journal);
    auto told = read_journal(text);
    const auto& head = told.head;
    if (!head ||
        archive.catalog().find_run(head->id)) {  // nothing told, or committed just before the end
      os::remove_tree(directory);
      continue;
    }
    auto workflow_file = head->pipeline ? head->pipeline->path : std::string();
    RunRecorder recorder(
        {workspace, &archive, &files, &redactor, std::move(workflow_file), secrets}, *head);
    for (auto& execution : told.executions) recorder.recover(std::move(execution));
    recovered.push_back(recorder.finish(core::RunState::interrupted, told.cause, {}));
  }
  return recovered;
}

}  // namespace provrun::app
