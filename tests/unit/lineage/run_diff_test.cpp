#include "provrun/lineage/run_diff.hpp"

#include "history_builder.hpp"
#include "support/catch.hpp"

using namespace provrun;
using namespace provrun::test;
using codec::parse_json;

namespace {

// "path: before → after", one per difference
std::vector<std::string> differences(std::string_view before, std::string_view after) {
  std::vector<std::string> lines;
  for (const auto& change : lineage::diff_json(parse_json(before), parse_json(after)))
    lines.push_back(
        base::format("{}: {} → {}", change.path, change.before.dump(), change.after.dump()));
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("differences of JSON documents name the place") {
  CHECK(differences(R"({"a":1,"b":{"c":[1,2],"d":null}})", R"({"b":{"c":[1,3,4]},"e":true})") ==
        Lines{"a: 1 → null", "b.c[1]: 2 → 3", "b.c[2]: null → 4", "e: null → true"});
  CHECK(differences("1", "\"1\"") == Lines{": 1 → \"1\""});
  CHECK(differences(R"({"a":{"b":1}})", R"({"a":[1]})") == Lines{"a: {\"b\":1} → [1]"});
  CHECK(differences(R"([{"x":1}])", R"([{"x":2}])") == Lines{"[0].x: 1 → 2"});
  CHECK(differences("null", "null").empty());
}

TEST_CASE("array elements with a path or name are compared by it") {
  CHECK(differences(R"({"inputs":[{"path":"a","content":1},{"path":"b","content":2}]})",
                    R"({"inputs":[{"path":"c","content":3},{"path":"b","content":9}]})") ==
        Lines{R"(inputs[a]: {"path":"a","content":1} → null)", "inputs[b].content: 2 → 9",
              R"(inputs[c]: null → {"path":"c","content":3})"});
  CHECK(differences(R"([{"name":"p","v":1}])", "[]") == Lines{R"([p]: {"name":"p","v":1} → null)"});
  CHECK(differences(R"([{"name":"p","v":1},{"name":"p","v":2}])",
                    R"([{"name":"p","v":1},{"name":"p","v":3}])") == Lines{"[1].v: 2 → 3"});
}

TEST_CASE("two runs are compared step by step") {
  core::RunRecord before;
  core::RunRecord after;
  before.parameters = parse_json(R"({"alpha":1})");
  after.parameters = parse_json(R"({"alpha":2})");
  before.pipeline = artifact("provrun.yaml", "1");
  after.pipeline = artifact("provrun.yaml", "2");
  after.configuration = {artifact("sites.csv", "s")};
  after.git = parse_json(R"({"commit":"abc"})");

  auto fit = execution(1, "fit", 0, 1, {}, {{"model", "1"}, {"log", "l"}});
  fit.key = parse_json(R"({"run":["fit","1"]})");
  auto refit = execution(2, "fit", 0, 1, {}, {{"model", "2"}, {"log", "l"}});
  refit.key = parse_json(R"({"run":["fit","2"]})");
  const auto same = execution(3, "same", 0, 1, {}, {{"x", "x"}});
  auto reused = same;
  reused.state = core::StepState::up_to_date;
  const auto gone = execution(4, "gone", 0, 1, {}, {});
  const auto fresh = execution(5, "fresh", 0, 1, {}, {});
  auto failed = execution(6, "zfail", 0, 1, {}, {});
  auto passed = failed;
  failed.state = core::StepState::failed;

  const std::vector<core::Execution> old_steps{same, fit, gone, passed};
  const std::vector<core::Execution> new_steps{refit, reused, fresh, failed};
  const auto diff = lineage::diff_runs({before, old_steps}, {after, new_steps});
  REQUIRE(diff.steps.size() == 4);
  CHECK(diff.steps_equal == 1);
  CHECK_FALSE(diff.same_results());
  const auto& fit_change = diff.steps[0];
  CHECK(fit_change.step == "fit");
  REQUIRE(fit_change.key.size() == 1);
  CHECK(fit_change.key[0].path == "run[1]");
  REQUIRE(fit_change.outputs.size() == 1);
  CHECK(fit_change.outputs[0].path == "model");
  CHECK(fit_change.outputs[0].before->content == content("1"));
  CHECK(fit_change.outputs[0].after->content == content("2"));
  CHECK(diff.steps[1].step == "fresh");
  CHECK(diff.steps[1].presence == lineage::Presence::added);
  CHECK_FALSE(diff.steps[1].state_before);
  CHECK(diff.steps[2].presence == lineage::Presence::removed);
  CHECK(diff.steps[3].step == "zfail");
  CHECK(diff.steps[3].state_after == core::StepState::failed);
  REQUIRE(diff.configuration.size() == 2);
  CHECK(diff.configuration[0].presence == lineage::Presence::changed);
  CHECK(diff.configuration[1].path == "sites.csv");
  CHECK(diff.configuration[1].presence == lineage::Presence::added);
  CHECK(diff.parameters == std::vector<lineage::JsonChange>{{"alpha", 1, 2}});
  CHECK(diff.git.size() == 1);
}

TEST_CASE("a run does not differ from itself") {
  const core::RunRecord record;
  const std::vector<core::Execution> steps{execution(1, "a", 0, 1, {}, {{"x", "x"}})};
  const auto diff = lineage::diff_runs({record, steps}, {record, steps});
  CHECK(diff.steps.empty());
  CHECK(diff.steps_equal == 1);
  CHECK(diff.same_results());
}

TEST_CASE("step keys are compared by hash where a document is missing") {
  const core::RunRecord record;
  auto a = execution(1, "a", 0, 1, {}, {{"x", "x"}});
  a.step_key = hash::sha256("1");
  auto b = a;
  b.step_key = hash::sha256("2");
  b.state = core::StepState::up_to_date;
  b.outputs.clear();
  const auto diff = lineage::diff_runs({record, {a}}, {record, {b}});
  REQUIRE(diff.steps.size() == 1);
  REQUIRE(diff.steps[0].key.size() == 1);
  CHECK(diff.steps[0].key[0].path == "step_key");
  CHECK(diff.steps[0].outputs.empty());
  CHECK(diff.same_results());
}
