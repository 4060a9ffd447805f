#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "kept_files.hpp"
#include "provrun/app/run_recorder.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/lock.hpp"

// Runs that were killed: what their journals tell is completed and committed.
namespace provrun::app {

namespace {

struct Journal {
  std::optional<core::RunRecord> head;
  std::vector<core::Execution> executions;        // with those that never ended, as failed ones
  std::set<std::string, std::less<>> not_stored;  // paths of files that do not go to the repository
  std::vector<core::Artifact> half_changed;       // inputs that steps were changing when it ended
  std::set<std::string, std::less<>> removed;     // paths of temporary files
  std::vector<std::string> secret_marks;
  std::string cause = "the process that ran it was killed or lost power";
};

Journal read_journal(std::string_view text) {
  Journal journal;
  std::map<std::string, core::Execution> running;
  std::unordered_map<core::ContentId, core::AccessSetPtr> sets;
  std::vector<std::pair<std::string, core::Artifact>> changing;
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
      } else if (type == "secrets") {
        for (const auto& mark : json.at("marks").as_array())
          journal.secret_marks.push_back(mark.as_string());
      } else if (type == "not_stored") {
        journal.not_stored.insert(json.get_string("path"));
      } else if (type == "will_change") {
        changing.emplace_back(json.get_string("execution"), core::artifact_from_json(json));
      } else if (type == "removed") {
        journal.removed.insert(json.get_string("path"));
      } else if (type == "failed") {
        journal.cause = "it could not be recorded: " + json.get_string("cause");
      } else {
        journal.executions.push_back(
            core::execution_from_stored_json(json, [&](const core::ContentId& id) {
              const auto found = sets.find(id);
              return found != sets.end() ? found->second : nullptr;
            }));
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
  for (auto& [id, input] : changing)
    if (running.contains(id)) journal.half_changed.push_back(std::move(input));
  for (auto& [id, execution] : running) journal.executions.push_back(std::move(execution));
  return journal;
}

// A file that a step was updating when the run ended: what it had made of it goes aside, and the
// step begins anew with the one before.
void put_back(const core::Artifact& input, const std::string& directory, CachedFiles& files) {
  const auto kept = directory + "/kept-" + input.content.digest.to_hex();
  if (!os::lstat_file(kept)) return;
  const auto path = files.absolute(input.path);
  if (const auto stat = os::stat_file(path);
      stat && stat->type == os::FileType::regular && files.content_of(path, *stat) == input.content)
    return;
  files.set_aside(input.path);
  bring_copy_back(input, kept, path);
}

}  // namespace

bool has_killed_runs(const Workspace& workspace) {
  const auto runs = workspace.runs_directory();
  if (!os::stat_file(runs)) return false;
  for (const auto& entry : os::list_directory(runs)) {
    const auto directory = os::join_path(runs, entry.name);
    if (os::lstat_file(os::join_path(directory, "journal.ndjson")) &&
        os::FileLock::try_acquire(directory + "/lock", ""))
      return true;
  }
  return false;
}

std::vector<core::RunRecord> recover_runs(const Workspace& workspace, Archive& archive,
                                          CachedFiles& files, const policy::Redactor& redactor,
                                          const RunRecorder::Setup& like) {
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
    for (const auto& input : told.half_changed) put_back(input, directory, files);
    auto workflow_file = head->pipeline ? head->pipeline->path : std::string();
    RunRecorder::Setup setup{workspace, &archive, &files, &redactor, std::move(workflow_file)};
    setup.screen = like.screen;
    setup.may_look_secret = like.may_look_secret;
    setup.is_stored = [&](const auto& path) { return !told.not_stored.contains(path); };
    setup.may_go = [&](const auto& path) { return told.removed.contains(path); };
    setup.secret_marks = like.secret_marks;
    RunRecorder recorder(std::move(setup), *head);
    const auto is_looked_for = [&](const auto& mark) {
      return std::find(like.secret_marks.begin(), like.secret_marks.end(), mark) !=
             like.secret_marks.end();
    };
    if (!std::all_of(told.secret_marks.begin(), told.secret_marks.end(), is_looked_for))
      recorder.trust_no_file();
    for (auto& execution : told.executions) recorder.recover(std::move(execution));
    recovered.push_back(recorder.finish(core::RunState::interrupted, told.cause, {}));
  }
  return recovered;
}

}  // namespace provrun::app
