#include "provrun/catalog/state.hpp"

#include <functional>

#include "provrun/base/error.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/db/transaction.hpp"
#include "support/catch.hpp"
#include "support/records.hpp"

using namespace provrun;

namespace {

os::FileStat stat_with(std::uint64_t inode) {
  os::FileStat stat;
  stat.device = 0xfe01;
  stat.inode = inode;
  stat.size = 12;
  stat.mtime_ns = 1'700'000'000'000'000'001;
  stat.ctime_ns = -5;
  stat.mode = 0755;
  stat.uid = 1000;
  stat.links = 2;
  stat.blocks = 8;
  return stat;
}

catalog::RememberedStep step(const std::string& instance, const std::string& document) {
  catalog::RememberedStep made;
  made.instance = instance;
  made.step_key = hash::sha256(instance);
  made.execution.uuid = records::uuid(5, 6);
  made.key_document = document;
  made.duration = std::chrono::milliseconds(1234);
  made.outputs.push_back({{"out/\xff name", records::content(instance), 12, 0755}, stat_with(77)});
  made.outputs.push_back({{"", records::content(""), 0, 0}, {}});
  return made;
}

void check_same(const catalog::RememberedStep& a, const catalog::RememberedStep& b) {
  CHECK(a.instance == b.instance);
  CHECK(a.step_key == b.step_key);
  CHECK(a.execution == b.execution);
  CHECK(a.key_document == b.key_document);
  CHECK(a.duration == b.duration);
  CHECK(a.search_path == b.search_path);
  REQUIRE(a.outputs.size() == b.outputs.size());
  for (std::size_t i = 0; i < a.outputs.size(); ++i) {
    CHECK(a.outputs[i].artifact == b.outputs[i].artifact);
    CHECK(a.outputs[i].stat == b.outputs[i].stat);
  }
}

}  // namespace

TEST_CASE("a file is known only while nothing of its stat changed") {
  auto database = catalog::memory_state();
  catalog::State state(database);
  const auto stat = stat_with(77);
  const auto content = records::content("x");
  CHECK_FALSE(state.find_file(stat));
  state.put_files(std::vector{std::pair{stat, content}});
  CHECK(state.find_file(stat) == content);
  for (auto change : std::vector<std::function<void(os::FileStat&)>>{
           [](auto& s) { ++s.inode; }, [](auto& s) { ++s.device; }, [](auto& s) { ++s.size; },
           [](auto& s) { ++s.mtime_ns; }, [](auto& s) { ++s.ctime_ns; }}) {
    auto other = stat;
    change(other);
    CHECK_FALSE(state.find_file(other));
  }
  auto touched = stat;
  ++touched.mtime_ns;
  state.put_files(std::vector{std::pair{touched, records::content("y")}});
  CHECK_FALSE(state.find_file(stat));
  CHECK(state.find_file(touched) == records::content("y"));
  auto extreme = stat;
  extreme.device = extreme.inode = extreme.size = UINT64_MAX;
  state.put_files(std::vector{std::pair{extreme, content}});
  CHECK(state.find_file(extreme) == content);
  state.forget_files();
  CHECK_FALSE(state.find_file(touched));
}

TEST_CASE("files are found ahead as they are found one by one") {
  auto database = catalog::memory_state();
  catalog::State state(database);
  std::vector<std::pair<os::FileStat, core::ContentId>> files;
  for (std::uint64_t inode = 1; inode < 3000; inode += inode % 5 == 0 ? 70 : 1)
    files.emplace_back(stat_with(inode), records::content(std::to_string(inode)));
  state.put_files(files);
  for (const auto step : {1U, 2U, 7U, 611U})  // in order, with gaps, far apart
    for (std::uint64_t inode = 1; inode < 3100; inode += step) {
      INFO(inode);
      CHECK(state.find_file_ahead(stat_with(inode)) == state.find_file(stat_with(inode)));
    }
  for (std::uint64_t inode = 3100; inode > 0; --inode) {
    auto changed = stat_with(inode);
    CHECK(state.find_file_ahead(changed) == state.find_file(changed));
    ++changed.mtime_ns;
    CHECK_FALSE(state.find_file_ahead(changed));
  }
  state.forget_files();
  state.forget_ahead();
  CHECK_FALSE(state.find_file_ahead(stat_with(1)));
}

TEST_CASE("steps are remembered per workflow file") {
  auto database = catalog::memory_state();
  catalog::State state(database);
  std::string long_document = "{\"command\":\"";
  for (int i = 0; i < 400; ++i) long_document += std::to_string(i * 7919);
  long_document += "\"}";
  std::vector steps{step("clean@a", "{}"), step("clean@b", ""), step("fit", long_document)};
  steps[0].search_path = "/bin:/odd\xff";
  steps[2].search_path = "";
  CHECK(state.steps("pipeline.yaml").empty());
  state.put_steps("pipeline.yaml", steps);
  state.put_steps("other.yaml", std::vector{step("clean@a", "{\"other\":1}")});
  const auto read = state.steps("pipeline.yaml");
  REQUIRE(read.size() == 3);
  for (const auto& expected : steps) {
    const auto found = state.find_step("pipeline.yaml", expected.instance);
    REQUIRE(found);
    check_same(*found, expected);
  }
  auto changed = steps[0];
  changed.step_key = hash::sha256("new");
  changed.outputs.clear();
  changed.search_path = "/usr/bin";
  state.put_steps("pipeline.yaml", std::vector{changed});
  check_same(*state.find_step("pipeline.yaml", "clean@a"), changed);
  CHECK(state.find_step("other.yaml", "clean@a")->key_document == "{\"other\":1}");
  CHECK(state.steps("pipeline.yaml").size() == 3);
  state.forget_steps("pipeline.yaml", std::vector<std::string>{"fit", "unknown"});
  CHECK_FALSE(state.find_step("pipeline.yaml", "fit"));
  CHECK_FALSE(state.find_step("none.yaml", "fit"));
}

