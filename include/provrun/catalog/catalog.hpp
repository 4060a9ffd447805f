#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/core/record.hpp"
#include "provrun/db/database.hpp"
#include "provrun/lineage/edge_source.hpp"

namespace provrun::catalog {

/// A run as `log` shows it.
struct RunSummary {
  core::RunId id;
  std::string snapshot;  ///< as given to add_run
  std::string workflow;
  core::RunState state = core::RunState::running;
  base::Timestamp started;
  base::Timestamp ended;
  std::string user;
  std::string host;
  hash::Digest config_hash;
  std::string git_commit;
  std::optional<bool> git_dirty;  ///< nullopt: no git, or not known
  core::StepCounts counts;
  std::string failure;
};

/// Only runs for which all of the given hold.
struct RunFilter {
  std::optional<std::string> workflow = {};
  std::optional<std::string> user = {};
  std::optional<std::string> host = {};
  std::optional<core::RunState> state = {};
  std::optional<base::Timestamp> since = {};  ///< started at or after
  std::optional<base::Timestamp> until = {};  ///< started before
  std::optional<std::string> step =
      {};  ///< executed, reused or failed this instance, or one of this step
};

/// Where the next page begins: after this run.
struct RunCursor {
  base::Timestamp started;
  core::RunId id;
};

struct RunPage {
  std::vector<RunSummary> runs;   ///< newest first
  std::optional<RunCursor> next;  ///< absent on the last page
};

struct ExecutionSummary {
  core::ExecutionId id;
  core::RunId run;
  std::string snapshot;
  std::string step;
  core::StepState state = core::StepState::executed;
  base::Timestamp started;
  base::Timestamp ended;
  hash::Digest step_key;
  std::optional<core::ExecutionId> reused_from;
};

/// A successful execution whose results can be used again.
struct KnownResult {
  ExecutionSummary execution;
  std::vector<core::Artifact> outputs;
};

/// An output that executions of one step key have had.
struct SeenOutput {
  std::string path;
  core::ContentId content;
  std::uint64_t executions = 0;  ///< how many made exactly this
};

struct CatalogCounts {
  std::uint64_t runs = 0;
  std::uint64_t executions = 0;
  std::uint64_t edges = 0;
};

/// How an execution came to an artifact; without it the execution's own record says so.
using EvidenceOf = std::function<lineage::Evidence(const core::Execution&, const core::Artifact&)>;

/// The index over all run records of a repository: rebuilt from them, never the only place of
/// anything. Times are kept in milliseconds, as in the records. Skipped steps are counted but not
/// listed. Does not own the database. One thread at a time; other processes may read and write the
/// same file.
class Catalog {
 public:
  explicit Catalog(db::Database& database);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  /// Adds a run with its executions in the order of its record. False, with nothing changed, when
  /// this run is known from this snapshot; a run known from another snapshot is replaced. An
  /// execution without attempts (reused) is given the time of its id, though not before its inputs
  /// were made.
  bool add_run(const core::RunRecord& run, std::string_view snapshot,
               std::span<const core::Execution> executions, const EvidenceOf& evidence = {});
  /// Forgets the run and what it executed. False when it was not known.
  bool remove_run(const core::RunId& id);
  /// Remembers a snapshot that holds no run, so that nobody looks into it again.
  void add_snapshot(std::string_view snapshot);
  /// Forgets the snapshots, and their runs, that are not among these, which ascend. Returns how
  /// many runs.
  std::size_t remove_other_snapshots(const std::vector<std::string>& present);
  /// The snapshots that were added, with a run or without; ascending.
  std::vector<std::string> known_snapshots();
  CatalogCounts counts();
  void clear();

  /// At most `limit` runs, newest first by start and id.
  RunPage runs(const RunFilter& filter, std::size_t limit,
               const std::optional<RunCursor>& before = std::nullopt);
  /// `latest`, `latest~2`, `@2026-08-01T12:00` (the last one started by then), an id or a unique
  /// prefix of one. Only runs that pass the filter count. Error(not_found); Error(invalid_input)
  /// when the name is none of these, or a prefix that is not unique: its message lists the
  /// candidates.
  RunSummary find_run(std::string_view name, const RunFilter& filter = {});
  std::optional<RunSummary> find_run(const core::RunId& id);

  /// The latest execution that ended well with this key, with its outputs by path.
  std::optional<KnownResult> find_by_step_key(const hash::Digest& step_key);
  /// The latest ones, newest first.
  std::vector<KnownResult> results_of_step_key(const hash::Digest& step_key, std::size_t limit);
  /// What the execution was recorded to use, sorted by path; modes are 0.
  std::vector<core::Artifact> inputs_of_execution(const core::ExecutionId& id);
  std::vector<SeenOutput> outputs_of_step_key(const hash::Digest& step_key);
  std::optional<ExecutionSummary> find_execution(const core::ExecutionId& id);
  /// Of an instance, or of all instances of a step; newest first.
  std::vector<ExecutionSummary> executions_of_step(std::string_view step, std::size_t limit);
  /// How long the latest successful executions of an instance or step took, newest first.
  std::vector<std::chrono::milliseconds> durations(std::string_view step, std::size_t limit);

  /// Where the content lies, in the caller's own encoding. The content need not be known before.
  void put_content_location(const core::ContentId& content, std::uint64_t size, db::Bytes location);
  /// Whether a recorded file has, or had, this content.
  bool knows_content(const core::ContentId& content);
  std::optional<std::vector<std::uint8_t>> content_location(const core::ContentId& content);

 private:
  class Writer;
  db::Database& database_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace provrun::catalog
