#include "provrun/app/cached_files.hpp"

#include "provrun/base/error.hpp"
#include "provrun/catalog/state.hpp"
#include "provrun/catalog/state_file.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace provrun;
using core::PathKind;

namespace {

struct Fixture {
  test::TemporaryDirectory dir;
  db::Database database = catalog::memory_state();
  catalog::State state{database};
  std::vector<std::string> notices;

  Fixture() { os::make_directories(dir / ".provrun"); }
  app::CachedFiles files() {
    return {dir.path(), &state, ".provrun/aside",
            [this](const std::string& text) { notices.push_back(text); }};
  }
  void write(const std::string& name, const std::string& text) {
    os::make_directories(os::parent_path(dir / name));
    os::write_file_atomically(dir / name, text, os::Durability::cached, 0644);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a file that has not changed is read once, over several runs") {
  write("a", "hello");
  {
    auto run = files();
    const auto state_of_a = run.identify("a", PathKind::file);
    REQUIRE(state_of_a);
    CHECK(state_of_a->content.digest == hash::sha256("hello"));
    CHECK(state_of_a->files.at(0).size == 5);
    run.identify("a", PathKind::file);
    CHECK(run.files_read() == 1);
    run.remember(state);
  }
  auto later = files();
  CHECK(later.identify("a", PathKind::file)->content.digest == hash::sha256("hello"));
  CHECK(later.files_read() == 0);
}

TEST_CASE_METHOD(Fixture, "a change is seen though size and mtime are put back") {
  write("a", "11111");
  auto run = files();
  run.identify("a", PathKind::file);
  run.remember(state);
  const auto before = *os::stat_file(dir / "a");
  const auto file = os::create_file(dir / "a");
  os::write_all(file, std::string_view("22222"), "a");
  os::set_mtime(dir / "a", before.mtime_ns);
  CHECK_FALSE(run.unchanged("a", PathKind::file));
  CHECK(run.identify("a", PathKind::file)->content.digest == hash::sha256("22222"));
}

TEST_CASE_METHOD(Fixture, "a directory is known by what is in it") {
  write("d/one", "1");
  write("d/sub/two", "2");
  auto run = files();
  const auto first = run.identify("d", PathKind::directory);
  REQUIRE(first);
  CHECK(first->files.size() == 2);
  CHECK(run.unchanged("d", PathKind::directory));
  write("d/three", "3");
  CHECK_FALSE(run.unchanged("d", PathKind::directory));
  CHECK(run.identify("d", PathKind::directory)->content != first->content);
  os::remove_file(dir / "d/three");
  CHECK(run.identify("d", PathKind::directory)->content == first->content);
}

TEST_CASE_METHOD(Fixture, "kinds that were not declared are refused") {
  write("d/one", "1");
  auto run = files();
  CHECK_THROWS_AS(run.identify("d", PathKind::file), base::Error);
  CHECK_THROWS_AS(run.identify("d/one", PathKind::directory), base::Error);
  CHECK_FALSE(run.identify("nothing", PathKind::file));
}

TEST_CASE_METHOD(Fixture, "only files known to be made by a step are deleted for a new output") {
  write("out/known", "made");
  write("out/mine", "by hand");
  auto run = files();
  const auto known = run.identify("out/known", PathKind::file)->files;
  run.prepare_output("out/known", PathKind::file, known);
  CHECK_FALSE(os::lstat_file(dir / "out/known"));
  CHECK(notices.empty());
  run.prepare_output("out/mine", PathKind::file, known);
  CHECK_FALSE(os::lstat_file(dir / "out/mine"));
  CHECK(os::read_file(dir / ".provrun/aside/out/mine") == "by hand");
  CHECK(notices.size() == 1);
  run.prepare_output("new/deep/file", PathKind::file, {});
  CHECK(os::stat_file(dir / "new/deep"));
  write("out/mine", "again");
  CHECK(run.set_aside("out/mine") == ".provrun/aside/out/mine~1");
}
