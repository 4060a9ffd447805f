#include "provrun/catalog/catalog.hpp"

#include "provrun/base/error.hpp"
#include "provrun/catalog/catalog_edges.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/db/transaction.hpp"
#include "provrun/lineage/query.hpp"
#include "provrun/os/file.hpp"
#include "support/catch.hpp"
#include "support/records.hpp"

using namespace provrun;
using base::ErrorCode;
using records::execution;
using records::run;

namespace {

template <typename Action>
base::Error error_of(Action&& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error;
  }
  FAIL("no error");
  return base::Error(ErrorCode::internal, "");
}

constexpr std::int64_t kDay = 86'400'000;

struct Fixture {
  db::Database database = catalog::memory_state();
  catalog::Catalog index{database};

  /// Runs 1…n, one a day from 1970-01-02 on; even ones by bob, every third failed.
  void fill(std::uint8_t count) {
    for (std::uint8_t i = 1; i <= count; ++i) {
      auto record = run(i, i * kDay, i % 4 == 0 ? "other" : "flow");
      if (i % 2 == 0) record.user = "bob";
      if (i % 3 == 0) record.state = core::RunState::failed;
      std::vector<core::Execution> executions;
      if (i % 5 == 0)
        executions.push_back(
            execution(i, "fit@x", i * kDay, i * kDay + i, {}, {{"o", "o" + std::to_string(i)}}));
      index.add_run(record, "s" + std::to_string(i), executions);
    }
  }
  std::vector<int> days(const catalog::RunFilter& filter, std::size_t limit = 100) {
    std::vector<int> days;
    for (const auto& found : index.runs(filter, limit).runs)
      days.push_back(static_cast<int>(found.started.nanoseconds / 1'000'000 / kDay));
    return days;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a run comes out as it went in, once") {
  auto record = run(7, 1000);
  record.failure = "step fit failed";
  record.config_hash = hash::sha256("config");
  record.counts = {1, 2, 3, 4, 5};
  CHECK(index.add_run(record, std::string("\0\xff snap", 7), {}));
  CHECK_FALSE(index.add_run(record, std::string("\0\xff snap", 7), {}));
  const auto found = index.find_run(record.id);
  REQUIRE(found);
  CHECK(found->snapshot == std::string("\0\xff snap", 7));
  CHECK(found->workflow == "flow");
  CHECK(found->state == core::RunState::completed);
  CHECK(found->started == record.started);
  CHECK(found->ended == record.ended);
  CHECK(found->user == "ada");
  CHECK(found->host == "lab1");
  CHECK(found->config_hash == record.config_hash);
  CHECK(found->git_commit == "abc123");
  CHECK(found->git_dirty == true);
  CHECK(found->counts.skipped == 5);
  CHECK(found->failure == "step fit failed");
  CHECK(index.known_snapshots() == std::vector<std::string>{found->snapshot});
  CHECK(index.counts().runs == 1);
}

TEST_CASE_METHOD(Fixture, "a run known from another snapshot is replaced whole") {
  auto record = run(1, 1000);
  record.state = core::RunState::running;
  index.add_run(record, "first", std::vector{execution(1, "a", 1, 2, {{"i", "i"}}, {{"x", "1"}})});
  record.state = core::RunState::completed;
  CHECK(index.add_run(record, "second",
                      std::vector{execution(1, "a", 1, 2, {{"i", "i"}}, {{"x", "2"}}),
                                  execution(2, "b", 2, 3, {{"x", "2"}}, {{"y", "y"}})}));
  CHECK(index.counts().runs == 1);
  CHECK(index.counts().executions == 2);
  CHECK(index.counts().edges == 4);
  CHECK(index.known_snapshots() == std::vector<std::string>{"second"});
  CHECK(index.find_run(record.id)->state == core::RunState::completed);
  CHECK(index.remove_run(record.id));
  CHECK_FALSE(index.remove_run(record.id));
  CHECK(index.counts().edges == 0);
  CHECK(index.counts().executions == 0);
}

TEST_CASE_METHOD(Fixture, "a snapshot without a run is remembered until it is gone") {
  index.add_run(run(1, 1000), "b", {});
  index.add_run(run(2, 2000), "d", {});
  index.add_snapshot("a");
  index.add_snapshot("c");
  index.add_snapshot("c");
  CHECK(index.known_snapshots() == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(index.remove_other_snapshots({"b", "c", "e"}) == 1);
  CHECK(index.known_snapshots() == std::vector<std::string>{"b", "c"});
  CHECK(index.counts().runs == 1);
  CHECK(index.remove_other_snapshots({"b"}) == 0);
  CHECK(index.known_snapshots() == std::vector<std::string>{"b"});
  index.clear();
  CHECK(index.known_snapshots().empty());
}

TEST_CASE_METHOD(Fixture, "runs are paged newest first without gap or repetition") {
  fill(23);
  std::vector<core::RunId> seen;
  std::optional<catalog::RunCursor> cursor;
  int pages = 0;
  do {
    const auto page = index.runs({}, 5, cursor);
    for (const auto& found : page.runs) seen.push_back(found.id);
    cursor = page.next;
    ++pages;
    index.add_run(run(200, 900 * kDay + pages), "late" + std::to_string(pages),
                  {});  // does not disturb
  } while (cursor);
  CHECK(pages == 5);
  REQUIRE(seen.size() == 23);
  CHECK(std::is_sorted(seen.rbegin(), seen.rend()));
  CHECK(index.runs({}, 0).runs.empty());
}

TEST_CASE_METHOD(Fixture, "filters are joined by and") {
  fill(20);
  const auto day = [](int n) { return base::Timestamp{n * kDay * 1'000'000}; };
  CHECK(days({.workflow = "other"}) == std::vector{20, 16, 12, 8, 4});
  CHECK(days({.workflow = "other", .state = core::RunState::failed}) == std::vector{12});
  CHECK(days({.user = "bob", .since = day(17)}) == std::vector{20, 18});
  CHECK(days({.since = day(3), .until = day(5)}) == std::vector{4, 3});
  CHECK(days({.step = "fit"}) == std::vector{20, 15, 10, 5});
  CHECK(days({.state = core::RunState::failed, .step = "fit@x"}) == std::vector{15});
  CHECK(days({.step = "fi"}).empty());
  CHECK(days({.host = "elsewhere"}).empty());
  CHECK(days({.workflow = "flow' OR 1=1 --"}).empty());
}

TEST_CASE_METHOD(Fixture, "runs are found by every kind of name") {
  fill(9);
  const auto day_of = [&](std::string_view name, const catalog::RunFilter& filter = {}) {
    return index.find_run(name, filter).started.nanoseconds / 1'000'000 / kDay;
  };
  CHECK(day_of("latest") == 9);
  CHECK(day_of("latest~2") == 7);
  CHECK(day_of("latest", {.workflow = "other"}) == 8);
  CHECK(day_of("@1970-01-05T12:00") == 4);
  CHECK(day_of("@1970-01-05") == 4);
  const auto id = index.find_run("latest~3").id.to_string();
  CHECK(day_of(id) == 6);
  CHECK(day_of(id.substr(0, 13)) == 6);

  const auto none = error_of([&] { index.find_run("latest~9"); });
  CHECK(none.code() == ErrorCode::not_found);
  CHECK(none.message() == "there is no run 'latest~9'");
  CHECK(none.hint() == "'provrun log' lists the runs");
  CHECK(error_of([&] { index.find_run("@1969-01-01"); }).code() == ErrorCode::not_found);
  CHECK(error_of([&] { index.find_run("ffff"); }).code() == ErrorCode::not_found);
  for (const auto* bad : {"", "latest~", "latest~x", "latest~-1", "last", "@yesterday", "0-",
                          "01234567890123456789"}) {
    INFO(bad);
    CHECK(error_of([&] { index.find_run(bad); }).code() == ErrorCode::invalid_input);
  }
  CHECK(error_of([&] { index.find_run("penguin"); }).message() == "'penguin' does not name a run");
}

TEST_CASE_METHOD(Fixture, "a prefix of several ids lists them") {
  index.add_run(run(1, 1000), "a", {});
  index.add_run(run(2, 1000, "other"), "b", {});
  const auto error = error_of([&] { index.find_run("00000000"); });
  CHECK(error.code() == ErrorCode::invalid_input);
  CHECK(error.message() ==
        "'00000000' is the beginning of 2 runs' ids:"
        "\n  00000000-03e8-7000-8000-000000000002  1970-01-01T00:00:01.000Z  other"
        "\n  00000000-03e8-7000-8000-000000000001  1970-01-01T00:00:01.000Z  flow");
  CHECK(error.hint() == "give more digits of the id");
  fill(20);
  CHECK(error_of([&] { index.find_run("0"); }).message().find("more than 5 runs' ids") !=
        std::string::npos);
}

TEST_CASE_METHOD(Fixture, "results are found by step key, the latest that ended well") {
  auto good = execution(1, "s", 1000, 1010, {{"i", "1"}}, {{"b", "out"}, {"a", "out2"}});
  good.outputs[0].mode = 0755;
  auto later = execution(2, "s", 2000, 2010, {{"i", "1"}}, {{"a", "other"}});
  auto failed = execution(3, "s", 3000, 3010, {{"i", "1"}}, {});
  failed.state = core::StepState::failed;
  CHECK_FALSE(index.find_by_step_key(good.step_key));
  index.add_run(run(1, 1000), "s1", std::vector{good});
  auto found = index.find_by_step_key(good.step_key);
  REQUIRE(found);
  CHECK(found->execution.id == good.id);
  CHECK(found->execution.snapshot == "s1");
  REQUIRE(found->outputs.size() == 2);
  CHECK(found->outputs[0].path == "a");
  CHECK(found->outputs[1] == good.outputs[0]);
  index.add_run(run(3, 3000), "s3", std::vector{failed});
  index.add_run(run(2, 2000), "s2", std::vector{later});
  CHECK(index.find_by_step_key(good.step_key)->execution.id == later.id);
  const auto seen = index.outputs_of_step_key(good.step_key);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].path == "a");
  CHECK(seen[2].path == "b");
  CHECK(seen[0].executions == 1);

