#include "provrun/lineage/memory_edges.hpp"

#include "history_builder.hpp"
#include "provrun/base/error.hpp"
#include "support/catch.hpp"

using namespace provrun;
using namespace provrun::test;
using lineage::ExecutionNumber;

TEST_CASE("an up-to-date entry joins its run to the execution that made the outputs") {
  lineage::MemoryEdges edges;
  edges.add(run_id(1), {execution(1, "a", 0, 1, {}, {{"f", "x"}})});
  core::Execution entry;
  entry.id = execution_id(1);
  entry.step = "a";
  entry.state = core::StepState::up_to_date;
  core::Execution skipped;
  skipped.id = execution_id(7);
  skipped.state = core::StepState::skipped;
  edges.add(run_id(2), {entry, skipped, execution(2, "b", 2, 3, {{"f", "x"}}, {})});
  CHECK(edges.executions_of_run(run_id(2)) ==
        std::vector<ExecutionNumber>{ExecutionNumber{0}, ExecutionNumber{1}});
  CHECK(edges.execution(ExecutionNumber{0}).run == run_id(1));
  CHECK_FALSE(edges.find_execution(execution_id(7)));
  CHECK(edges.executions_of_run(run_id(3)).empty());
}

TEST_CASE("an execution without attempts is not before its inputs were made") {
  lineage::MemoryEdges edges;
  auto reused = execution(2, "b", 0, 0, {{"f", "x"}}, {{"g", "y"}});
  reused.attempts.clear();
  reused.state = core::StepState::reused;
  edges.add(run_id(1), {execution(1, "a", 5, 9, {}, {{"f", "x"}}), reused});
  CHECK(edges.execution(ExecutionNumber{1}).started.nanoseconds == 9'000'000'000);
}

TEST_CASE("versions of a path are listed by their last generation or use") {
  lineage::MemoryEdges edges;
  edges.add(run_id(1),
            {execution(1, "a", 0, 1, {}, {{"f", "x"}, {"f2", "x"}}),
             execution(2, "a", 2, 3, {}, {{"f", "y"}}), execution(3, "b", 8, 9, {{"f", "x"}}, {})});
  const auto versions = edges.versions_of_path("f");
  REQUIRE(versions.size() == 2);
  CHECK(edges.version(versions[0]).content == content("y"));
  CHECK(edges.version(versions[1]).content == content("x"));
  CHECK(edges.versions_of_path("").empty());
}

TEST_CASE("numbers that were never given are a defect of the caller") {
  lineage::MemoryEdges edges;
  for (const auto value : {-1, 0}) {
    CHECK_THROWS_AS(edges.execution(ExecutionNumber{value}), base::Error);
    CHECK_THROWS_AS(edges.version(lineage::VersionNumber{value}), base::Error);
    CHECK_THROWS_AS(edges.used(ExecutionNumber{value}), base::Error);
  }
}
