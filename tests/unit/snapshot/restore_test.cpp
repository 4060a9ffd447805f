#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/snapshot/restorer.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "provrun/snapshot/verifier.hpp"
#include "provrun/store/repair.hpp"
#include "support/catch.hpp"
#include "support/repository_fixture.hpp"
#include "support/temporary_folder.hpp"

using namespace provrun;
using snapshot::Entry;
using snapshot::EntryType;

namespace {

// Everything the format can hold, hostile names included.
snapshot::SnapshotName commit_everything(store::Repository& repository) {
  const auto session = repository.begin_session();
  std::vector<Entry> entries;
  const auto file = [&](const std::string& path, const std::string& bytes) {
    entries.push_back(test::file_entry(path, session->put_bytes(bytes)));
  };
  const auto symlink = [&](const std::string& path, const std::string& target) {
    Entry entry = test::file_entry(path, {});
    entry.type = EntryType::symlink;
    entry.target = target;
    entries.push_back(entry);
  };
  const auto directory = [&](const std::string& path, std::uint32_t mode) {
    Entry entry = test::file_entry(path, {});
    entry.type = EntryType::directory;
    entry.mode = mode;
    entries.push_back(entry);
  };
  file("plain.txt", "hello\n");
  file("empty", "");
  file("it's \"quoted\" \\ back", "quotes");
  file("$(touch /tmp/provrun-owned) `id` ${HOME}", "shell");
  file("new\nline\n", "newline");
  file(" leading and trailing ", "space");
  file("-rf", "dash");
  file("*?[a]", "glob");
  file("\xff\xfe not utf-8 \n", "raw");
  file("tab\tand\x01\x7f", "control");
  file("caf\xc3\xa9 \xf0\x9f\x8c\x8d", "utf-8");
  directory("locked", 0500);
  file("locked/inside", "in a directory that cannot be written");
  directory("nothing in it", 0750);
  file("deep/a/b/c/d/e/f", "deep");
  file("lists/inline", test::table_text(10'000, 1));
  file("lists/one level", test::random_bytes(20'000, 2));
  file("lists/two levels", test::table_text(170'000, 27));
  symlink("link to nowhere", "../../nowhere");
  symlink("link's \xff target", "\xff\n'$(id)'\n");
  // Names and bytes chosen so that few of them make two parts, and two lists.
  for (int i = 0; i < 330; ++i)
    file("many/p2 " + std::to_string(i) + ".dat", "m" + std::to_string(i % 7));
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return snapshot::path_less(a.path, b.path); });
  entries.front().mtime_ns = -1'500'000'000;
  entries[1].mtime_ns = 1;
  entries[2].mtime_ns = 4'102'444'800'000'000'000;
  snapshot::TreeWriter tree(*session);
  for (const auto& entry : entries) tree.add(entry);
  snapshot::Manifest manifest;
  manifest.root = tree.finish();
  return snapshot::commit_snapshot(*session, manifest);
}

// All that a restored tree shows: type, mode, time, bytes or target of every name.
void describe(const std::string& directory, const std::string& prefix, std::string& text) {
  for (const auto& entry : os::list_directory(directory)) {
    const auto path = os::join_path(directory, entry.name);
    const auto stat = *os::lstat_file(path);
    text += prefix + base::printable(entry.name) + " " +
            std::to_string(static_cast<int>(stat.type)) + " " + std::to_string(stat.mode) + " " +
            std::to_string(stat.mtime_ns);
    if (stat.type == os::FileType::symlink)
      text += " -> " + base::printable(os::read_symlink(path));
    if (stat.type == os::FileType::regular)
      text += " " + hash::sha256(os::read_file(path)).to_hex();
    text += "\n";
    if (stat.type == os::FileType::directory)
      describe(path, prefix + base::printable(entry.name) + "/", text);
  }
}

std::string description_of(const std::string& directory) {
  std::string text;
  describe(directory, "", text);
  return text;
}

// With nothing but the standard tools within reach. The exit status.
int run_restore_script(const std::string& repository, const std::string& snapshot_file,
                       const std::string& destination) {
  const auto command = "cd / && env -i PATH=/usr/bin:/bin /bin/sh " +
                       base::shell_quote(repository + "/RESTORE.sh") + " " +
                       base::shell_quote(repository) + " " + base::shell_quote(snapshot_file) +
                       " " + base::shell_quote(destination) + " 2>/dev/null";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

store::CreateOptions tiny_chunks() {
  store::CreateOptions options;
  options.chunker = {.minimum = 64, .average = 256, .maximum = 4096};
  return options;
}

}  // namespace

TEST_CASE("restore and RESTORE.sh bring back every feature of the format, alike") {
  const test::TemporaryFolder folder;
  const auto path = folder / "repo's";
  const auto repository = store::create_repository_at(path, tiny_chunks(), {});
  const auto name = commit_everything(*repository);
  CHECK(snapshot::verify_snapshot(*repository, name).clean());
  const auto manifest = snapshot::load_manifest(*repository, name);
  REQUIRE(
      snapshot::find_entry(*repository, manifest.root, "lists/one level")->content.list_levels ==
      1);
  REQUIRE(
      snapshot::find_entry(*repository, manifest.root, "lists/two levels")->content.list_levels ==
      2);

  const auto many = snapshot::find_entry(*repository, manifest.root, "many")->tree;
  const auto parts = repository->read_chunk(many);
  REQUIRE(std::string(parts.begin(), parts.end()).find("\"t\":\"+\"") != std::string::npos);

  const auto report = snapshot::restore_tree(*repository, manifest.root, folder / "ours", {});
  CHECK(report.files == 346);
  CHECK(report.symlinks == 2);
  CHECK(report.directories == 12);
  const auto ours = description_of(folder / "ours");
  CHECK(ours.find("plain.txt 0 416 1700000000123456789 " + hash::sha256("hello\n").to_hex()) !=
        std::string::npos);

  SECTION("the script gives the same tree") {
    REQUIRE(run_restore_script(path, path + "/" + name.object_name(), folder / "theirs") == 0);
    CHECK(description_of(folder / "theirs") == ours);
    CHECK_FALSE(os::lstat_file("/tmp/provrun-owned"));
  }
  SECTION("it runs without an index too") {
    os::remove_tree(path + "/index");
    REQUIRE(run_restore_script(path, path + "/" + name.object_name(), folder / "theirs") == 0);
    CHECK(description_of(folder / "theirs") == ours);
  }
  for (const auto* locked : {"ours/locked", "theirs/locked"})
    if (os::lstat_file(folder / locked)) os::set_mode(folder / locked, 0700);
}

TEST_CASE("RESTORE.sh is short, and a flipped byte makes it fail") {
  const test::TemporaryFolder folder;
  const auto path = folder / "repository";
  const auto repository = store::create_repository_at(path, tiny_chunks(), {});
  const auto name =
      test::commit_files(*repository, {{"a", test::table_text(3000, 1)}, {"b/c", "d"}});
  const auto script = os::read_file(path + "/RESTORE.sh");
  CHECK(std::count(script.begin(), script.end(), '\n') <= 50);
  CHECK(run_restore_script(path, path + "/" + name.object_name(), folder / "whole") == 0);
  CHECK(run_restore_script(path, path + "/" + name.object_name(), folder / "whole") ==
        1);  // exists

  std::string pack_path;
  for (const auto& group : os::list_directory(path + "/packs"))
    for (const auto& file : os::list_directory(path + "/packs/" + group.name))
      pack_path = path + "/packs/" + group.name + "/" + file.name;
  const auto pack_bytes = os::read_file(pack_path);
  const auto frames = pack_bytes.rfind("\x5e\x2a\x4d\x18");
  for (std::size_t i = 5; i < frames; i += frames / 12) {
    INFO("byte " << i << " of " << frames);
    auto damaged = pack_bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 8);
    os::write_file_atomically(pack_path, damaged, os::Durability::cached);
    os::remove_tree(folder / "out");
    CHECK(run_restore_script(path, path + "/" + name.object_name(), folder / "out") == 1);
  }
  os::write_file_atomically(pack_path, pack_bytes, os::Durability::cached);
  const auto manifest_path = path + "/" + name.object_name();
  auto manifest = os::read_file(manifest_path);
  manifest[manifest.find("host")] ^= 1;
  os::write_file_atomically(manifest_path, manifest, os::Durability::cached);
  os::remove_tree(folder / "out");
  CHECK(run_restore_script(path, manifest_path, folder / "out") == 1);
}

TEST_CASE("a restore never leaves its directory") {
  const test::TemporaryFolder folder;
  const auto repository = store::create_repository_at(folder / "repository", tiny_chunks(), {});
  const auto name = test::commit_files(*repository, {{"a/x", "new"}, {"b", "new"}});
  const auto root = snapshot::load_manifest(*repository, name).root;
  os::make_directories(folder / "outside");
  os::make_directories(folder / "target");
  REQUIRE(::symlink((folder / "outside").c_str(), (folder / "target/a").c_str()) == 0);
  try {
    snapshot::restore_tree(*repository, root, folder / "target", {});
    FAIL("it went through the symlink");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::refused);
    CHECK(error.message() ==
          "cannot restore a: " + folder.path + "/target/a is in the way: it is not a directory");
  }
  CHECK(os::list_directory(folder / "outside").empty());

  SECTION("a file is replaced only on request, and a symlink is replaced, not written through") {
    os::write_file_atomically(folder / "outside/b", "precious", os::Durability::cached);
    os::remove_file(folder / "target/a");
    REQUIRE(::symlink((folder / "outside/b").c_str(), (folder / "target/b").c_str()) == 0);
    CHECK_THROWS_AS(snapshot::restore_tree(*repository, root, folder / "target", {}), base::Error);
    snapshot::RestoreOptions options;
    options.overwrite = snapshot::Overwrite::yes;
    options.durability = os::Durability::synced;
    snapshot::restore_tree(*repository, root, folder / "target", options);
    CHECK(os::read_file(folder / "outside/b") == "precious");
    CHECK(os::read_file(folder / "target/b") == "new");
    CHECK(os::lstat_file(folder / "target/b")->type == os::FileType::regular);
    CHECK(os::list_directory(folder / "target").size() == 2);  // no temporary names
  }
  SECTION("a tree made by hand with a name that leads out is refused") {
    const auto session = repository->begin_session();
    for (const auto* bad : {"..", "../x", "/etc/x", ".", "a/b", ""}) {
      std::string line;
      snapshot::append_entry_line(line, test::file_entry(bad, session->put_bytes("x")));
      const auto tree =
          session->put_object({reinterpret_cast<const std::uint8_t*>(line.data()), line.size()},
                              store::ChunkKind::tree);
      session->checkpoint();
      try {
        snapshot::restore_tree(*repository, tree, folder / "fresh", {});
        FAIL(bad);
      } catch (const base::Error& error) {
        CHECK(error.code() == base::ErrorCode::corruption);
      }
    }
  }
}

TEST_CASE("patterns choose what is restored") {
  const test::TemporaryFolder folder;
  const auto repository = store::create_repository_at(folder / "repository", tiny_chunks(), {});
  const auto name = test::commit_files(
      *repository,
      {{"a/one.csv", "1"}, {"a/two.txt", "2"}, {"b/c/three.csv", "3"}, {"d/four", "4"}});
  snapshot::RestoreOptions options;
  options.patterns = {"**/*.csv", "d", "none"};
  const auto root = snapshot::load_manifest(*repository, name).root;
  const auto report = snapshot::restore_tree(*repository, root, folder / "out", options);
  CHECK(report.files == 3);
  CHECK(report.unmatched_patterns == std::vector<std::string>{"none"});
  CHECK_FALSE(os::lstat_file(folder / "out/a/two.txt"));
  CHECK(os::read_file(folder / "out/b/c/three.csv") == "3");

  const auto entry = snapshot::find_entry(*repository, root, "a/one.csv");
  snapshot::restore_file(*repository, *entry, folder / "single", snapshot::Overwrite::no,
                         os::Durability::synced);
  CHECK(os::read_file(folder / "single") == "1");
  CHECK_THROWS_AS(snapshot::restore_file(*repository, *entry, folder / "single",
                                         snapshot::Overwrite::no, os::Durability::cached),
                  base::Error);
}

TEST_CASE("what a pattern selects") {
  using snapshot::pattern_selects;
  CHECK(pattern_selects("a", "a"));
  CHECK(pattern_selects("a/", "a/b/c"));
  CHECK(pattern_selects("./a/b", "a/b"));
  CHECK_FALSE(pattern_selects("b", "a/b"));
  CHECK(pattern_selects("*/b", "a/b/c"));
  CHECK_FALSE(pattern_selects("*", ""));
  CHECK(pattern_selects("**", "a"));
  CHECK(pattern_selects("**/x", "a/b/x"));
  CHECK(pattern_selects("**/x", "x"));
  CHECK(pattern_selects("a/**/x", "a/x/y"));
  CHECK(pattern_selects("f?o[0-9]*", "foo7bar"));
  CHECK_FALSE(pattern_selects("f[!o]o", "foo"));
  CHECK(pattern_selects("a[", "a["));
  CHECK_FALSE(pattern_selects("*.csv", "dir/a.csv"));
}

TEST_CASE("threads put files side by side into one session") {
  const test::TemporaryFolder folder;
  const auto repository =
      store::create_repository_at(folder / "repository", test::small_chunks(), {});
  const auto session = repository->begin_session();
  std::vector<store::FileContent> contents(400);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < contents.size(); i += 4)
        contents[i] = session->put_bytes(test::table_text(100 * (i % 200), i % 200));
    });
  for (auto& thread : threads) thread.join();
  session->checkpoint();
  for (std::size_t i = 0; i < contents.size(); ++i)
    CHECK(repository->read_content(contents[i], 1 << 20) ==
          test::table_text(100 * (i % 200), i % 200));
  CHECK(session->statistics().reused_chunks > 0);
  CHECK(store::check_structure(*repository, store::ReadPacks::yes).damage.empty());
}

