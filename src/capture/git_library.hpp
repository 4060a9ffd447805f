#pragma once

#include <git2.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "provrun/capture/git.hpp"

// libgit2 with owners and errors. Internal to room capture.
namespace provrun::capture {

template <typename T, void (*kFree)(T*)>
struct GitFree {
  void operator()(T* handle) const { kFree(handle); }
};
template <typename T, void (*kFree)(T*)>
using GitOwned = std::unique_ptr<T, GitFree<T, kFree>>;

using GitRepository = GitOwned<git_repository, git_repository_free>;
using GitReference = GitOwned<git_reference, git_reference_free>;
using GitObject = GitOwned<git_object, git_object_free>;
using GitIndex = GitOwned<git_index, git_index_free>;
using GitDiff = GitOwned<git_diff, git_diff_free>;
using GitPatch = GitOwned<git_patch, git_patch_free>;
using GitRemoteHandle = GitOwned<git_remote, git_remote_free>;
using GitOdb = GitOwned<git_odb, git_odb_free>;

/// Throws Error(failed) "what: libgit2's message" for a negative result.
void check_git(int result, const std::string& what);

/// The repository whose work tree the directory lies in; null when there is none. Throws Error when
/// there is one that cannot be opened. Owner validation is off.
GitRepository open_repository(const std::string& directory);

std::string hex_of(const git_oid& id);

/// When to stop looking.
class Deadline {
 public:
  explicit Deadline(const GitOptions& options);
  bool over() const;
  /// "within 10 s", or "before it was interrupted".
  std::string text() const;

 private:
  std::chrono::nanoseconds limit_;
  std::chrono::nanoseconds end_;
  const base::Cancellation* cancellation_;
};

/// Fills dirty, diff, changed_files and omitted_from_diff; adds notes. commit is that of HEAD.
void add_changes(git_repository* repository, const std::optional<git_oid>& commit,
                 const GitOptions& options, const Deadline& deadline, GitState& state);

/// Fills untracked_inputs. directory: absolute, without symlinks.
void add_untracked_inputs(git_repository* repository, const std::string& directory,
                          const GitOptions& options, const Deadline& deadline, GitState& state);

}  // namespace provrun::capture
