#include "provrun/capture/git.hpp"

#include <algorithm>

#include "git_library.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/core/record.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/policy/redaction.hpp"

namespace provrun::capture {

namespace {

constexpr std::string_view kExcludeLine = ".provrun/";
/// An exclude file larger than this is no exclude file.
constexpr std::uint64_t kMostExcludeBytes = 16U << 20;

std::string without_last_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::optional<git_oid> add_head(git_repository* repository, GitState& state) {
  git_reference* found = nullptr;
  check_git(git_reference_lookup(&found, repository, "HEAD"), "cannot read HEAD");
  const GitReference head(found);
  if (git_reference_type(found) == GIT_REFERENCE_SYMBOLIC) {
    const std::string target = git_reference_symbolic_target(found);
    constexpr std::string_view kHeads = "refs/heads/";
    state.branch =
        target.compare(0, kHeads.size(), kHeads) == 0 ? target.substr(kHeads.size()) : target;
  }
  git_oid commit;
  const int result = git_reference_name_to_id(&commit, repository, "HEAD");
  if (result == GIT_ENOTFOUND) return std::nullopt;
  check_git(result, "cannot read HEAD");
  state.commit = hex_of(commit);
  return commit;
}

void add_tags(git_repository* repository, const git_oid& commit, const Deadline& deadline,
              GitState& state) {
  struct Search {
    git_repository* repository;
    const git_oid& commit;
    const Deadline& deadline;
    std::vector<std::string>& tags;
  } search{repository, commit, deadline, state.tags};
  const auto look = [](const char* name, git_oid* id, void* payload) -> int {
    const Search& in = *static_cast<Search*>(payload);
    if (in.deadline.over()) return GIT_EUSER;
    bool points_here = git_oid_equal(id, &in.commit) != 0;
    git_object* object = nullptr;
    if (!points_here && git_object_lookup(&object, in.repository, id, GIT_OBJECT_TAG) == 0) {
      const GitObject tag(object);
      git_object* target = nullptr;
      if (git_object_peel(&target, object, GIT_OBJECT_COMMIT) == 0) {
        const GitObject owned(target);
        points_here = git_oid_equal(git_object_id(target), &in.commit) != 0;
      }
    }
    constexpr std::string_view kTags = "refs/tags/";
    if (points_here) in.tags.emplace_back(name + kTags.size());
    return 0;
  };
  const int result = git_tag_foreach(repository, look, &search);
  std::sort(state.tags.begin(), state.tags.end());
  if (result == GIT_EUSER) {
    state.notes.push_back("the list of tags was not read " + deadline.text());
  } else {
    check_git(result, "cannot read the tags");
  }
}

void add_remotes(git_repository* repository, GitState& state) {
  git_strarray names{};
  check_git(git_remote_list(&names, repository), "cannot read the remotes");
  for (std::size_t i = 0; i < names.count; ++i) {
    git_remote* found = nullptr;
    if (git_remote_lookup(&found, repository, names.strings[i]) < 0) continue;
    const GitRemoteHandle remote(found);
    const char* url = git_remote_url(found);
    state.remotes.push_back(
        {names.strings[i], policy::url_without_credentials(url != nullptr ? url : "")});
  }
  git_strarray_dispose(&names);
}

GitSubmodule describe(git_submodule* submodule, const Deadline& deadline, GitState& state) {
  GitSubmodule result;
  result.path = git_submodule_path(submodule);
  const char* url = git_submodule_url(submodule);
  result.url = policy::url_without_credentials(url != nullptr ? url : "");
  if (const git_oid* id = git_submodule_head_id(submodule)) result.recorded = hex_of(*id);
  if (const git_oid* id = git_submodule_wd_id(submodule)) result.commit = hex_of(*id);
  if (!result.commit) return result;
  if (deadline.over()) {
    state.notes.push_back("the submodule " + base::printable(result.path) + " was not looked at " +
                          deadline.text());
    return result;
  }
  unsigned int status = 0;
  if (git_submodule_status(&status, git_submodule_owner(submodule), git_submodule_name(submodule),
                           GIT_SUBMODULE_IGNORE_UNTRACKED) == 0)
    result.dirty =
        (status & (GIT_SUBMODULE_STATUS_WD_INDEX_MODIFIED | GIT_SUBMODULE_STATUS_WD_WD_MODIFIED)) !=
            0 ||
        result.commit != result.recorded;
  return result;
}

void add_submodules(git_repository* repository, const Deadline& deadline, GitState& state) {
  struct Visit {
    const Deadline& deadline;
    GitState& state;
  } visit{deadline, state};
  const auto look = [](git_submodule* submodule, const char*, void* payload) -> int {
    const Visit& in = *static_cast<Visit*>(payload);
    in.state.submodules.push_back(describe(submodule, in.deadline, in.state));
    return 0;
  };
  check_git(git_submodule_foreach(repository, look, &visit), "cannot read the submodules");
  std::sort(state.submodules.begin(), state.submodules.end(),
            [](const GitSubmodule& a, const GitSubmodule& b) { return a.path < b.path; });
}

void note_owner(GitState& state) {
  const auto stat = os::stat_file(state.root);
  if (stat && stat->uid != os::effective_user_id())
    state.notes.push_back("the work tree belongs to another user (uid " +
                          std::to_string(stat->uid) + ")");
}

template <typename Part>
void attempt(GitState& state, Part part) {
  try {
    part();
  } catch (const base::Error& error) {
    state.notes.push_back(error.message());
  }
}

}  // namespace

std::optional<GitState> git_state(const std::string& directory, const GitOptions& options) {
  GitState state;
  GitRepository repository;
  std::string resolved;
  try {
    resolved = os::resolve_path(directory);
    repository = open_repository(resolved);
  } catch (const base::Error& error) {
    state.notes.push_back(error.message());
    return state;
  }
  if (repository == nullptr) return std::nullopt;
  const Deadline deadline(options);
  git_repository* opened = repository.get();
  state.root = without_last_slash(git_repository_workdir(opened));
  if (resolved.compare(0, state.root.size() + 1, state.root + "/") == 0)
    state.directory = resolved.substr(state.root.size() + 1);
  std::optional<git_oid> commit;
  bool head_known = false;
  attempt(state, [&] { note_owner(state); });
  attempt(state, [&] {
    commit = add_head(opened, state);
    head_known = true;
  });
  attempt(state, [&] { add_remotes(opened, state); });
  if (commit) attempt(state, [&] { add_tags(opened, *commit, deadline, state); });
  if (head_known) attempt(state, [&] { add_changes(opened, commit, options, deadline, state); });
  attempt(state, [&] { add_untracked_inputs(opened, resolved, options, deadline, state); });
  attempt(state, [&] { add_submodules(opened, deadline, state); });
  return state;
}

GitExclusion exclude_from_git(const std::string& directory) {
  GitRepository repository;
  try {
    repository = open_repository(directory);
  } catch (const base::Error&) {
    // What libgit2 cannot open has no exclude file that we know of; git_state says why.
  }
  if (repository == nullptr) return GitExclusion::no_repository;
  const std::string info = os::join_path(git_repository_commondir(repository.get()), "info");
  const std::string path = os::join_path(info, "exclude");
  if (!os::stat_file(path)) {
    os::make_directories(info);
    if (os::create_if_absent(path, std::string(kExcludeLine) + "\n", os::Durability::cached, 0644))
      return GitExclusion::added;
  }
  const std::string text = os::read_file(path, kMostExcludeBytes);
  for (std::string_view line : base::split(text, '\n'))
    if (base::trim(line) == kExcludeLine) return GitExclusion::already_there;
  // Appended in one write: the file keeps its owner and mode, and a user's edit is not lost.
  std::string addition(kExcludeLine);
  addition += '\n';
  if (!text.empty() && text.back() != '\n') addition.insert(0, "\n");
  os::write_all(os::open_for_appending(path), addition, path);
  return GitExclusion::added;
}

namespace {

template <typename Value>
codec::Json or_null(const std::optional<Value>& value) {
  return value ? codec::Json(*value) : codec::Json();
}

codec::Json strings(const std::vector<std::string>& values) {
  codec::Json array = codec::Json::array();
  for (const std::string& value : values) array.push_back(value);
  return array;
}

}  // namespace

codec::Json to_json(const GitState& state) {
  codec::Json remotes = codec::Json::array();
  for (const GitRemote& remote : state.remotes)
    remotes.push_back(codec::Json::object({{"name", remote.name}, {"url", remote.url}}));
  // A path need not be UTF-8: set_path keeps its bytes beside.
  codec::Json untracked = codec::Json::array();
  for (const UntrackedInput& input : state.untracked_inputs) {
    codec::Json json = codec::Json::object();
    core::set_path(json, input.path);
    json.set("ignored", input.ignored);
    untracked.push_back(std::move(json));
  }
  codec::Json submodules = codec::Json::array();
  for (const GitSubmodule& submodule : state.submodules) {
    codec::Json json = codec::Json::object();
    core::set_path(json, submodule.path);
    json.set("url", submodule.url);
    json.set("recorded", or_null(submodule.recorded));
    json.set("commit", or_null(submodule.commit));
    json.set("dirty", or_null(submodule.dirty));
    submodules.push_back(std::move(json));
  }
  return codec::Json::object(
      {{"root", state.root},
       {"directory", state.directory},
       {"commit", or_null(state.commit)},
       {"branch", or_null(state.branch)},
       {"tags", strings(state.tags)},
       {"remotes", std::move(remotes)},
       {"dirty", or_null(state.dirty)},
       {"changed_files", codec::Json(state.changed_files)},
       {"diff_bytes", codec::Json(static_cast<std::uint64_t>(state.diff.size()))},
       {"omitted_from_diff", strings(state.omitted_from_diff)},
       {"untracked_inputs", std::move(untracked)},
       {"submodules", std::move(submodules)},
       {"notes", strings(state.notes)}});
}

}  // namespace provrun::capture