  const auto history = index.executions_of_step("s", 10);
  REQUIRE(history.size() == 3);
  CHECK(history[0].state == core::StepState::failed);
  CHECK(index.executions_of_step("s", 1).size() == 1);
  CHECK(index.durations("s", 10) ==
        std::vector{std::chrono::milliseconds(10), std::chrono::milliseconds(10)});
  CHECK(index.find_execution(later.id)->run == run(2, 2000).id);
  CHECK_FALSE(index.find_execution({records::uuid(1, 99)}));
}

TEST_CASE_METHOD(Fixture, "runs may come in any order: what they refer to is filled in later") {
  const auto made = execution(1, "s", 1000, 1010, {{"i", "1"}}, {{"o", "out"}});
  auto carried = made;
  carried.state = core::StepState::up_to_date;
  auto reused = execution(2, "s", 3000, 3000, {{"i", "1"}}, {{"o", "out"}});
  reused.state = core::StepState::reused;
  reused.attempts.clear();
  reused.reused_from = made.id;
  index.add_run(run(2, 2000), "s2", std::vector{carried});
  index.add_run(run(3, 3000), "s3", std::vector{reused});
  CHECK(index.counts().executions == 1);
  CHECK_FALSE(index.find_execution(made.id));
  index.add_run(run(1, 1000), "s1", std::vector{made});
  CHECK(index.find_execution(made.id));
  CHECK(index.find_execution(reused.id)->reused_from == made.id);
  catalog::CatalogEdges edges(database);
  CHECK(edges.executions_of_run(run(2, 2000).id) == edges.executions_of_run(run(1, 1000).id));
  // And a forgotten run leaves what others refer to as bare ids.
  index.remove_run(run(1, 1000).id);
  const auto answer = lineage::up(edges, lineage::find_start(edges, "s"));
  REQUIRE(answer.edges.size() == 2);
  CHECK(answer.edges[1].earlier == made.id);
}