TEST_CASE("memos keep any bytes") {
  auto database = catalog::memory_state();
  catalog::State state(database);
  CHECK_FALSE(state.get_memo("plan"));
  const std::string blob = std::string(3'000'000, 'x') + std::string("\0\xff", 2);
  state.put_memo("plan", blob);
  state.put_memo("empty", "");
  CHECK(state.get_memo("plan") == blob);
  CHECK(state.get_memo("empty") == "");
  state.put_memo("plan", "small");
  CHECK(state.get_memo("plan") == "small");
  state.forget_memo("plan");
  CHECK_FALSE(state.get_memo("plan"));
}

TEST_CASE("what was remembered survives closing, and damage in a row is an error") {
  const auto folder = os::make_temporary_directory("/tmp/provrun-state-");
  const auto path = os::join_path(folder, "deep/er/state.db");
  CHECK_FALSE(catalog::open_state_for_reading(path));
  {
    auto database = catalog::open_state(path);
    catalog::State state(database);
    state.put_steps("p", std::vector{step("s", "{}"), step("t", std::string(5000, 'k'))});
  }
  {
    auto reader = catalog::open_state_for_reading(path);
    REQUIRE(reader);
    catalog::State state(*reader);
    check_same(*state.find_step("p", "s"), step("s", "{}"));
    CHECK_THROWS_AS(state.put_memo("a", "b"), base::Error);
    CHECK(os::list_directory(os::parent_path(path)).size() == 1);
  }
  {
    auto database = catalog::open_state(path);
    catalog::State state(database);
    for (const auto* damage :
         {"outputs=x'02'", "outputs=x''", "outputs=x'01ff'", "step_key=x'00'", "execution=x''",
          "key_document=x''", "key_document=x'7a00'", "key_document=x'71'"}) {
      INFO(damage);
      db::Transaction transaction(database);  // rolled back
      database.execute(std::string("UPDATE last_executions SET ") + damage);
      try {
        state.steps("p");
        FAIL("read");
      } catch (const base::Error& error) {
        CHECK(error.code() == base::ErrorCode::corruption);
      }
    }
    CHECK(state.steps("p").size() == 2);
  }
  catalog::remove_state(path);
  CHECK(os::list_directory(os::parent_path(path)).empty());
  os::remove_tree(folder);
}

TEST_CASE("what no step names any more is dropped, the rest stays") {
  auto database = catalog::memory_state();
  catalog::State state(database);
  const auto listed = [](const std::string& path, const core::ContentId& names) {
    return core::Access{path, core::Use::list, core::Presence::directory, names, 0, 0, false};
  };
  const auto kept =
      core::make_access_sets(core::PathClass::outside, {listed("/data", records::content("kept"))});
  const auto old =
      core::make_access_sets(core::PathClass::outside, {listed("/old", records::content("old"))});
  state.put_access_sets(kept);
  state.put_access_sets(old);
  for (const auto* name : {"kept", "own", "old", "nobody's"})
    state.put_listings(std::vector{std::pair{
        records::content(name), std::vector{core::ListingEntry{name, core::Presence::file}}}});
  auto remembered = step("a", "{}");
  remembered.access_sets = {old[0]->id};
  state.put_steps("p", std::vector{remembered});
  remembered.access_sets = {kept[0]->id};
  remembered.accesses = {listed("own", records::content("own"))};
  remembered.search_path = "/old";
  state.put_steps("p", std::vector{remembered});
  remembered.search_path = "/kept";
  state.put_steps("p", std::vector{remembered});
  CHECK(database.query_integer("SELECT count(*) FROM search_paths") == 2);

  state.drop_unused_sets();
  CHECK(database.query_integer("SELECT count(*) FROM search_paths") == 1);
  CHECK(state.find_step("p", "a")->search_path == "/kept");
  CHECK(state.find_access_set(kept[0]->id) != nullptr);
  CHECK(state.find_access_set(old[0]->id) == nullptr);
  CHECK(state.find_listing(records::content("kept")).has_value());
  CHECK(state.find_listing(records::content("own")).has_value());
  CHECK_FALSE(state.find_listing(records::content("old")).has_value());
  CHECK_FALSE(state.find_listing(records::content("nobody's")).has_value());
}

TEST_CASE("state.db leaves a network file system for the cache folder") {
  const auto local = [](const std::string&) { return false; };
  const auto network = [](const std::string&) { return true; };
  CHECK(catalog::state_path("/data/a/work/", "/cache", local) == "/data/a/work/.provrun/state.db");
  const auto moved = catalog::state_path("/data/a/work", "/cache", network);
  CHECK(moved == catalog::state_path("/data/a/./work/", "/cache", network));
  CHECK(moved ==
        "/cache/workspaces/" + hash::sha256("/data/a/work").to_hex().substr(0, 16) + "/state.db");
  CHECK(moved != catalog::state_path("/data/b/work", "/cache", network));
  CHECK(catalog::repository_catalog_path("id1") != catalog::repository_catalog_path("id2"));
}
