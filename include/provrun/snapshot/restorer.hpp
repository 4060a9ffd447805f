#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/entry.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::snapshot {

/// Told how far a long operation has come; one call at a time.
class Progress {
 public:
  virtual ~Progress() = default;
  /// An entry is finished.
  virtual void entry_done(const Entry& entry) = 0;
  virtual void bytes_done(std::uint64_t bytes) = 0;
};

enum class Overwrite {
  no,  ///< Error(conflict) when a file exists; directories may always exist
  yes  ///< what is as it should be stays, byte for byte compared; the rest is replaced
};

struct RestoreOptions {
  Overwrite overwrite = Overwrite::no;
  os::Durability durability =
      os::Durability::cached;         ///< synced: files and directories are on the disk on return
  std::vector<std::string> patterns;  ///< only what one of them selects; empty: everything
  bool dry_run = false;               ///< nothing is written; what would be is counted
  bool verify = false;                ///< what was written is read again and compared
  bool remove_others = false;  ///< what the snapshot does not have goes, in folders restored whole
  bool owners = true;          ///< false: everything belongs to who restores
  unsigned threads = 0;        ///< 0: one for each processor
  const Entry* top = nullptr;  ///< what the target directory itself gets
  Progress* progress = nullptr;
  const base::Cancellation* cancellation = nullptr;
};

/// What could not be restored, or not all of it.
struct RestoreProblem {
  std::string path;
  std::string message;
  bool damage = false;  ///< stored bytes are damaged or missing
};

struct RestoreReport {
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t others = 0;      ///< fifos, sockets, devices
  std::uint64_t bytes = 0;       ///< of the files
  std::uint64_t kept_files = 0;  ///< of the files: were there already, with the same bytes
  std::uint64_t removed = 0;
  std::uint64_t foreign_owners = 0;   ///< owners that could not be set, for want of the right
  std::uint64_t lost_attributes = 0;  ///< attributes that could not be set
  std::string lost_attribute;         ///< why, of the first
  std::vector<RestoreProblem> problems;
  std::vector<std::string> unmatched_patterns;  ///< those that selected nothing
};

/// Writes one file or symlink at the path, its mode and mtime too: beside it under a temporary
/// name, then renamed, so that the path has the old or the new bytes. The parent must exist.
/// Ownership is the caller's.
void restore_file(store::Repository& repository, const Entry& entry, const std::string& path,
                  Overwrite overwrite, os::Durability durability);

/// Writes the tree below the directory (made when absent), with all that the entries tell, parents
/// first, files on several threads. Goes on after damage and after what cannot be written, and
/// reports it. Never writes outside of the directory: a symlink found where a directory belongs is
/// a problem. A pattern is a path, which selects it and what lies below, or has `*`, `?` and `[…]`
/// (within a component) or `**` (any number of components).
RestoreReport restore_tree(store::Repository& repository, const store::ChunkId& root,
                           const std::string& directory, const RestoreOptions& options);

/// Whether the pattern selects the path; see restore_tree.
bool pattern_selects(std::string_view pattern, std::string_view path);

}  // namespace provrun::snapshot
