#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/snapshot/entry.hpp"
#include "provrun/snapshot/exclude.hpp"
#include "provrun/snapshot/tree_writer.hpp"
#include "provrun/store/repository.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::snapshot {

/// Something on the disk that is to be stored.
struct ArchiveSource {
  std::string path;       ///< absolute and normalized
  std::string stored_as;  ///< its path in the snapshot; empty: its entries are the snapshot's root
};

/// What is looked at, and what is left out.
struct ArchiveSelection {
  std::vector<ArchiveSource> sources;
  ExcludeRules excludes;        ///< of absolute paths, without their leading slash
  bool exclude_caches = false;  ///< folders with a CACHEDIR.TAG: only the tag is kept
  std::vector<std::string> exclude_if_present;  ///< folders that have a file of this name
  std::optional<std::uint64_t> exclude_larger_than;
  bool gitignore = false;  ///< what a .gitignore on the way leaves out
  bool one_file_system = false;
  /// Directories that are never gone into, as (device, inode): the repository itself.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> own;
};

/// How far an archiver is. Totals are 0 while they are not known.
struct ArchiveProgress {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  ///< of the files gone by, read or unchanged
  std::uint64_t read_bytes = 0;
};

/// Takes so many bytes' worth of waiting, to keep a rate.
using Throttle = std::function<void(std::uint64_t bytes)>;

struct ArchiveOptions {
  std::optional<store::ChunkId> parent;  ///< root of the snapshot to compare with
  /// With a parent: absolute, normalized paths outside of which nothing is looked at; what the
  /// parent has there is taken as it is.
  std::optional<std::vector<std::string>> changed;
  unsigned threads = 0;    ///< that read files; 0: one for each processor
  Throttle read_throttle;  ///< empty: no limit
  std::function<void(const ArchiveProgress&)> progress;  ///< from one thread
  /// Where a backup that is interrupted leaves what it has read so far for the next one, and looks
  /// for that; empty: nowhere.
  std::string resume_directory;
  const base::Cancellation* cancellation = nullptr;
};

/// What could not be stored, or not as it should be.
struct ArchiveProblem {
  std::string path;  ///< bytes
  std::string message;
};

struct ArchiveReport {
  store::ChunkId root;
  std::optional<Entry> top;  ///< the directory whose entries are the root, if there was one
  TreeCounts counts;
  std::uint64_t new_files = 0;         ///< not in the parent
  std::uint64_t changed_files = 0;     ///< read again
  std::uint64_t unmodified_files = 0;  ///< not opened
  std::uint64_t resumed_files = 0;     ///< of the new and changed: read by an interrupted backup
  std::uint64_t read_bytes = 0;
  std::uint64_t excluded = 0;            ///< files and folders
  std::vector<ArchiveProblem> problems;  ///< not stored
  std::vector<ArchiveProblem> unsteady;  ///< stored, but changed while they were read
};

/// Stores what the selection has and returns the root of its tree; the caller commits. Files that
/// have the size, times and inode they have in the parent are not opened. What cannot be read is
/// reported and left out; what vanishes meanwhile was never there.
ArchiveReport archive(store::WriteSession& session, store::Repository& repository,
                      const ArchiveSelection& selection, const ArchiveOptions& options);
/// The same without storing anything: reads no file. Roots and hashes are missing.
ArchiveReport survey(store::Repository* repository, const ArchiveSelection& selection,
                     const ArchiveOptions& options);
/// What the selection holds: for the estimate of the time left.
void count_sources(const ArchiveSelection& selection, const base::Cancellation& cancellation,
                   const std::function<void(std::uint64_t files, std::uint64_t bytes)>& counted);
/// Removes what interrupted backups left in the directory.
void forget_interrupted(const std::string& resume_directory);

}  // namespace provrun::snapshot
