#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/codec/json.hpp"

namespace provrun::capture {

struct GitRemote {
  std::string name;
  std::string url;  ///< without credentials
};

struct GitSubmodule {
  std::string path;                     ///< relative to the repository root
  std::string url;                      ///< without credentials
  std::optional<std::string> recorded;  ///< commit in HEAD
  std::optional<std::string> commit;    ///< commit checked out; nullopt when not checked out
  std::optional<bool> dirty;            ///< another commit, or changed files; nullopt: not known
};

struct UntrackedInput {
  std::string path;      ///< relative to the repository root
  bool ignored = false;  ///< by .gitignore and the like
};

/// What git knows of a work tree at one moment.
struct GitState {
  std::string root;       ///< absolute path of the work tree; "" when the repository did not open
  std::string directory;  ///< the asked directory, relative to root; "" for the root itself
  std::optional<std::string> commit;  ///< 40 hexadecimal digits; nullopt: no commit yet
  std::optional<std::string> branch;  ///< short name; nullopt: detached
  std::vector<std::string> tags;      ///< that point at the commit, sorted
  std::vector<GitRemote> remotes;
  std::optional<bool> dirty;  ///< tracked files differ from the commit; nullopt: not known
  /// `git diff --binary HEAD`: unified, whole files only. Not redacted: the caller's Redactor sees
  /// it.
  std::string diff;
  std::uint64_t changed_files = 0;
  /// Changed files whose diff is not in `diff`: it would have passed a limit.
  std::vector<std::string> omitted_from_diff;
  std::vector<UntrackedInput> untracked_inputs;
  std::vector<GitSubmodule> submodules;
  std::vector<std::string> notes;  ///< what could not be determined and why, one sentence each
};
/// The shape stands in docs/formats/run-record.md. The diff's text is not in it, only its size: the
/// caller stores the text as an artifact.
codec::Json to_json(const GitState& state);

struct GitOptions {
  std::vector<std::string>
      inputs;  ///< the run's input files: absolute or relative to the directory
  std::uint64_t max_diff_bytes = 16U << 20;
  std::uint64_t max_diff_file_bytes = 64U << 20;  ///< a changed file larger than this is omitted
  std::chrono::nanoseconds time_limit = std::chrono::seconds(10);
  const base::Cancellation* cancellation = nullptr;  ///< raised: as if the time were over
  /// Whether a secret stands in a file's bytes; may be empty. The difference of a binary file that
  /// had or has one is omitted: in the form that git gives it nobody could find the secret again.
  std::function<bool(std::string_view bytes)> holds_secret = {};
};

/// The state of the work tree that the directory lies in; nullopt outside of one (also in a bare
/// repository). Reads only: neither the index nor anything else below .git is written. What fails
/// or is not known in time becomes a note; a repository that cannot be opened at all gives a state
/// with notes alone. Repositories of another owner are read, with a note. Safe from any thread.
std::optional<GitState> git_state(const std::string& directory, const GitOptions& options = {});

enum class GitExclusion { added, already_there, no_repository };
/// Adds the line ".provrun/" to info/exclude of the repository (of the common one in a linked work
/// tree), once; every other byte stays. The only thing that provrun writes into a git repository.
/// Throws base::Error when the file cannot be written.
GitExclusion exclude_from_git(const std::string& directory);

}  // namespace provrun::capture
