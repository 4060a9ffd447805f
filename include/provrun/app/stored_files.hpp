#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/time.hpp"
#include "provrun/core/record.hpp"
#include "provrun/snapshot/restorer.hpp"

// The repository as a keeper of files: what it has, and how to get it back. `repository` is the
// value of
// --repo, if there was one. SNAPSHOT stands for any name of a snapshot or of a run. All throw
// Error(not_found) for what is not there and Error(corruption) for what is damaged.
namespace provrun::app {

/// How far a long operation is; total_bytes is an estimate.
struct FilesProgress {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t total_bytes = 0;
};
using FilesProgressSink = std::function<void(const FilesProgress&)>;

struct RestoreRequest {
  std::optional<std::string> repository;
  std::string snapshot;                 ///< name of a snapshot or run
  bool is_run = false;                  ///< the name can only be a run's
  std::vector<std::string> selections;  ///< paths or patterns; empty: all
  std::string into;
  bool overwrite = false;
  bool dry_run = false;
  bool verify = false;
  bool remove_others = false;
  unsigned threads = 0;
};
struct RestoreSummary {
  std::string snapshot;
  snapshot::RestoreReport report;
  /// Of a run: what was selected and is not in the repository, since a secret is in it.
  std::vector<core::RunRecord::Withheld> withheld = {};
};
/// Throws Error(not_found) before anything is written when a selected path is not in the snapshot.
/// What is damaged or cannot be written is in the report.
RestoreSummary restore_files(const RestoreRequest& request, const FilesProgressSink& progress,
                             const base::Cancellation& cancellation);

struct DamagedObject {
  std::string object;
  std::string problem;
  std::vector<std::string> files;
};
struct VerifySummary {
  std::string snapshot;
  std::uint64_t files = 0;
  std::uint64_t verified_bytes = 0;
  std::vector<DamagedObject> damage;
};
/// Reads all that the snapshot needs and compares every hash. Damage is reported, not thrown.
VerifySummary verify_files(const std::optional<std::string>& repository,
                           const std::string& snapshot, const FilesProgressSink& progress);

}  // namespace provrun::app
