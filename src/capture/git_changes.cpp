#include <algorithm>
#include <set>

#include "git_library.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"

namespace provrun::capture {

namespace {

/// More untracked files than this below input directories are a data folder, told by a note.
constexpr std::size_t kMostUntracked = 10'000;

int stop_when_over(const git_diff*, const char*, const char*, void* deadline) {
  return static_cast<const Deadline*>(deadline)->over() ? GIT_EUSER : 0;
}

GitDiff diff_to_head(git_repository* repository, const std::optional<git_oid>& commit,
                     const Deadline& deadline) {
  GitObject tree;
  if (commit) {
    git_object* object = nullptr;
    check_git(git_object_lookup(&object, repository, &*commit, GIT_OBJECT_COMMIT),
              "cannot read the commit");
    const GitObject owned(object);
    git_object* peeled = nullptr;
    check_git(git_object_peel(&peeled, object, GIT_OBJECT_TREE), "cannot read the commit's tree");
    tree.reset(peeled);
  }
  git_diff_options options;
  check_git(git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION), "cannot compare");
  options.flags = GIT_DIFF_SHOW_BINARY;
  options.ignore_submodules = GIT_SUBMODULE_IGNORE_UNTRACKED;
  options.progress_cb = stop_when_over;
  options.payload = const_cast<Deadline*>(&deadline);
  options.id_abbrev = GIT_OID_HEXSZ;
  // Said here, the user's diff.noprefix and diff.mnemonicPrefix do not count.
  options.old_prefix = "a";
  options.new_prefix = "b";
  git_diff* diff = nullptr;
  const int result = git_diff_tree_to_workdir_with_index(
      &diff, repository, reinterpret_cast<git_tree*>(tree.get()), &options);
  GitDiff owned(diff);
  if (result == GIT_EUSER) return nullptr;
  check_git(result, "cannot compare the work tree with the commit");
  return owned;
}

std::uint64_t size_in_repository(git_odb* odb, const git_oid& id) {
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (git_oid_is_zero(&id) || git_odb_read_header(&size, &type, odb, &id) < 0) return 0;
  return size;
}

std::uint64_t size_in_work_tree(const GitState& state, const char* path) {
  try {
    const auto stat = os::lstat_file(os::join_path(state.root, path));
    return stat && stat->type == os::FileType::regular ? stat->size : 0;
  } catch (const base::Error&) {
    return 0;
  }
}

void note_filter(git_repository* repository, const char* path, GitState& state) {
  const char* value = nullptr;
  if (git_attr_get(&value, repository, 0, path, "filter") < 0) return;
  if (git_attr_value(value) != GIT_ATTR_VALUE_STRING) return;
  state.notes.push_back(base::format(
      "{} goes through the git filter '{}', which was not run: its difference may not be one",
      base::printable(path), base::printable(value)));
}

bool is_submodule(const git_diff_delta& delta) {
  return delta.new_file.mode == GIT_FILEMODE_COMMIT || delta.old_file.mode == GIT_FILEMODE_COMMIT;
}

/// A file that a sparse checkout left out looks deleted.
bool is_left_out(git_index* index, const git_diff_delta& delta) {
  if (delta.status != GIT_DELTA_DELETED) return false;
  const git_index_entry* entry = git_index_get_bypath(index, delta.old_file.path, 0);
  return entry != nullptr && (entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) != 0;
}

/// Without the line that has git's ids of both versions, which a patch of text does not need: of a
/// file that holds little but a secret, guesses could be tried against them.
std::string without_text_ids(std::string text) {
  const auto begin = text.find("\nindex ");
  const auto body = text.find("\n@@ ");
  if (begin == std::string::npos || body == std::string::npos || body < begin) return text;
  text.erase(begin, text.find('\n', begin + 1) - begin);
  return text;
}

/// Whether a version of a binary file holds a secret, or cannot be looked through.
bool hides_secret(const GitOptions& options, const GitState& state, git_repository* repository,
                  const git_diff_delta& delta) {
  if (!options.holds_secret || (delta.flags & GIT_DIFF_FLAG_BINARY) == 0) return false;
  if (delta.status != GIT_DELTA_ADDED) {
    git_object* found = nullptr;
    check_git(git_object_lookup(&found, repository, &delta.old_file.id, GIT_OBJECT_BLOB),
              "cannot read the committed version");
    const GitObject owned(found);
    const auto* blob = reinterpret_cast<const git_blob*>(found);
    if (options.holds_secret({static_cast<const char*>(git_blob_rawcontent(blob)),
                              static_cast<std::size_t>(git_blob_rawsize(blob))}))
      return true;
  }
  return delta.status != GIT_DELTA_DELETED &&
         options.holds_secret(os::read_file(os::join_path(state.root, delta.new_file.path),
                                            options.max_diff_file_bytes));
}

/// The patch's text; nullopt when there is no difference after all.
std::optional<std::string> text_of(git_diff* diff, std::size_t number) {
  git_patch* made = nullptr;
  check_git(git_patch_from_diff(&made, diff, number), "cannot make the diff");
  const GitPatch patch(made);
  if (made == nullptr) return std::nullopt;
  // Staged and then taken back in the work tree: known only now that both sides are hashed.
  const git_diff_delta* delta = git_patch_get_delta(made);
  const bool same = git_oid_equal(&delta->old_file.id, &delta->new_file.id) != 0 &&
                    delta->old_file.mode == delta->new_file.mode;
  if (same && !is_submodule(*delta)) return std::nullopt;
  git_buf buffer = GIT_BUF_INIT;
  const int result = git_patch_to_buf(&buffer, made);
  std::string text(buffer.ptr != nullptr ? buffer.ptr : "", buffer.size);
  git_buf_dispose(&buffer);
  check_git(result, "cannot write the diff");
  return without_text_ids(std::move(text));
}

}  // namespace

