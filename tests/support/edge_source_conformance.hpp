#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/lineage/query.hpp"
#include "support/catch.hpp"
#include "support/records.hpp"

// What every EdgeSource must do. The factory builds one from runs with their executions, in order.
namespace provrun::conformance {

struct RecordedRun {
  core::RunRecord record;
  std::vector<core::Execution> executions;
};
using MakeSource =
    std::function<std::unique_ptr<lineage::EdgeSource>(const std::vector<RecordedRun>&)>;

/// "used fit a.csv", "generated fit b.csv", "reused fit < 1", … one word list per edge.
inline std::vector<std::string> words(const std::vector<lineage::Edge>& edges) {
  std::vector<std::string> lines;
  for (const auto& edge : edges) {
    std::string line(lineage::name_of(edge.relation));
    line += " " + edge.step;
    if (!edge.path.empty()) line += " " + edge.path;
    if (edge.source) line += " < " + edge.source->path;
    if (edge.earlier) line += " < " + std::to_string(edge.earlier->uuid.bytes[15]);
    lines.push_back(line);
  }
  return lines;
}

using Lines = std::vector<std::string>;

inline void check_edge_source(const MakeSource& make) {
  using records::execution;
  using records::run;

  // raw → clean → tidy → fit → model; script used by both.
  const RecordedRun first{run(101, 1000),
                          {execution(1, "clean@a", 1000, 1010, {{"raw.csv", "r1"}, {"lib.py", "l"}},
                                     {{"tidy.csv", "t1"}}),
                           execution(2, "fit", 1010, 1020, {{"tidy.csv", "t1"}, {"lib.py", "l"}},
                                     {{"model.json", "m1"}})}};

  SECTION("up, down and depth") {
    const auto source = make({first});
    const auto start = lineage::find_start(*source, "model.json");
    CHECK(words(lineage::up(*source, start).edges) ==
          Lines{"generated fit model.json", "used fit lib.py", "used fit tidy.csv",
                "generated clean@a tidy.csv", "used clean@a raw.csv", "used clean@a lib.py"});
    CHECK(words(lineage::down(*source, lineage::find_start(*source, "raw.csv")).edges) ==
          Lines{"used clean@a raw.csv", "generated clean@a tidy.csv", "used fit tidy.csv",
                "generated fit model.json"});
    lineage::WalkOptions options;
    options.max_depth = 2;
    CHECK(words(lineage::up(*source, start, options).edges) ==
          Lines{"generated fit model.json", "used fit lib.py", "used fit tidy.csv"});
    options.max_depth.reset();
    options.max_edges = 1;
    const auto cut = lineage::up(*source, start, options);
    CHECK(cut.edges.size() == 1);
    CHECK_FALSE(cut.complete);
    const auto edge = cut.edges[0];
    CHECK(edge.content == records::content("m1"));
    CHECK(edge.run == first.record.id);
    CHECK(edge.size == 2);
    CHECK(edge.depth == 1);
  }

  SECTION("derived and informed edges on request") {
    const auto source = make({first});
    lineage::WalkOptions options;
    options.derived = options.informed = true;
    CHECK(words(lineage::up(*source, lineage::find_start(*source, "model.json"), options).edges) ==
          Lines{"generated fit model.json", "used fit lib.py", "used fit tidy.csv",
                "derived fit model.json < lib.py", "derived fit model.json < tidy.csv",
                "generated clean@a tidy.csv", "informed fit < 1", "used clean@a raw.csv",
                "used clean@a lib.py", "derived clean@a tidy.csv < raw.csv",
                "derived clean@a tidy.csv < lib.py"});
    CHECK(words(lineage::down(*source, lineage::find_start(*source, "raw.csv"), options).edges) ==
          Lines{"used clean@a raw.csv", "derived clean@a tidy.csv < raw.csv",
                "generated clean@a tidy.csv", "used fit tidy.csv", "informed fit < 1",
                "derived fit model.json < tidy.csv", "generated fit model.json"});
  }

  SECTION("a path in the order in which it happened, from either side") {
    const auto source = make({first});
    const auto raw = lineage::find_start(*source, "raw.csv");
    const auto model = lineage::find_start(*source, "model.json");
    const Lines expected{
        "used clean@a raw.csv", "generated clean@a tidy.csv", "derived clean@a tidy.csv < raw.csv",
        "used fit tidy.csv",    "generated fit model.json",   "derived fit model.json < tidy.csv"};
    CHECK(words(lineage::path(*source, raw, model)) == expected);
    CHECK(words(lineage::path(*source, model, raw)) == expected);
    CHECK(lineage::path(*source, raw, lineage::find_start(*source, "lib.py")).empty());
    CHECK(words(lineage::path(*source, lineage::find_start(*source, "clean"), model)) ==
          Lines{"generated clean@a tidy.csv", "used fit tidy.csv", "generated fit model.json",
                "derived fit model.json < tidy.csv"});
  }

  SECTION("starting points") {
    const auto source = make({first});
    CHECK(lineage::find_start(*source, "sha256:" + records::content("t1").digest.to_hex()) ==
          lineage::find_start(*source, "tidy.csv"));
    CHECK(lineage::find_start(*source, "tidy.csv#" + records::content("t1").digest.to_hex()) ==
          lineage::find_start(*source, "tidy.csv"));
    const auto hex = records::content("t1").digest.to_hex();
    for (const auto& start : {hex.substr(0, 9), "sha256:" + hex.substr(0, 30), hex.substr(0, 63)})
      CHECK(lineage::find_start(*source, start) == lineage::find_start(*source, "tidy.csv"));
    CHECK_FALSE(lineage::find_content(*source, hex.substr(0, 3)));
    CHECK_FALSE(lineage::find_content(*source, hex.substr(0, 12) + (hex[12] == '0' ? "1" : "0")));
    CHECK(source->contents_beginning("").size() == 2);
    CHECK(lineage::find_start(*source, first.record.id.to_string()).size() == 2);
    CHECK(lineage::find_start(*source, first.executions[1].id.to_string()) ==
          lineage::find_start(*source, "fit"));
    CHECK(lineage::find_start(*source, "clean") == lineage::find_start(*source, "clean@a"));
    for (const auto* unknown :
         {"clea", "clean@", "x.csv", "00000000-0000-7000-8000-000000000000"}) {
      try {
        lineage::find_start(*source, unknown);
        FAIL(unknown);
      } catch (const base::Error& error) {
        CHECK(error.code() == base::ErrorCode::not_found);
        CHECK(error.message() == "no record knows '" + std::string(unknown) + "'");
      }
    }
  }

  SECTION("a file that is read and written over time gives no circle") {
    // log.txt: A → B → A again, each made from the one before.
    const auto source =
        make({{run(101, 1000),
               {execution(1, "turn", 1000, 1010, {{"log.txt", "A"}}, {{"log.txt", "B"}})}},
              {run(102, 2000),
               {execution(2, "turn", 2000, 2010, {{"log.txt", "B"}}, {{"log.txt", "A"}})}},
              {run(103, 3000),
               {execution(3, "turn", 3000, 3010, {{"log.txt", "A"}}, {{"log.txt", "B"}})}}});
    const auto answer = lineage::up(*source, lineage::find_start(*source, "log.txt"));
    CHECK(words(answer.edges) == Lines{"generated turn log.txt", "used turn log.txt",
                                       "generated turn log.txt", "used turn log.txt",
                                       "generated turn log.txt", "used turn log.txt"});
    std::vector<int> order;
    for (const auto& edge : answer.edges) order.push_back(edge.execution.uuid.bytes[15]);
    CHECK(order == std::vector<int>{3, 3, 2, 2, 1, 1});
    // What run 1 made leads to run 2 and through it to run 3, not to run 3 directly.
    const auto down =
        lineage::down(*source, lineage::find_start(*source, first.executions[0].id.to_string()));
    CHECK(down.edges.size() == 5);
  }

  SECTION("the generator that counts is the last one before the use") {
    const auto source = make(
        {{run(101, 1000), {execution(1, "make", 1000, 1010, {{"in1", "1"}}, {{"x", "same"}})}},
         {run(102, 2000), {execution(2, "make", 2000, 2010, {{"in2", "2"}}, {{"x", "same"}})}},
         {run(103, 3000), {execution(3, "use", 3000, 3010, {{"x", "same"}}, {{"y", "y"}})}},
         {run(104, 4000), {execution(4, "make", 4000, 4010, {{"in4", "4"}}, {{"x", "same"}})}}});
    CHECK(words(lineage::up(*source, lineage::find_start(*source, "y")).edges) ==
          Lines{"generated use y", "used use x", "generated make x", "used make in2"});
    CHECK(words(lineage::up(*source, lineage::find_start(*source, "x")).edges) ==
          Lines{"generated make x", "used make in4"});
    CHECK(words(lineage::down(*source, lineage::find_start(*source, "in1")).edges) ==
          Lines{"used make in1", "generated make x"});
    CHECK(words(lineage::down(*source, lineage::find_start(*source, "in2")).edges) ==
          Lines{"used make in2", "generated make x", "used use x", "generated use y"});
    CHECK(words(lineage::down(*source, lineage::find_start(*source, "x")).edges) ==
          Lines{"used use x", "generated use y"});
  }

  SECTION("reused results lead to the execution that made them; carried ones belong to the run") {
    auto reused = execution(3, "fit", 2000, 2000, {{"tidy.csv", "t1"}, {"lib.py", "l"}},
                            {{"model.json", "m1"}});
    reused.state = core::StepState::reused;
    reused.attempts.clear();
    reused.reused_from = first.executions[1].id;
    auto carried = first.executions[0];
    carried.state = core::StepState::up_to_date;
    carried.attempts.clear();
    const RecordedRun second{run(102, 1999), {carried, reused}};
    const auto source = make({first, second});
    const auto edges = lineage::up(*source, lineage::find_start(*source, "model.json")).edges;
    CHECK(words(edges) == Lines{"generated fit model.json", "used fit lib.py", "used fit tidy.csv",
                                "reused fit < 2", "generated clean@a tidy.csv", "used fit lib.py",
                                "used fit tidy.csv", "used clean@a raw.csv",
                                "used clean@a lib.py"});
    CHECK(lineage::find_start(*source, second.record.id.to_string()).size() == 2);
    CHECK(words(lineage::down(*source,
                              lineage::find_start(*source, first.executions[1].id.to_string()))
                    .edges) ==
          Lines{"generated fit model.json", "reused fit < 2", "generated fit model.json"});
  }

  SECTION("a step that leaves its input as it was is not derived from itself, nor its own cause") {
    const auto source =
        make({{run(101, 1000), {execution(1, "touch", 1000, 1010, {{"f", "x"}}, {{"f", "x"}})}}});
    lineage::WalkOptions options;
    options.derived = options.informed = true;
    const auto start = lineage::find_start(*source, "f");
    CHECK(words(lineage::up(*source, start, options).edges) ==
          Lines{"generated touch f", "used touch f"});
    CHECK(words(lineage::down(*source, start, options).edges) ==
          Lines{"used touch f", "generated touch f"});
  }

  SECTION("a path goes through any maker of a version; edges come by depth") {
    const auto source =
        make({{run(101, 1000), {execution(1, "old", 1000, 1010, {{"a", "1"}}, {{"x", "same"}})}},
              {run(102, 2000), {execution(2, "new", 2000, 2010, {{"b", "2"}}, {{"x", "same"}})}}});
    CHECK(words(lineage::path(*source, lineage::find_start(*source, "a"),
                              lineage::find_start(*source, "x"))) ==
          Lines{"used old a", "generated old x", "derived old x < a"});
    lineage::WalkOptions options;
    options.derived = options.informed = true;
    const auto study = make({first});
    int depth = 0;
    for (const auto& edge :
         lineage::up(*study, lineage::find_start(*study, "fit"), options).edges) {
      CHECK(edge.depth >= depth);
      depth = edge.depth;
    }
  }

  SECTION("steps of one millisecond keep their order") {
    RecordedRun quick{run(101, 1000), {}};
    for (std::uint8_t i = 1; i <= 20; ++i)
      quick.executions.push_back(execution(i, "s" + std::to_string(i), 1000, 1000,
                                           {{"f" + std::to_string(i - 1), "same"}},
                                           {{"f" + std::to_string(i), "same"}}));
    const auto source = make({quick});
    CHECK(lineage::up(*source, lineage::find_start(*source, "f20")).edges.size() == 40);
    CHECK(lineage::down(*source, lineage::find_start(*source, "f0")).edges.size() == 40);
  }
}

}  // namespace provrun::conformance
