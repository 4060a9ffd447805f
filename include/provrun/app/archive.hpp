#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provrun/app/workspace.hpp"
#include "provrun/catalog/catalog.hpp"
#include "provrun/catalog/state.hpp"
#include "provrun/core/record.hpp"
#include "provrun/db/database.hpp"
#include "provrun/snapshot/snapshots.hpp"
#include "provrun/store/parity_groups.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::app {

/// Where the repository is, and who said so.
struct RepositoryLocation {
  std::string path;         ///< absolute
  bool by_default = false;  ///< the workspace's own; made at first use
};

/// --repo, else PROVRUN_REPO, else `repository:` of .provrun/config.yaml, else the workspace's own.
/// Throws Error(not_found) when there is no workspace either, Error(unsupported) for URL schemes
/// that this version does not speak.
RepositoryLocation locate_repository(const std::optional<std::string>& option,
                                     const std::optional<Workspace>& workspace);

/// The same for the workspace of the current directory, where it lies in one.
RepositoryLocation locate_repository_here(const std::optional<std::string>& option);

/// Opens the repository; one by default is made when create says so and it is not there, with so
/// much parity.
enum class Missing { fail, create };
std::unique_ptr<store::Repository> open_repository(const RepositoryLocation& location,
                                                   Missing missing,
                                                   int parity = store::kDefaultParity);

// Where a run's own files stand in its snapshot. No artifact can have such a path: `.provrun/` of a
// workspace is never one.
inline constexpr std::string_view kRunFile = ".provrun/run.json";
inline constexpr std::string_view kExecutionsFile = ".provrun/executions.ndjson";
inline constexpr std::string_view kGitDiffFile = ".provrun/git.diff";
inline constexpr std::string_view kLogDirectory = ".provrun/logs/";
inline constexpr std::string_view kAccessDirectory = ".provrun/accesses/";
inline constexpr std::string_view kSoftwareFile = ".provrun/software.ndjson";
/// Versions of files that were replaced during the run, by content.
inline constexpr std::string_view kVersionDirectory = ".provrun/versions/";
inline constexpr std::string_view kOutsideDirectory = ".provrun/outside";

/// Where a new workspace is about to be made for a repository that somebody named: throws when that
/// is not there, so that nothing is left behind.
void require_repository(const RepositoryLocation& location, const Workspace& workspace);

/// The path of an artifact in its run's snapshot: its own when it lies in the workspace, else below
/// kOutsideDirectory by its absolute path.
std::string path_in_snapshot(const std::string& workspace_root, const std::string& artifact_path);

/// A run as the repository has it.
struct StoredRun {
  snapshot::SnapshotName snapshot;
  snapshot::Manifest manifest;
  core::RunRecord record;
  std::vector<core::Execution> executions;
};

/// A repository with the catalog of its runs. One thread at a time.
class Archive {
 public:
  enum class Mode {
    look,   ///< changes nothing on disk: what the catalog lacks is gathered in memory
    update  ///< brings the catalog on disk up to date
  };
  /// The catalog lies in the workspace's state, or without a workspace in the user's cache.
  static std::unique_ptr<Archive> open(const RepositoryLocation& location,
                                       const std::optional<Workspace>& workspace, Mode mode);
  /// With the catalog in this file, brought up to date.
  static std::unique_ptr<Archive> open_with_database(const RepositoryLocation& location,
                                                     const std::string& database_path);
  ~Archive();

  store::Repository& repository() { return *repository_; }
  catalog::Catalog& catalog() { return *catalog_; }
  /// The database that the catalog is in.
  db::Database& catalog_database() { return memory_ ? *memory_ : *database_; }
  /// The workspace's state; nullptr in mode look when there is none on disk.
  catalog::State* state() { return state_.get(); }

  /// Adds runs that others have committed. Returns how many.
  std::size_t synchronize();
  /// Fills the state's memory of last executions from the records, oldest first.
  void remember_steps(const Workspace& workspace);
  /// The run by any of its names; see catalog::Catalog::find_run.
  StoredRun load_run(std::string_view name);
  StoredRun load_run(const snapshot::SnapshotName& name);
  /// Like load_run, with every up_to_date entry replaced by the execution it names.
  StoredRun load_run_resolved(std::string_view name);
  std::optional<core::Execution> load_execution(const core::ExecutionId& id);
  /// The snapshot that holds the run.
  snapshot::SnapshotName snapshot_of(const catalog::RunSummary& run);
  /// A small file of a snapshot; nullopt when it has none.
  std::optional<std::string> read_small(const snapshot::Manifest& manifest, std::string_view path);

 private:
  Archive() = default;
  void open_catalog(const std::string& database_path, Mode mode);

  std::unique_ptr<store::Repository> repository_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<catalog::State> state_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<db::Database> memory_;  ///< of the catalog, when the one on disk will not do
  std::optional<std::vector<snapshot::SnapshotName>> snapshots_;
};

/// What the state keeps of an execution that made its outputs.
catalog::RememberedStep remembered_step(
    const core::Execution& execution,
    const std::function<const os::FileStat*(const std::string&)>& stat_of);

/// Builds the catalog of the workspace (or, without one, of the user's cache) anew from the
/// repository, with the last execution of every step. The old one is replaced when the new one is
/// complete. Returns the number of runs.
std::uint64_t rebuild_catalog(const RepositoryLocation& location,
                              const std::optional<Workspace>& workspace);

}  // namespace provrun::app
