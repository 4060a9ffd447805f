#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/snapshot/archiver.hpp"

// Files into the repository, without any workflow.
namespace provrun::app {

struct BackupRequest {
  std::optional<std::string> repository;  ///< value of --repo, if there was one
  std::vector<std::string> paths;         ///< as given; relative to the working directory
  snapshot::ArchiveSelection selection;   ///< without sources: what is left out
  std::vector<std::string> tags;
  std::optional<std::string> host;    ///< instead of this machine's name
  std::optional<std::string> parent;  ///< any name of a snapshot
  bool force = false;                 ///< compare with none: read everything
  /// Only these are looked at, the rest is as in the parent; no parent: everything is looked at.
  std::optional<std::vector<std::string>> changed;
  bool skip_if_unchanged = false;
  bool dry_run = false;
  unsigned threads = 0;
  std::optional<std::uint64_t> read_limit;   ///< bytes a second
  std::optional<std::uint64_t> write_limit;  ///< the same, into the repository
};

/// How far it is; totals are 0 while they are not known.
struct BackupProgress {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t total_files = 0;
  std::uint64_t total_bytes = 0;
};
using BackupProgressSink = std::function<void(const BackupProgress&)>;

struct BackupSummary {
  std::string snapshot;  ///< empty when none was made
  std::string parent;
  std::string repository;  ///< where it is, for people
  bool made_repository = false;
  bool unchanged = false;  ///< nothing differs from the parent, and none was made for that
  std::uint64_t stored_bytes = 0;
  std::uint64_t new_bytes = 0;  ///< before compression
  snapshot::ArchiveReport report;
};

/// Makes a snapshot of the paths. The default repository is made at first use. A source that cannot
/// be read is in the report; Error(not_found) when there is none of the paths at all.
BackupSummary back_up(const BackupRequest& request, const BackupProgressSink& progress,
                      const base::Cancellation& cancellation);

/// Makes a snapshot of one file, whose bytes come from a stream. Mode 0644, the time now.
struct StreamRequest {
  BackupRequest common;   ///< without paths
  std::string stored_as;  ///< path in the snapshot
  /// The command whose standard output it is; empty: our standard input.
  std::vector<std::string> command;
};
/// Error(failed) when the command fails: then there is no snapshot.
BackupSummary back_up_stream(const StreamRequest& request, const BackupProgressSink& progress,
                             const base::Cancellation& cancellation);

}  // namespace provrun::app
