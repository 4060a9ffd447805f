#include "provrun/lineage/run_diff.hpp"

#include "support/catch.hpp"
#include "support/records.hpp"

using namespace provrun;
using codec::parse_json;

namespace {
std::vector<std::string> lines(const std::vector<lineage::JsonChange>& changes) {
  std::vector<std::string> result;
  for (const auto& change : changes)
    result.push_back(change.path + ": " + change.before.dump() + " -> " + change.after.dump());
  return result;
}
using Lines = std::vector<std::string>;
}  // namespace

TEST_CASE("JSON documents are compared by member, by path and by position") {
  const auto a = parse_json(R"({"command":"x","env":{"TZ":"UTC","LANG":"C"},"list":[1,2,3],
    "inputs":[{"path":"a.csv","content":"1"},{"path":"b.csv","content":"2"}]})");
  const auto b = parse_json(R"({"command":"y","env":{"LANG":"C","A.B":1},"list":[1,5],
    "inputs":[{"path":"b.csv","content":"3"},{"path":"c.csv","content":"4"}]})");
  CHECK(lines(lineage::diff_json(a, b)) ==
        Lines{"command: \"x\" -> \"y\"", "env.TZ: \"UTC\" -> null", "env[A.B]: null -> 1",
              "list[1]: 2 -> 5", "list[2]: 3 -> null",
              "inputs[a.csv]: {\"path\":\"a.csv\",\"content\":\"1\"} -> null",
              "inputs[b.csv].content: \"2\" -> \"3\"",
              "inputs[c.csv]: null -> {\"path\":\"c.csv\",\"content\":\"4\"}"});
  CHECK(lineage::diff_json(a, a).empty());
  CHECK(lines(lineage::diff_json(parse_json("1"), parse_json("[]"))) == Lines{": 1 -> []"});
}

TEST_CASE("two runs are compared by step") {
  using records::execution;
  auto run_a = records::run(1, 1000);
  auto run_b = records::run(2, 2000);
  run_a.parameters = parse_json(R"({"alpha":0.05})");
  run_b.parameters = parse_json(R"({"alpha":0.1})");
  run_b.git.set("commit", "def456");
  run_b.pipeline = core::Artifact{"pipeline.yaml", records::content("p"), 1, 0644};
  std::vector<core::Execution> a{
      execution(1, "clean", 1000, 1001, {{"raw", "1"}}, {{"tidy", "t"}}),
      execution(2, "fit", 1001, 1002, {{"tidy", "t"}}, {{"model", "m1"}}),
      execution(3, "gone", 1001, 1002, {}, {{"old", "o"}})};
  std::vector<core::Execution> b{
      execution(1, "clean", 1000, 1001, {{"raw", "1"}}, {{"tidy", "t"}}),
      execution(5, "fit", 2001, 2002, {{"tidy", "u"}}, {{"model", "m2"}}),
      execution(6, "new", 2001, 2002, {}, {})};
  a[1].key = parse_json(R"({"params":{"alpha":0.05}})");
  b[1].key = parse_json(R"({"params":{"alpha":0.1}})");
  const auto diff = lineage::diff_runs({run_a, a}, {run_b, b});
  CHECK(diff.steps_equal == 1);
  REQUIRE(diff.steps.size() == 3);
  CHECK(diff.steps[0].step == "fit");
  CHECK(lines(diff.steps[0].key) == Lines{"params.alpha: 0.05 -> 0.1"});
  REQUIRE(diff.steps[0].outputs.size() == 1);
  CHECK(diff.steps[0].outputs[0].path == "model");
  CHECK(diff.steps[0].outputs[0].presence == lineage::Presence::changed);
  CHECK(diff.steps[1].step == "gone");
  CHECK(diff.steps[1].presence == lineage::Presence::removed);
  CHECK(diff.steps[1].outputs[0].presence == lineage::Presence::removed);
  CHECK(diff.steps[2].presence == lineage::Presence::added);
  CHECK(lines(diff.parameters) == Lines{"alpha: 0.05 -> 0.1"});
  CHECK(lines(diff.git) == Lines{"commit: \"abc123\" -> \"def456\""});
  CHECK(diff.environment.empty());
  REQUIRE(diff.configuration.size() == 1);
  CHECK(diff.configuration[0].presence == lineage::Presence::added);
  CHECK_FALSE(diff.same_results());
  CHECK(lineage::diff_runs({run_a, a}, {run_a, a}).same_results());
}

TEST_CASE(
    "a changed key without documents shows the hashes; failing instead of succeeding is a change") {
  using records::execution;
  const auto run = records::run(1, 1000);
  std::vector<core::Execution> a{execution(1, "s", 1, 2, {{"i", "1"}}, {{"o", "x"}}),
                                 execution(2, "t", 1, 2, {{"i", "1"}}, {})};
  auto b = a;
  b[0].step_key = hash::sha256("other");
  b[1].state = core::StepState::failed;
  const auto diff = lineage::diff_runs({run, a}, {run, b});
  REQUIRE(diff.steps.size() == 2);
  CHECK(diff.steps[0].key.at(0).path == "step_key");
  CHECK(diff.steps[1].key.empty());
  CHECK(diff.steps[1].state_after == core::StepState::failed);
  CHECK(diff.same_results());

  auto carried = a[0];
  carried.state = core::StepState::up_to_date;
  carried.outputs.clear();
  CHECK(lineage::diff_runs({run, {a[0]}}, {run, {carried}}).steps.empty());
}
