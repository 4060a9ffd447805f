#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/entry.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::snapshot {

/// Told how far a long operation has come; calls come from one thread.
class Progress {
 public:
  virtual ~Progress() = default;
  /// An entry is finished.
  virtual void entry_done(const Entry& entry) = 0;
  virtual void bytes_done(std::uint64_t bytes) = 0;
};

enum class Overwrite { no, yes };

struct RestoreOptions {
  Overwrite overwrite =
      Overwrite::no;  ///< no: Error(conflict) when a file exists. Directories may always exist
  os::Durability durability =
      os::Durability::cached;         ///< synced: files and directories are on the disk on return
  std::vector<std::string> patterns;  ///< only what one of them selects; empty: everything
  Progress* progress = nullptr;
  const base::Cancellation* cancellation = nullptr;
};

struct RestoreReport {
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> unmatched_patterns;  ///< those that selected nothing
};

/// Writes one file at the path, its mode and mtime too: beside it under a temporary name, then
/// renamed, so that the path has the old or the new bytes. The parent must exist. Ownership is the
/// caller's.
void restore_file(store::Repository& repository, const Entry& entry, const std::string& path,
                  Overwrite overwrite, os::Durability durability);

/// Writes the tree below the directory (made when absent), parents first. Never writes outside of
/// it: a name that leads out is Error(corruption), a symlink found where a directory belongs is
/// Error(refused). A pattern is a path, which selects it and what lies below, or has `*`, `?` and
/// `[…]` (within a component) or `**` (any number of components).
RestoreReport restore_tree(store::Repository& repository, const store::ChunkId& root,
                           const std::string& directory, const RestoreOptions& options);

/// Whether the pattern selects the path; see restore_tree.
bool pattern_selects(std::string_view pattern, std::string_view path);

}  // namespace provrun::snapshot
