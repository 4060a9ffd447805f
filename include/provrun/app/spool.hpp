#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "provrun/app/archive.hpp"
#include "provrun/app/run_recorder.hpp"
#include "provrun/app/slurm_jobs.hpp"
#include "provrun/engine/decider.hpp"
#include "provrun/policy/file_screen.hpp"
#include "provrun/policy/redaction.hpp"

// Executions that end outside of a run, e.g. on the nodes of a cluster, write down what there is to
// record in a folder of their own below `.provrun/spool`; who has the repository takes it up later.
// Format: docs/formats/spool.md; why so: docs/design/slurm.md.
namespace provrun::app {

/// Set for commands whose executions are to be spooled: the workspace whose spool it is.
inline constexpr std::string_view kSpoolVariable = "PROVRUN_SPOOL";

/// Who writes an entry: enough to tell, later and elsewhere, whether it may still come to its end.
struct SpoolWriter {
  std::string host;
  std::string boot;  ///< os::boot_id
  int process = 0;
  unsigned long long start_ticks = 0;  ///< of the process, since that boot
  std::string slurm_job;               ///< number of the Slurm job; empty: there is none
  int slurm_restart = 0;               ///< how often that job was put back into the queue before
  std::string group;                   ///< entries of one group may become one run; empty: none
  std::string repository;              ///< absolute; empty: that of the workspace
};
/// This process, with the Slurm job that the variables tell of.
SpoolWriter this_spool_writer(const engine::Variables& variables);

/// One execution as its entry tells it.
struct SpooledExecution {
  std::string directory;  ///< of the entry, absolute
  SpoolWriter writer;
  core::RunRecord record;     ///< state running: it has not ended yet
  core::Execution execution;  ///< with the bodies of its access sets
  RunRecorder::Extra extra;
};

/// An entry while its execution runs. Everything handed over is redacted already.
class SpoolEntry {
 public:
  /// Writes down that the execution has begun; durable when it returns.
  SpoolEntry(const Workspace& workspace, SpoolWriter writer, const core::RunRecord& record,
             const core::Execution& execution);

  /// A folder for what the execution's processes need; it goes when the entry is taken up.
  const std::string& directory() const { return directory_; }
  /// Keeps the bytes of the file, whatever becomes of it. One that has changed is left out.
  void keep(const core::Artifact& artifact, const std::string& path);
  /// Its output, as a file; called before end.
  void keep_log(const std::string& text);
  /// The execution has ended: the record is as the run's at its end. Durable when it returns. An
  /// entry that was taken for dead meanwhile is written as a new one.
  void end(const core::RunRecord& record, const core::Execution& execution,
           const RunRecorder::Extra& extra);

 private:
  std::string spool_;
  std::string directory_;
  SpoolWriter writer_;
};

/// Where the bytes of the entry's files may be: what it has kept, else the empty string.
std::string spooled_bytes(const std::string& entry, const core::Artifact& artifact);
/// The text of an entry's file. Throws base::Error(invalid_input).
SpooledExecution parse_spooled(std::string_view text);

/// How many entries wait to be taken up; only names are read.
std::size_t count_spooled(const Workspace& workspace);

struct SpoolReport {
  std::vector<std::string> runs;     ///< that were recorded, by id
  std::size_t executions = 0;        ///< in them
  std::size_t running = 0;           ///< entries of executions that have not ended
  std::size_t elsewhere = 0;         ///< entries for other repositories
  std::vector<std::string> notices;  ///< what people should know
};

/// Asks the batch system about its jobs, all at once: see slurm_jobs.hpp.
using AskJobs = std::function<std::optional<JobStates>(const std::vector<std::string>& jobs)>;

/// Commits to the archive what waits in the spool for its repository, each execution once, whoever
/// else does so and wherever an earlier one was killed. Executions whose process or job is gone
/// without a record are recorded as failed. When somebody else is at it: waits until busy says no.
SpoolReport take_up_spool(const Workspace& workspace, const RepositoryLocation& location,
                          Archive& archive, const policy::FileScreen& screen, const AskJobs& ask,
                          const std::function<bool()>& wait_on);

/// The same for who has something else to do: nothing that others have left makes it fail, and it
/// waits for nobody.
void take_up_beside(const Workspace& workspace, const RepositoryLocation& location,
                    Archive& archive, const policy::FileScreen& screen,
                    const std::function<void(const std::string&)>& notice);

/// The same for the workspace of the current directory, opening what it needs.
SpoolReport take_up_spool(const std::optional<std::string>& repository,
                          const std::function<bool()>& wait_on);

}  // namespace provrun::app
