#include "provrun/policy/retention.hpp"

#include <set>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "support/catch.hpp"

using namespace provrun;
using policy::RetainedSnapshot;
using policy::RetentionRules;

namespace {

RetainedSnapshot at(const std::string& time, const std::string& tag = {}) {
  RetainedSnapshot snapshot;
  snapshot.id = time;
  snapshot.time = base::parse_timestamp(time).value();
  snapshot.host = "anna";
  snapshot.paths = {"/data"};
  if (!tag.empty()) snapshot.tags = {tag};
  return snapshot;
}

// Days and hours round a Sunday (2026-08-02), a month's and a year's end.
const std::vector<RetainedSnapshot>& calendar() {
  static const std::vector<RetainedSnapshot> all{
      at("2025-12-31T23:00"), at("2026-01-01T01:00"), at("2026-07-30T10:00"),
      at("2026-07-31T10:00"), at("2026-08-01T10:00"), at("2026-08-02T10:00"),
      at("2026-08-03T09:10"), at("2026-08-03T09:50"), at("2026-08-03T10:20")};
  return all;
}

std::set<std::string> kept(const std::vector<RetainedSnapshot>& snapshots,
                           const RetentionRules& rules,
                           const policy::RetentionQuestions& questions = {}) {
  const auto plan = policy::plan_retention(snapshots, rules, questions);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    REQUIRE_FALSE(plan.verdicts[i].reasons.empty());
    if (plan.verdicts[i].keep) ids.insert(snapshots[i].id);
  }
  return ids;
}

}  // namespace

TEST_CASE("each rule keeps the newest of each of its periods") {
  struct Row {
    const char* name;
    RetentionRules rules;
    std::set<std::string> expected;
  };
  const std::vector<Row> table{
      {"last", {.last = 2}, {"2026-08-03T10:20", "2026-08-03T09:50"}},
      {"hourly", {.hourly = 3}, {"2026-08-03T10:20", "2026-08-03T09:50", "2026-08-02T10:00"}},
      {"daily", {.daily = 2}, {"2026-08-03T10:20", "2026-08-02T10:00"}},
      {"weekly", {.weekly = 2}, {"2026-08-03T10:20", "2026-08-02T10:00"}},
      {"monthly", {.monthly = 3}, {"2026-08-03T10:20", "2026-07-31T10:00", "2026-01-01T01:00"}},
      {"yearly", {.yearly = 5}, {"2026-08-03T10:20", "2025-12-31T23:00"}},
      {"all of a kind",
       {.monthly = RetentionRules::kAll},
       {"2026-08-03T10:20", "2026-07-31T10:00", "2026-01-01T01:00", "2025-12-31T23:00"}},
      {"two rules together", {.last = 1, .daily = 2}, {"2026-08-03T10:20", "2026-08-02T10:00"}},
      {"within, from the newest",
       {.within = std::chrono::hours(24)},
       {"2026-08-03T10:20", "2026-08-03T09:50", "2026-08-03T09:10"}}};
  for (const auto& row : table) {
    INFO(row.name);
    CHECK(kept(calendar(), row.rules) == row.expected);
  }
}

TEST_CASE("every snapshot has its reasons") {
  const auto plan = policy::plan_retention(calendar(), {.last = 1, .daily = 2, .weekly = 1}, {});
  CHECK(plan.groups == std::vector<std::string>{"host anna, paths /data"});
  CHECK(plan.verdicts[8].reasons ==
        std::vector<std::string>{"last 1", "daily 2026-08-03", "weekly of 2026-08-03"});
  CHECK(plan.verdicts[5].reasons == std::vector<std::string>{"daily 2026-08-02"});
  CHECK(plan.verdicts[0].reasons == std::vector<std::string>{"no rule keeps it"});
}

TEST_CASE("the result does not depend on the order of the snapshots") {
  auto turned = calendar();
  std::reverse(turned.begin(), turned.end());
  const RetentionRules rules{.last = 2, .weekly = 3, .yearly = 2};
  CHECK(kept(turned, rules) == kept(calendar(), rules));
}

