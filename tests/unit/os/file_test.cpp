#include "provrun/os/file.hpp"

#include <unistd.h>

#include "provrun/base/error.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/lock.hpp"
#include "provrun/os/stat_many.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;

TEST_CASE("an atomic write replaces, create-if-absent never does") {
  const test::TemporaryDirectory dir;
  os::write_file_atomically(dir / "f", "one", os::Durability::synced);
  os::write_file_atomically(dir / "f", "two", os::Durability::cached);
  CHECK(os::read_file(dir / "f") == "two");
  CHECK_FALSE(os::create_if_absent(dir / "f", "three", os::Durability::cached));
  CHECK(os::read_file(dir / "f") == "two");
  CHECK(os::create_if_absent(dir / "g", "new", os::Durability::synced));
  CHECK(os::list_directory(dir.path()).size() == 2);
  CHECK_THROWS_AS(os::create_new_file(dir / "g"), base::Error);
}

TEST_CASE("reading is bounded and says what is wrong") {
  const test::TemporaryDirectory dir;
  os::write_file_atomically(dir / "f", "12345", os::Durability::cached);
  CHECK_THROWS_AS(os::read_file(dir / "f", 4), base::Error);
  CHECK_THROWS_AS(os::read_file(dir.path()), base::Error);
  try {
    os::read_file(dir / "nothing");
    FAIL("read");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::not_found);
  }
}

TEST_CASE("a tree is removed without following links out of it") {
  const test::TemporaryDirectory dir;
  os::make_directories(dir / "outside");
  os::write_file_atomically(dir / "outside/keep", "", os::Durability::cached);
  os::make_directories(dir / "tree/deep/er");
  REQUIRE(::symlink((dir / "outside").c_str(), (dir / "tree/deep/link").c_str()) == 0);
  os::remove_tree(dir / "tree");
  CHECK_FALSE(os::lstat_file(dir / "tree"));
  CHECK(os::lstat_file(dir / "outside/keep"));
}

TEST_CASE("paths are normalized as text") {
  CHECK(os::normalize_path("./a//b/../c/") == "a/c");
  CHECK(os::normalize_path("../x") == "../x");
  CHECK(os::normalize_path("/../x/..") == "/");
  CHECK(os::normalize_path("") == ".");
  CHECK(os::parent_path("a/b/") == "a");
  CHECK(os::parent_path("a") == ".");
  CHECK(os::base_name("/a/b/") == "b");
}

TEST_CASE("a lock is held once, and free again when its holder is gone") {
  const test::TemporaryDirectory dir;
  {
    const auto held = os::FileLock::try_acquire(dir / "lock", "me");
    REQUIRE(held);
    CHECK_FALSE(os::FileLock::try_acquire(dir / "lock", "you"));
    CHECK(os::FileLock::holder(dir / "lock") == "me");
  }
  CHECK(os::FileLock::try_acquire(dir / "lock", "you"));
}

TEST_CASE("many files are compared by what stat tells") {
  const test::TemporaryDirectory dir;
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) {
    names.push_back("f" + std::to_string(i));
    os::write_file_atomically(dir / names.back(), "x", os::Durability::cached);
  }
  std::vector<os::StatQuestion> questions;
  for (const auto& name : names) {
    const auto stat = *os::stat_file(dir / name);
    questions.push_back({name, stat.inode, stat.device, stat.size, stat.mtime_ns, stat.ctime_ns});
  }
  for (const int threads : {1, 2, 7}) {
    CHECK(os::all_unchanged(dir.path(), questions, threads));
    questions[57].size = 2;
    CHECK_FALSE(os::all_unchanged(dir.path(), questions, threads));
    questions[57].size = 1;
  }
  os::remove_file(dir / "f99");
  CHECK_FALSE(os::all_unchanged(dir.path(), questions, 2));
}

TEST_CASE("programs are found on PATH, and only executables") {
  CHECK(os::find_program("sh"));
  CHECK_FALSE(os::find_program("no-such-program-here"));
  CHECK_FALSE(os::find_program("/etc/passwd"));
  CHECK(os::process_start_ticks(os::process_id()).has_value());
  CHECK_FALSE(os::boot_id().empty());
}