void add_changes(git_repository* repository, const std::optional<git_oid>& commit,
                 const GitOptions& options, const Deadline& deadline, GitState& state) {
  const GitDiff diff = diff_to_head(repository, commit, deadline);
  if (diff == nullptr) {
    state.notes.push_back("the comparison with the commit did not end " + deadline.text() +
                          ": whether files were changed is not known");
    return;
  }
  git_odb* opened = nullptr;
  check_git(git_repository_odb(&opened, repository), "cannot open the object store");
  const GitOdb odb(opened);
  git_index* opened_index = nullptr;
  check_git(git_repository_index(&opened_index, repository), "cannot read the index");
  const GitIndex index(opened_index);
  std::set<std::string> changed;
  std::set<std::string> omitted;
  bool out_of_time = false;
  for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff.get(), i);
    if (delta->status == GIT_DELTA_UNMODIFIED || is_left_out(index.get(), *delta)) continue;
    const char* path =
        delta->status == GIT_DELTA_DELETED ? delta->old_file.path : delta->new_file.path;
    if (delta->status == GIT_DELTA_CONFLICTED) {
      changed.insert(path);
      omitted.insert(path);
      state.notes.push_back(base::printable(path) + " has an unresolved conflict");
      continue;
    }
    out_of_time = out_of_time || deadline.over();
    const bool too_large =
        size_in_work_tree(state, path) > options.max_diff_file_bytes ||
        size_in_repository(odb.get(), delta->old_file.id) > options.max_diff_file_bytes;
    if (out_of_time || too_large) {
      changed.insert(path);
      omitted.insert(path);
      continue;
    }
    try {
      const auto text = text_of(diff.get(), i);
      if (!text) continue;
      changed.insert(path);
      if (text->empty() || hides_secret(options, state, repository, *delta) ||
          state.diff.size() + text->size() > options.max_diff_bytes) {
        omitted.insert(path);
      } else {
        state.diff += *text;
      }
    } catch (const base::Error& error) {
      changed.insert(path);
      omitted.insert(path);
      state.notes.push_back(base::printable(path) + " is not in the diff: " + error.message());
    }
    note_filter(repository, path, state);
  }
  if (out_of_time)
    state.notes.push_back("the diff was not complete " + deadline.text() +
                          ": it lacks the files listed as omitted");
  state.dirty = !changed.empty();
  state.changed_files = changed.size();
  state.omitted_from_diff.assign(omitted.begin(), omitted.end());
}

namespace {

/// Whether inputs are in the index, one repository at a time.
class InputLookup {
 public:
  InputLookup(git_repository* repository, std::string root, const Deadline& deadline)
      : repository_(repository), root_(std::move(root)), deadline_(deadline) {
    git_index* index = nullptr;
    check_git(git_repository_index(&index, repository), "cannot read the index");
    index_.reset(index);
  }