TEST_CASE("a tag rule needs all of its tags and may not empty a group") {
  auto snapshots = calendar();
  snapshots[1].tags = {"paper", "v1"};
  snapshots[2].tags = {"paper"};
  CHECK(kept(snapshots, {.tags = {{"paper", "v1"}}}) == std::set<std::string>{snapshots[1].id});
  CHECK(kept(snapshots, {.tags = {{"paper"}}}) ==
        std::set<std::string>{snapshots[1].id, snapshots[2].id});
  // A tag nobody has: restic 0.16 removed everything.
  CHECK(kept(snapshots, {.tags = {{"papre"}}}) == std::set<std::string>{"2026-08-03T10:20"});
  CHECK(kept(snapshots, {.tags = {{"papre"}}, .allow_empty = true}).empty());
}

TEST_CASE("groups are counted apart") {
  auto snapshots = calendar();
  snapshots[0].host = "bert";
  snapshots[1].paths = {"/home"};
  snapshots[2].workflow = "fit";
  snapshots[3].tags = {"x"};
  const auto count = [&](RetentionRules rules) {
    rules.last = 1;
    return kept(snapshots, rules).size();
  };
  CHECK(count({}) == 4);
  CHECK(count({.group_by_host = false}) == 3);
  CHECK(count({.group_by_host = false, .group_by_paths = false}) == 2);
  CHECK(count({.group_by_tags = true}) == 5);
}

TEST_CASE("a failed run takes no place of a good one") {
  auto snapshots = calendar();
  for (auto& snapshot : snapshots) snapshot.workflow = "fit";
  snapshots[8].complete = false;
  CHECK(kept(snapshots, {.daily = 1}) == std::set<std::string>{"2026-08-03T09:50"});
  CHECK(kept(snapshots, {.last = 1}) == std::set<std::string>{"2026-08-03T10:20"});
  CHECK(kept(snapshots, {.tags = {{"none"}}}) == std::set<std::string>{"2026-08-03T09:50"});
}

TEST_CASE("what is held is kept, also beyond a size") {
  auto snapshots = calendar();
  snapshots[0].hold = "audit 2026";
  policy::RetentionQuestions questions;
  questions.added_bytes = [](std::size_t) { return 10; };
  const auto plan = policy::plan_retention(snapshots, {.last = 1, .max_size = 1}, questions);
  CHECK(plan.verdicts[0].keep);
  CHECK(plan.verdicts[0].reasons == std::vector<std::string>{"hold: audit 2026"});
}

TEST_CASE("a size keeps the newest that fit together") {
  policy::RetentionQuestions questions;
  std::vector<std::size_t> asked;
  questions.added_bytes = [&](std::size_t i) {
    asked.push_back(i);
    return std::uint64_t{10};
  };
  CHECK(kept(calendar(), {.max_size = 35}, questions) ==
        std::set<std::string>{"2026-08-03T10:20", "2026-08-03T09:50", "2026-08-03T09:10"});
  CHECK(asked == std::vector<std::size_t>{8, 7, 6, 5});
  CHECK(kept(calendar(), {.max_size = 5}, questions) == std::set<std::string>{"2026-08-03T10:20"});
  CHECK(kept(calendar(), {.max_size = 5, .allow_empty = true}, questions).empty());
  const auto plan = policy::plan_retention(calendar(), {.max_size = 35}, questions);
  CHECK(plan.verdicts[0].reasons == std::vector<std::string>{"beyond 35 B"});
}

TEST_CASE("lineage keeps what made the inputs, at any distance") {
  policy::RetentionQuestions questions;
  questions.sources = [](std::size_t i) {
    return i == 8   ? std::vector<std::size_t>{4}
           : i == 4 ? std::vector<std::size_t>{0}
                    : std::vector<std::size_t>{};
  };
  CHECK(kept(calendar(), {.last = 1, .lineage = true}, questions) ==
        std::set<std::string>{"2026-08-03T10:20", "2026-08-01T10:00", "2025-12-31T23:00"});
  const auto plan = policy::plan_retention(calendar(), {.last = 1, .lineage = true}, questions);
  CHECK(plan.verdicts[0].reasons == std::vector<std::string>{"lineage of 2026-08-01T10:00"});
  CHECK_THROWS_AS(policy::plan_retention(calendar(), {.last = 1, .lineage = true}, {}),
                  base::Error);

  std::vector<bool> keep(9);
  keep[8] = true;
  const auto lost = policy::orphaned(keep, questions.sources);
  CHECK(lost[8] == std::vector<std::size_t>{0, 4});
  CHECK(lost[7].empty());
}
