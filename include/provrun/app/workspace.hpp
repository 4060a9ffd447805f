#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "provrun/os/lock.hpp"

namespace provrun::app {

/// The folder a pipeline lies in, with `.provrun/` beside it.
class Workspace {
 public:
  /// The folder itself; `.provrun/` is not made.
  static Workspace at(const std::string& directory);
  /// The nearest folder upwards from the directory that has a `.provrun/`; nullopt when none has.
  static std::optional<Workspace> find_upwards(const std::string& directory);

  /// Whether a path relative to the workspace is of `.provrun/`.
  static bool is_own(std::string_view path);

  const std::string& root() const { return root_; }  ///< absolute
  std::string state_directory() const;               ///< root/.provrun
  std::string repository_directory() const;          ///< root/.provrun/repository
  std::string runs_directory() const;                ///< root/.provrun/runs
  std::string spool_directory() const;               ///< root/.provrun/spool; may be missing
  /// Removes the unfinished outputs of failed steps in root/.provrun/unfinished, except those of
  /// the last runs.
  void keep_unfinished(std::size_t runs) const;
  /// root/.provrun/state.db, or a file in the user's cache folder when that lies on a network file
  /// system, where SQLite's locks cannot be trusted.
  std::string state_database() const;
  bool exists() const;

  /// Makes `.provrun/` (private) where it is missing, and has git ignore it.
  void ensure() const;
  /// Waits until no other run works in this workspace, and keeps others out until it is destroyed.
  /// waiting is called once with who holds the lock. Throws Error(cancelled) when cancelled says
  /// so.
  os::FileLock lock(const std::string& what, const std::function<void(const std::string&)>& waiting,
                    const std::function<bool()>& cancelled) const;
  /// The random secret of this workspace for keyed hashes; made at first use, mode 0600.
  std::string hash_key() const;
  /// The same without making it: empty when there is none.
  std::string existing_hash_key() const;

 private:
  explicit Workspace(std::string root) : root_(std::move(root)) {}
  std::string root_;
};

}  // namespace provrun::app