TEST_CASE_METHOD(Fixture, "a failed insertion changes nothing and poisons nothing") {
  const std::vector executions{execution(1, "a", 1, 2, {{"i", "i"}}, {{"x", "1"}})};
  {
    const db::Transaction lost(database);
    index.add_run(run(1, 1000), "s1", executions);
  }
  CHECK(index.counts().runs == 0);
  // The numbers remembered in the lost transaction must not be used again.
  CHECK(index.add_run(run(2, 2000, "else"), "s2",
                      std::vector{execution(2, "b", 1, 2, {{"k", "k"}}, {{"y", "2"}})}));
  CHECK(index.add_run(run(1, 1000), "s1", executions));
  CHECK(index.find_run(run(1, 1000).id)->workflow == "flow");
  CHECK(index.find_by_step_key(executions[0].step_key)->outputs.at(0).path == "x");
  CHECK(database.query_integer("SELECT count(*) FROM pragma_foreign_key_check") == 0);
  index.clear();
  CHECK(index.counts().edges == 0);
  CHECK(index.add_run(run(1, 1000), "s1", executions));
}

TEST_CASE_METHOD(Fixture, "contents have a place in the caller's encoding") {
  const auto content = records::content("big");
  CHECK_FALSE(index.content_location(content));
  index.add_run(run(1, 1), "s", std::vector{execution(1, "a", 1, 2, {}, {{"x", "big"}})});
  CHECK_FALSE(index.content_location(content));
  const std::vector<std::uint8_t> place{1, 0, 255};
  index.put_content_location(content, 3, place);
  CHECK(index.content_location(content) == place);
  index.put_content_location(content, 3, std::vector<std::uint8_t>{});
  CHECK(index.content_location(content) == std::vector<std::uint8_t>{});
}

TEST_CASE("two connections add runs to one file") {
  const auto folder = os::make_temporary_directory("/tmp/provrun-catalog-");
  const auto path = os::join_path(folder, "state.db");
  {
    auto one = catalog::open_state(path);
    auto two = catalog::open_state(path);
    catalog::Catalog first(one);
    catalog::Catalog second(two);
    for (std::uint8_t i = 0; i < 20; ++i)
      (i % 2 == 0 ? first : second)
          .add_run(run(i, i), "s" + std::to_string(i),
                   std::vector{execution(i, "step", i, i + 1, {{"in", "in"}},
                                         {{"out", std::to_string(i)}})});
    first.clear();
    second.add_run(run(1, 1), "again",
                   std::vector{execution(1, "step", 1, 2, {{"in", "in"}}, {{"out", "o"}})});
    CHECK(second.counts().edges == 2);
    CHECK(one.query_integer("SELECT count(*) FROM pragma_foreign_key_check") == 0);
    catalog::CatalogEdges edges(one);
    CHECK(edges.version(edges.versions_of_path("in").at(0)).content == records::content("in"));
  }
  os::remove_tree(folder);
}
