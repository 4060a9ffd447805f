#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provrun/os/directory_scan.hpp"
#include "provrun/snapshot/archiver.hpp"

namespace provrun::snapshot {

/// One thing on the disk, in the place it gets in the snapshot.
struct Found {
  std::string path;  ///< in the snapshot
  std::string name;  ///< in its directory
  os::FileStat stat;
  std::shared_ptr<const os::Directory> directory;  ///< that it is in
  bool is_source_directory = false;                ///< a source itself: directory is the one it is
  bool implied = false;  ///< a folder on the way to a source: only mode and owner count
  /// Where it is on the disk, for messages.
  std::string disk_path() const {
    return is_source_directory ? directory->path() : os::join_path(directory->path(), name);
  }
};

/// Goes through all sources of a selection in the order of the snapshot, and leaves out what it
/// says. One thread.
class SourceWalk {
 public:
  enum class Event {
    entry,    ///< found(): directories stand before what they hold
    problem,  ///< problem(): could not be looked at
    end
  };
  /// Error(invalid_input) when two of them would get the same place.
  explicit SourceWalk(const ArchiveSelection& selection);

  Event next();
  const Found& found() const { return found_; }
  const ArchiveProblem& problem() const { return problem_; }
  std::uint64_t excluded() const { return excluded_; }
  /// The directory whose entries are the snapshot's root.
  const std::optional<Found>& top() const { return top_; }

 private:
  struct Folder {
    std::string path;                   ///< in the snapshot
    std::optional<ExcludeRules> rules;  ///< of its .gitignore
    std::size_t disk_length = 0;        ///< of its path on the disk, for those rules
    bool only_tag = false;
  };

  Event begin_folder_problem(const base::Error& error, const std::string& path);
  bool take(const std::string& disk_path);
  bool left_out(const std::string& disk_path, bool is_directory) const;
  bool wanted_folder(const os::Directory& directory, Folder& folder, const std::string& disk_path);
  bool implied_folder(const std::string& path);

  const ArchiveSelection& selection_;
  std::vector<ArchiveSource> sources_;  ///< in the order of the snapshot
  std::size_t source_ = 0;
  std::string last_implied_;
  std::unique_ptr<os::DirectoryScan> scan_;
  std::vector<Folder> folders_;
  std::uint64_t device_ = 0;  ///< of the source
  Found found_;
  std::optional<Found> top_;
  ArchiveProblem problem_;
  std::uint64_t excluded_ = 0;
};

}  // namespace provrun::snapshot