  void add(const std::string& absolute) {
    const auto inside = relative(absolute);
    if (inside) {
      look(*inside, absolute);
      return;
    }
    // The work tree may have been named through a symlink.
    if (const auto resolved = resolve(absolute))
      if (const auto again = relative(*resolved)) look(*again, *resolved);
  }

  std::set<std::pair<std::string, bool>> untracked;
  bool stopped = false;

 private:
  std::optional<std::string> relative(const std::string& absolute) const {
    const std::string prefix = root_ == "/" ? root_ : root_ + "/";
    if (absolute.compare(0, prefix.size(), prefix) != 0) return std::nullopt;
    return absolute.substr(prefix.size());
  }

  static std::optional<std::string> resolve(const std::string& absolute) {
    try {
      return os::join_path(os::resolve_path(os::parent_path(absolute)), os::base_name(absolute));
    } catch (const base::Error&) {
      return std::nullopt;
    }
  }

  void look(const std::string& path, const std::string& absolute) {
    const auto stat = os::stat_file(absolute);
    if (!stat) return;
    if (stat->type == os::FileType::directory) {
      if (!in_index(path)) walk(path, absolute);
    } else {
      look_at_file(path, absolute);
    }
  }

  void walk(const std::string& path, const std::string& absolute) {
    for (const os::DirectoryEntry& entry : os::list_directory(absolute)) {
      if (stopped || entry.name == ".git") continue;
      const std::string inner = os::join_path(path, entry.name);
      const std::string inner_absolute = os::join_path(absolute, entry.name);
      const auto stat = os::lstat_file(inner_absolute);
      if (!stat) continue;
      if (stat->type == os::FileType::directory) {
        if (!in_index(inner)) walk(inner, inner_absolute);
      } else {
        look_at_file(inner, inner_absolute);
      }
    }
  }

  void look_at_file(const std::string& path, const std::string& absolute) {
    if (deadline_.over() || untracked.size() >= kMostUntracked) {
      stopped = true;
      return;
    }
    if (in_index(path)) return;
    for (std::string above = os::parent_path(path); !above.empty() && above != ".";
         above = os::parent_path(above))
      if (in_index(above) && in_submodule_index(above, path)) return;
    // A tracked file reached through a symlink inside of the work tree.
    if (const auto resolved = resolve(absolute); resolved && *resolved != absolute)
      if (const auto other = relative(*resolved); other && in_index(*other)) return;
    int ignored = 0;
    git_ignore_path_is_ignored(&ignored, repository_, path.c_str());
    untracked.emplace(path, ignored != 0);
  }

  bool in_index(const std::string& path) const {
    return git_index_find(nullptr, index_.get(), path.c_str()) == 0;
  }

  /// The index's entry above a path is a submodule, or a symlink that is followed.
  bool in_submodule_index(const std::string& submodule, const std::string& path) const {
    git_repository* opened = nullptr;
    const std::string root = os::join_path(root_, submodule);
    if (git_repository_open_ext(&opened, root.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr) < 0)
      return false;
    const GitRepository repository(opened);
    git_index* index = nullptr;
    if (git_repository_index(&index, opened) < 0) return false;
    const GitIndex owned(index);
    return git_index_find(nullptr, index, path.c_str() + submodule.size() + 1) == 0;
  }

  git_repository* repository_;
  std::string root_;
  const Deadline& deadline_;
  GitIndex index_;
};

}  // namespace

void add_untracked_inputs(git_repository* repository, const std::string& directory,
                          const GitOptions& options, const Deadline& deadline, GitState& state) {
  if (options.inputs.empty()) return;
  InputLookup lookup(repository, state.root, deadline);
  for (const std::string& input : options.inputs) {
    if (input.empty() || lookup.stopped) continue;
    try {
      lookup.add(os::normalize_path(input[0] == '/' ? input : os::join_path(directory, input)));
    } catch (const base::Error& error) {
      state.notes.push_back("whether git tracks " + base::printable(input) +
                            " is not known: " + error.message());
    }
  }
  if (lookup.stopped)
    state.notes.push_back(
        lookup.untracked.size() >= kMostUntracked
            ? base::format("only the first {} untracked inputs are listed", kMostUntracked)
            : "the search for untracked inputs did not end " + deadline.text());
  for (const auto& [path, ignored] : lookup.untracked)
    state.untracked_inputs.push_back({path, ignored});
}

}  // namespace provrun::capture
