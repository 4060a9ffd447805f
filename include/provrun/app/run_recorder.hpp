#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "provrun/app/archive.hpp"
#include "provrun/app/cached_files.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/core/ports/results.hpp"
#include "provrun/policy/file_screen.hpp"
#include "provrun/policy/redaction.hpp"

namespace provrun::app {

/// What the last runs left of every step instance of one workflow file.
class WorkspaceHistory : public core::History {
 public:
  /// Reads the state; null: an empty history.
  WorkspaceHistory(catalog::State* state, std::string workflow_file);

  const core::LastExecution* last(const std::string& step) override;
  codec::Json last_key(const std::string& step) override;
  std::optional<double> usual_duration(const std::string& step) override;
  const std::string& workflow_file() const { return workflow_file_; }

 private:
  struct Entry {
    core::LastExecution last;
    double duration_s = 0;
  };
  catalog::State* state_;
  std::string workflow_file_;
  std::unordered_map<std::string, Entry> entries_;
};

/// Writes a run down as it happens and commits it to the repository at its end.
///
/// Every ended execution goes to a journal in `.provrun/runs/RUN/` before anything depends on it,
/// and its files are stored by a thread of their own. finish() writes one snapshot of all artifacts
/// with the record beside them. A journal that outlives its process is committed by recover().
class RunRecorder : public core::RunLog {
 public:
  struct Setup {
    Workspace workspace;
    Archive* archive = nullptr;
    CachedFiles* files = nullptr;
    const policy::Redactor* redactor = nullptr;
    std::string workflow_file;  ///< relative to the workspace; "" for `exec`
    /// A file in which this finds a secret is named by its content and not stored.
    const policy::FileScreen* screen = nullptr;
    /// Whether the user has said that what looks like a secret in the file at the path is none.
    std::function<bool(const std::string& path)> may_look_secret = {};
    std::function<void(const std::string&)> notice = {};  ///< what people should know; may be empty
    /// Whether the file at the path is kept in the repository; empty: every one is.
    std::function<bool(const std::string& path)> is_stored = {};
    /// Whether it may have gone before all is stored; empty: none may.
    std::function<bool(const std::string& path)> may_go = {};
    /// Nobody has promised that files stay as they are until they are stored: of one that was
    /// changed meanwhile the record names the content, and the repository does not have it.
    bool files_may_change = false;
    /// Contents that were recognised by their keyed hashes: earlier runs withheld them.
    std::function<std::unordered_set<core::ContentId>()> recognised = {};
    /// Of executions that ended some time ago: where the bytes of the artifact may be, if nobody
    /// has changed or removed them. The record's `ended` stays what it is. Empty: they have ended
    /// just now, and their bytes are at their paths.
    std::function<std::string(const core::Artifact&)> bytes_of = {};
    /// Where the journal is; empty: in the workspace's runs, where recover_runs finds it.
    std::string directory = {};
    /// What stands for each secret that screen knows, see policy::Redactor::mark_of.
    std::vector<std::string> secret_marks = {};
  };

  /// The record's head: id, workflow, started … are filled in by the caller; state is running.
  RunRecorder(Setup setup, core::RunRecord record);
  ~RunRecorder() override;

  std::string execution_ended(core::Execution& execution,
                              const std::vector<std::string>& attempt_logs) override;
  void execution_started(const core::Execution& execution) override;
  void will_change(const core::Execution& execution, const core::Artifact& input) override;
  void put_back(const core::Artifact& input) override;
  void round_made(const core::Artifact& output) override;
  void removing(const core::Artifact& output) override;
  void withdraw(const std::string& step) override;
  void input_used(const core::Artifact& input) override;

  /// The run cannot be recorded to its end: the journal says why, for the run that completes it.
  void note_failure(const std::string& cause) noexcept;
  /// Takes over an execution from the journal of a killed run. One whose outputs are neither stored
  /// nor still at their paths becomes a failed one.
  void recover(core::Execution execution);
  /// The run had secrets that the screen does not know: nothing more of it is stored.
  void trust_no_file();

  /// True once there is something to record: a step was executed or reused, or failed.
  bool started() const;
  /// The folder of the run's journal and logs; made by the constructor.
  const std::string& directory() const;
  /// Called once, when the run starts to have something to record; may start gathering in the
  /// background.
  void on_start(std::function<void()> start);

  /// Files of installed software that executions of this run were observed to use, sorted.
  std::vector<std::string> software_used() const;

  struct Extra {
    codec::Json environment;
    codec::Json git;
    std::string git_diff;  ///< redacted; stored beside the record when not empty
    std::string software;  ///< what software_used is, with versions; likewise
  };
  /// Waits for the storing thread, commits the snapshot, updates catalog and state, and removes the
  /// journal. The record is final then. Throws when anything could not be stored.
  core::RunRecord finish(core::RunState state, const std::string& failure, Extra extra);
  /// Removes the run's folder when there was nothing to record; what was learnt is kept.
  void discard();
  /// What was stored by this run, after finish.
  store::SessionStatistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether there are any.
bool has_killed_runs(const Workspace& workspace);
/// Commits what the journals of killed runs tell, and removes them. The workspace's lock must be
/// held. like: of the run that does so, whose screen is theirs. Returns the runs recovered.
std::vector<core::RunRecord> recover_runs(const Workspace& workspace, Archive& archive,
                                          CachedFiles& files, const policy::Redactor& redactor,
                                          const RunRecorder::Setup& like);

}  // namespace provrun::app