TEST_CASE("processes commit side by side into one repository") {
  const test::TemporaryFolder folder;
  const auto path = folder / "repository";
  store::create_repository_at(path, test::small_chunks(), {});
  constexpr int kProcesses = 6;
  constexpr int kCommits = 15;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const auto child = ::fork();
    if (child == 0) {
      try {
        const auto repository = store::open_repository_at(path, {folder / "cache"});
        for (int i = 0; i < kCommits; ++i)
          test::commit_files(*repository, {{"mine", std::to_string(p) + ":" + std::to_string(i)},
                                           {"shared", test::table_text(20'000, 1)}});
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  for (const auto child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  const auto repository = store::open_repository_at(path, {folder / "cache"});
  const auto names = snapshot::list_snapshots(*repository);
  CHECK(names.size() == kProcesses * kCommits);
  for (const auto& name : names) CHECK(snapshot::verify_snapshot(*repository, name).clean());
  CHECK(store::check_structure(*repository, store::ReadPacks::yes).damage.empty());
  CHECK(os::list_directory(path + "/tmp").empty());
}

TEST_CASE("a writer killed at any moment leaves a repository that others go on with") {
  const test::TemporaryFolder folder;
  const auto path = folder / "repository";
  store::create_repository_at(path, test::small_chunks(), {});
  test::Numbers numbers(5);
  for (int round = 0; round < 15; ++round) {
    const auto child = ::fork();
    if (child == 0) {
      const auto repository = store::open_repository_at(path, {});
      for (int i = 0;; ++i)
        test::commit_files(*repository, {{"a", std::to_string(round) + ":" + std::to_string(i)}});
    }
    ::usleep(static_cast<useconds_t>(2000 + numbers.below(15'000)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  const auto repository = store::open_repository_at(path, {});
  test::commit_files(*repository, {{"a", "last"}});
  for (const auto& name : snapshot::list_snapshots(*repository))
    CHECK(snapshot::verify_snapshot(*repository, name).clean());
  CHECK(store::check_structure(*repository, store::ReadPacks::yes).damage.empty());
  CHECK(os::list_directory(path + "/tmp").empty());
}
