#include "provrun/capture/git.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/core/record.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/directory.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/process.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;
using capture::GitExclusion;
using capture::GitOptions;
using capture::GitState;

namespace {

std::string git(const std::string& directory, std::vector<std::string> words) {
  std::vector<std::string> arguments{"git", "-C", directory, "-c", "protocol.file.allow=always"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  os::EnvironmentList environment{{"PATH", os::environment_variable("PATH").value_or("/usr/bin")},
                                  {"HOME", directory},
                                  {"GIT_CONFIG_NOSYSTEM", "1"},
                                  {"LC_ALL", "C"}};
  for (const char* who : {"AUTHOR", "COMMITTER"}) {
    environment.emplace_back(std::string("GIT_") + who + "_NAME", "Ada");
    environment.emplace_back(std::string("GIT_") + who + "_EMAIL", "ada@example.org");
  }
  const auto result = os::run_program(arguments, environment, std::chrono::seconds(60));
  INFO(base::join(arguments, " ") << "\n" << result.standard_error);
  REQUIRE(result.exit_code == 0);
  return result.standard_output;
}

void make_symlink(const std::string& path, const std::string& target) {
  os::Directory(os::parent_path(path)).make_symlink(target, os::base_name(path));
}

/// A repository with one commit: a.txt, data/b.txt.
void make_repository(const std::string& root) {
  os::make_directories(root);
  git(root, {"init", "-q", "-b", "main"});
  test::write_file(root + "/a.txt", "one\ntwo\nthree\n");
  test::write_file(root + "/data/b.txt", "b\n");
  git(root, {"add", "."});
  git(root, {"commit", "-q", "-m", "first"});
}

std::string head_of(const std::string& root) {
  return std::string(base::trim(git(root, {"rev-parse", "HEAD"})));
}

void describe_tree(const std::string& path, std::string& out) {
  const auto stat = os::lstat_file(path);
  REQUIRE(stat);
  out += path + " " + std::to_string(stat->mode) + " " + std::to_string(stat->mtime_ns) + " " +
         std::to_string(stat->ctime_ns) + " " + std::to_string(stat->inode);
  if (stat->type == os::FileType::regular) out += hash::sha256(os::read_file(path)).to_hex();
  out += "\n";
  if (stat->type == os::FileType::directory)
    for (const auto& entry : os::list_directory(path))
      describe_tree(os::join_path(path, entry.name), out);
}

GitState state_of(const std::string& directory, const GitOptions& options = {}) {
  const auto state = capture::git_state(directory, options);
  REQUIRE(state);
  return *state;
}

/// What `git apply` makes of the commit and the diff must be the work tree.
void check_diff_applies(const std::string& root, const GitState& state) {
  test::TemporaryDirectory clone;
  git(root, {"clone", "-q", root, clone / "c"});
  test::write_file(clone / "patch", state.diff);
  git(clone / "c", {"apply", "--index", clone / "patch"});
  git(clone / "c", {"diff", "--quiet"});
  const std::string copied = git(clone / "c", {"write-tree"});
  git(root, {"add", "-u"});
  CHECK(git(root, {"write-tree"}) == copied);
}

}  // namespace

TEST_CASE("a clean work tree: commit, branch, tags, remotes without credentials") {
  test::TemporaryDirectory folder;
  const std::string root = folder / "r";
  make_repository(root);
  git(root, {"tag", "v1"});
  git(root, {"tag", "-a", "release", "-m", "r"});
  git(root, {"remote", "add", "origin", "https://ada:hunter2@example.org/x.git"});
  const GitState state = state_of(root + "/data");
  CHECK(state.root == root);
  CHECK(state.directory == "data");
  CHECK(state.commit == head_of(root));
  CHECK(state.branch == std::string("main"));
  CHECK(state.tags == std::vector<std::string>{"release", "v1"});
  REQUIRE(state.remotes.size() == 1);
  CHECK(state.remotes[0].url == "https://example.org/x.git");
  CHECK(state.dirty == false);
  CHECK(state.diff.empty());
  CHECK(state.changed_files == 0);
  CHECK(state.notes.empty());
  const codec::Json json = capture::to_json(state);
  CHECK(json.get_string("commit") == head_of(root));
  CHECK(json.at("dirty").as_bool() == false);
  CHECK(json.at("diff_bytes").as_integer() == 0);
}

TEST_CASE("no repository, a bare one, no commit yet, a detached HEAD, a broken repository") {
  test::TemporaryDirectory folder;
  os::make_directories(folder / "none");
  CHECK_FALSE(capture::git_state(folder / "none"));
  git(folder.path(), {"init", "-q", "--bare", folder / "bare"});
  CHECK_FALSE(capture::git_state(folder / "bare"));

  const std::string unborn = folder / "unborn";
  git(folder.path(), {"init", "-q", "-b", "trunk", unborn});
  CHECK(state_of(unborn).commit == std::nullopt);
  CHECK(state_of(unborn).branch == std::string("trunk"));
  CHECK(state_of(unborn).dirty == false);
  test::write_file(unborn + "/x", "x\n");
  git(unborn, {"add", "x"});
  CHECK(state_of(unborn).dirty == true);
  CHECK(state_of(unborn).diff.find("new file mode 100644") != std::string::npos);

  const std::string root = folder / "r";
  make_repository(root);
  git(root, {"checkout", "-q", "--detach"});
  CHECK(state_of(root).branch == std::nullopt);
  CHECK(state_of(root).commit == head_of(root));

  test::write_file(root + "/.git/config", "[core]\n\trepositoryformatversion = 99\n");
  const GitState broken = state_of(root);
  CHECK(broken.root.empty());
  REQUIRE(broken.notes.size() == 1);
  CHECK(broken.notes[0].find("cannot open the git repository") == 0);
  CHECK(capture::to_json(broken).at("dirty").is_null());
  const GitState missing = state_of(folder / "not-there");
  CHECK(missing.notes.size() == 1);
}

TEST_CASE("changes of every kind are in the diff, which git applies") {
  test::TemporaryDirectory folder;
  const std::string root = folder / "r";
  make_repository(root);
  std::string binary;
  for (int i = 0; i < 4096; ++i) binary += static_cast<char>(i * i % 251);
  test::write_file(root + "/blob.bin", binary);
  test::write_file(root + "/gone.txt", "gone\n");
  test::write_file(root + "/run.sh", "#!/bin/sh\n");
  make_symlink(root + "/link", "a.txt");
  git(root, {"add", "."});
  git(root, {"commit", "-q", "-m", "second"});
  git(root, {"config", "diff.noprefix", "true"});

  test::write_file(root + "/a.txt", "one\n2\nthree");
  test::write_file(root + "/blob.bin", binary + binary);
  os::remove_file(root + "/gone.txt");
  os::set_mode(root + "/run.sh", 0755);
  os::remove_file(root + "/link");
  make_symlink(root + "/link", "data/b.txt");
  test::write_file(root + "/staged new.txt", "new\n");
  git(root, {"add", "staged new.txt"});
  test::write_file(root + "/staged new.txt", "new\nand changed\n");
  test::write_file(root + "/untracked.txt", "not in the diff\n");
  const GitState state = state_of(root);
  CHECK(state.dirty == true);
  CHECK(state.changed_files == 6);
  CHECK(state.omitted_from_diff.empty());
  CHECK(state.diff.find("untracked") == std::string::npos);
  CHECK(state.diff.find("diff --git a/a.txt b/a.txt") != std::string::npos);
  CHECK(state.diff.find("GIT binary patch") != std::string::npos);
  check_diff_applies(root, state);
}

TEST_CASE("what was staged and taken back, and what was only touched, is no change") {
  test::TemporaryDirectory folder;
  const std::string root = folder / "r";
  make_repository(root);
  os::set_mtime(root + "/data/b.txt", 1'000'000'000'000'000'000);
  CHECK(state_of(root).dirty == false);
  test::write_file(root + "/a.txt", "staged\n");
  git(root, {"add", "a.txt"});
  CHECK(state_of(root).dirty == true);
  test::write_file(root + "/a.txt", "one\ntwo\nthree\n");
  const GitState state = state_of(root);
  CHECK(state.dirty == false);
  CHECK(state.diff.empty());
  test::write_file(root + "/never.txt", "x");
  git(root, {"add", "never.txt"});
  os::remove_file(root + "/never.txt");
  git(root, {"reset", "-q", "a.txt"});
  CHECK(state_of(root).dirty == false);
}

TEST_CASE("conflicts and sparse checkouts") {
  test::TemporaryDirectory folder;
  const std::string root = folder / "r";
  make_repository(root);
  git(root, {"sparse-checkout", "set", "--no-cone", "/a.txt"});
  CHECK_FALSE(os::stat_file(root + "/data/b.txt"));
  CHECK(state_of(root).dirty == false);
  git(root, {"sparse-checkout", "disable"});

  git(root, {"checkout", "-q", "-b", "other"});
  test::write_file(root + "/a.txt", "other\n");
  git(root, {"commit", "-q", "-am", "other"});
  git(root, {"checkout", "-q", "main"});
  test::write_file(root + "/a.txt", "main\n");
  git(root, {"commit", "-q", "-am", "main"});
  const auto merged = os::run_program(
      {"git", "-C", root, "-c", "user.name=a", "-c", "user.email=b", "merge", "-q", "other"},
      os::environment_variables(), std::chrono::seconds(60));
  REQUIRE(merged.exit_code == 1);
  const GitState state = state_of(root);
  CHECK(state.dirty == true);
  CHECK(state.changed_files == 1);
  CHECK(state.diff.empty());
  CHECK(state.omitted_from_diff == std::vector<std::string>{"a.txt"});
  CHECK(state.notes == std::vector<std::string>{"a.txt has an unresolved conflict"});
}

TEST_CASE("limits of the diff omit whole files and name them") {
  test::TemporaryDirectory folder;
  const std::string root = folder / "r";
  make_repository(root);
  test::write_file(root + "/a.txt", std::string(5000, 'x') + "\n");
  test::write_file(root + "/data/b.txt", "changed\n");
  GitOptions options;
  options.max_diff_bytes = 1000;
  GitState state = state_of(root, options);
  CHECK(state.omitted_from_diff == std::vector<std::string>{"a.txt"});
  CHECK(state.changed_files == 2);
  CHECK(state.diff.find("+changed") != std::string::npos);
  options = {};
  options.max_diff_file_bytes = 100;
  state = state_of(root, options);
  CHECK(state.omitted_from_diff == std::vector<std::string>{"a.txt"});
  os::remove_file(root + "/a.txt");
  options.max_diff_file_bytes = 1;
  CHECK(state_of(root, options).omitted_from_diff ==
        std::vector<std::string>{"a.txt", "data/b.txt"});
}

TEST_CASE("without time or when cancelled, what is not known is said") {
  test::TemporaryDirectory folder;
  const std::string root = folder / "r";
  make_repository(root);
  test::write_file(root + "/a.txt", "changed\n");
  GitOptions options;
  options.time_limit = std::chrono::nanoseconds(0);
  const GitState late = state_of(root, options);
  CHECK(late.commit == head_of(root));
  CHECK(late.dirty == std::nullopt);
  CHECK_FALSE(late.notes.empty());
  base::Cancellation cancellation;
  cancellation.request();
  options = {};
  options.cancellation = &cancellation;
  const GitState cancelled = state_of(root, options);
  CHECK(cancelled.dirty == std::nullopt);
  REQUIRE_FALSE(cancelled.notes.empty());
  CHECK(cancelled.notes.back() ==
        "the comparison with the commit did not end before it was interrupted: whether files were "
        "changed is not known");
}

TEST_CASE("untracked and ignored inputs are told from tracked ones") {
  test::TemporaryDirectory folder;
  const std::string root = folder / "r";
  make_repository(root);
  test::write_file(root + "/.gitignore", "*.log\n");
  git(root, {"add", "."});
  git(root, {"commit", "-q", "-m", "ignore"});
  test::write_file(root + "/data/new.csv", "1\n");
  test::write_file(root + "/data/deep/x.log", "1\n");
  test::write_file(root + "/run.log", "1\n");
  test::write_file(folder / "outside.txt", "1\n");
  make_symlink(root + "/alias", "data");
  make_symlink(folder / "other-name", root);
  GitOptions options;
  options.inputs = {"b.txt",    "new.csv",        "../run.log",
                    "../a.txt", root + "/data",   folder / "outside.txt",
                    "missing",  "../alias/b.txt", folder / "other-name/data/new.csv"};
  const GitState state = state_of(root + "/data", options);
  std::vector<std::string> seen;
  for (const auto& input : state.untracked_inputs)
    seen.push_back(input.path + (input.ignored ? " ignored" : ""));
  CHECK(seen ==
        std::vector<std::string>{"data/deep/x.log ignored", "data/new.csv", "run.log ignored"});
  CHECK(state.notes.empty());
  CHECK(state.dirty == false);
}

TEST_CASE("a path that is not UTF-8 keeps its bytes in the record") {
  GitState state;
  state.untracked_inputs = {{"data/\xff.csv", false}};
  const codec::Json json = capture::to_json(state);
  const codec::Json& input = json.at("untracked_inputs").as_array()[0];
  CHECK(core::get_path(codec::parse_json(input.dump())) == "data/\xff.csv");
}

TEST_CASE("submodules: recorded and present commit, changes, not checked out; linked work trees") {
  test::TemporaryDirectory folder;
  const std::string library = folder / "library";
  make_repository(library);
  const std::string root = folder / "r";
  make_repository(root);
  git(root, {"submodule", "add", "-q", library, "lib"});
  git(root, {"commit", "-q", "-am", "submodule"});
  GitOptions options;
  options.inputs = {"lib/a.txt", "lib/new.txt"};
  test::write_file(root + "/lib/new.txt", "x\n");
  GitState state = state_of(root, options);
  REQUIRE(state.submodules.size() == 1);
  CHECK(state.submodules[0].path == "lib");
  CHECK(state.submodules[0].url == library);
  CHECK(state.submodules[0].recorded == head_of(library));
  CHECK(state.submodules[0].commit == head_of(library));
  CHECK(state.submodules[0].dirty == false);
  CHECK(state.dirty == false);
  REQUIRE(state.untracked_inputs.size() == 1);
  CHECK(state.untracked_inputs[0].path == "lib/new.txt");

  test::write_file(root + "/lib/a.txt", "changed\n");
  CHECK(state_of(root).submodules[0].dirty == true);
  CHECK(state_of(root).dirty == true);
  git(root + "/lib", {"commit", "-q", "-am", "in the submodule"});
  state = state_of(root);
  CHECK(state.submodules[0].dirty == true);
  CHECK(state.submodules[0].commit == head_of(root + "/lib"));
  CHECK(state.diff.find("+Subproject commit " + head_of(root + "/lib")) != std::string::npos);

  const std::string linked = folder / "linked";
  git(root, {"worktree", "add", "-q", "-b", "side", linked});
  state = state_of(linked);
  CHECK(state.root == linked);
  CHECK(state.branch == std::string("side"));
  CHECK(state.dirty == false);
  REQUIRE(state.submodules.size() == 1);
  CHECK(state.submodules[0].commit == std::nullopt);
  CHECK(state.submodules[0].dirty == std::nullopt);
  CHECK(capture::exclude_from_git(linked) == GitExclusion::added);
  CHECK(os::read_file(root + "/.git/info/exclude").find("\n.provrun/\n") != std::string::npos);
}

TEST_CASE("nothing below .git changes while it is read") {
  test::TemporaryDirectory folder;
  make_repository(folder / "library");
  const std::string root = folder / "r";
  make_repository(root);
  git(root, {"submodule", "add", "-q", folder / "library", "lib"});
  git(root, {"commit", "-q", "-am", "submodule"});
  // Files that git would refresh in the index: touched, changed, staged.
  os::set_mtime(root + "/data/b.txt", 1'500'000'000'000'000'000);
  os::set_mtime(root + "/lib/a.txt", 1'500'000'000'000'000'000);
  test::write_file(root + "/a.txt", "changed\n");
  test::write_file(root + "/staged", "changed\n");
  git(root, {"add", "staged"});
  std::string before;
  describe_tree(root + "/.git", before);
  GitOptions options;
  options.inputs = {"a.txt", "lib/a.txt", "x"};
  CHECK(state_of(root, options).dirty == true);
  std::string after;
  describe_tree(root + "/.git", after);
  CHECK(before == after);
}

TEST_CASE("a repository of another user is read, with a note") {
  if (os::effective_user_id() != 0) return;  // only root can give files away
  test::TemporaryDirectory folder;
  const std::string root = folder / "r";
  make_repository(root);
  REQUIRE(os::run_program({"chown", "-R", "12345", root}, os::environment_variables(),
                          std::chrono::seconds(10))
              .exit_code == 0);
  const GitState state = state_of(root);
  CHECK(state.commit);
  CHECK(state.notes ==
        std::vector<std::string>{"the work tree belongs to another user (uid 12345)"});
}

TEST_CASE("the exclude line is added once and every other byte stays") {
  test::TemporaryDirectory folder;
  const std::string root = folder / "r";
  make_repository(root);
  const std::string path = root + "/.git/info/exclude";
  test::write_file(path, "# mine\n*.tmp");
  os::set_mode(path, 0640);
  CHECK(capture::exclude_from_git(root + "/data") == GitExclusion::added);
  CHECK(os::read_file(path) == "# mine\n*.tmp\n.provrun/\n");
  CHECK(os::stat_file(path)->mode == 0640);
  CHECK(capture::exclude_from_git(root) == GitExclusion::already_there);
  CHECK(os::read_file(path) == "# mine\n*.tmp\n.provrun/\n");
  os::remove_tree(root + "/.git/info");
  CHECK(capture::exclude_from_git(root) == GitExclusion::added);
  CHECK(os::read_file(path) == ".provrun/\n");
  CHECK(capture::exclude_from_git(folder.path()) == GitExclusion::no_repository);
  os::remove_tree(root + "/.git/info");
  test::write_file(root + "/.git/info", "a file");
  CHECK_THROWS_AS(capture::exclude_from_git(root), base::Error);
}
