#include "provrun/lineage/query.hpp"

#include <chrono>
#include <map>
#include <set>

#include "history_builder.hpp"
#include "provrun/base/error.hpp"
#include "support/catch.hpp"

using namespace provrun;
using namespace provrun::test;
using Lines = std::vector<std::string>;

namespace {

// raw → clean → table → {fit → model, plot → figure} → report
lineage::MemoryEdges study() {
  lineage::MemoryEdges edges;
  edges.add(run_id(1),
            {execution(1, "clean", 10, 20, {{"raw", "r"}}, {{"table", "t"}}),
             execution(2, "fit@a", 20, 30, {{"table", "t"}, {"conf", "c"}}, {{"model", "m"}}),
             execution(3, "plot", 20, 40, {{"table", "t"}}, {{"figure", "f"}}),
             execution(4, "report", 50, 60, {{"model", "m"}, {"figure", "f"}}, {{"html", "h"}})});
  return edges;
}

std::vector<lineage::Node> start(lineage::EdgeSource& edges, std::string_view name) {
  return lineage::find_start(edges, name);
}

}  // namespace

TEST_CASE("up lists all causes of a file, nearest first") {
  auto edges = study();
  const auto answer = lineage::up(edges, start(edges, "html"));
  CHECK(answer.complete);
  CHECK(as_text(answer.edges) == Lines{"1 report generated html", "2 report used model",
                                       "2 report used figure", "3 fit@a generated model",
                                       "3 plot generated figure", "4 fit@a used table",
                                       "4 fit@a used conf", "4 plot used table",
                                       "5 clean generated table", "6 clean used raw"});
  CHECK(answer.edges.front().content == content("h"));
  CHECK(answer.edges.front().size == 1);
  CHECK(answer.edges.front().run == run_id(1));
  CHECK(answer.edges.front().execution == execution_id(4));
}

TEST_CASE("down lists all consequences of a file or a step") {
  auto edges = study();
  CHECK(as_text(lineage::down(edges, start(edges, "conf")).edges) ==
        Lines{"1 fit@a used conf", "2 fit@a generated model", "3 report used model",
              "4 report generated html"});
  CHECK(as_text(lineage::down(edges, start(edges, "plot")).edges) ==
        Lines{"1 plot generated figure", "2 report used figure", "3 report generated html"});
  CHECK(lineage::down(edges, start(edges, "html")).edges.empty());
}

TEST_CASE("derived and informed edges are emitted on request, each once") {
  auto edges = study();
  lineage::WalkOptions options;
  options.derived = true;
  options.informed = true;
  const Lines expected{"1 report generated html",
                       "2 report used model",
                       "2 report used figure",
                       "2 report derived html from model",
                       "2 report derived html from figure",
                       "3 fit@a generated model",
                       "3 report informed 2",
                       "3 plot generated figure",
                       "3 report informed 3",
                       "4 fit@a used table",
                       "4 fit@a used conf",
                       "4 fit@a derived model from table",
                       "4 fit@a derived model from conf",
                       "4 plot used table",
                       "4 plot derived figure from table",
                       "5 clean generated table",
                       "5 fit@a informed 1",
                       "5 plot informed 1",
                       "6 clean used raw",
                       "6 clean derived table from raw"};
  CHECK(as_text(lineage::up(edges, start(edges, "html"), options).edges) == expected);
  const auto down = as_text(lineage::down(edges, start(edges, "raw"), options).edges);
  CHECK(down.size() == std::set<std::string>(down.begin(), down.end()).size());
  CHECK(down.size() == 18);  // all of the above but the two that touch conf
}

TEST_CASE("a walk stops at its limits and says whether it was cut short") {
  auto edges = study();
  const auto from = start(edges, "html");
  lineage::WalkOptions options;
  options.max_depth = 2;
  auto answer = lineage::up(edges, from, options);
  CHECK(answer.complete);
  CHECK(answer.edges.size() == 3);
  options.max_depth = 0;
  CHECK(lineage::up(edges, from, options).edges.empty());
  options.max_depth.reset();
  options.max_edges = 4;
  answer = lineage::up(edges, from, options);
  CHECK_FALSE(answer.complete);
  CHECK(answer.edges.size() == 4);
  options.max_edges = 10;
  answer = lineage::up(edges, from, options);
  CHECK(answer.complete);
  CHECK(answer.edges.size() == 10);
  int seen = 0;
  CHECK_FALSE(lineage::walk(edges, from, lineage::Direction::up, {},
                            [&](const lineage::Edge&) { return ++seen < 3; }));
  CHECK(seen == 3);
}

TEST_CASE("several and repeated starts give each edge once") {
  auto edges = study();
  auto from = start(edges, "table");
  from.push_back(from.front());
  from.push_back(start(edges, "model").front());
  const auto down = as_text(lineage::down(edges, from).edges);
  CHECK(down.size() == std::set<std::string>(down.begin(), down.end()).size());
  CHECK(down.size() == 7);
  const auto up = as_text(lineage::up(edges, from).edges);
  CHECK(up == Lines{"1 clean generated table", "1 fit@a generated model", "2 clean used raw",
                    "2 fit@a used table", "2 fit@a used conf"});
}

TEST_CASE("a use is led back to the maker that ended last before it began") {
  lineage::MemoryEdges edges;
  edges.add(run_id(1), {execution(1, "old", 0, 10, {{"a1", "1"}}, {{"v", "v"}}),
                        execution(2, "use", 15, 16, {{"v", "v"}}, {{"w", "w"}}),
                        execution(3, "new", 20, 30, {{"a2", "2"}}, {{"v", "v"}})});
  CHECK(as_text(lineage::up(edges, start(edges, "w")).edges) ==
        Lines{"1 use generated w", "2 use used v", "3 old generated v", "4 old used a1"});
  CHECK(as_text(lineage::up(edges, start(edges, "v")).edges) ==
        Lines{"1 new generated v", "2 new used a2"});
  CHECK(as_text(lineage::down(edges, start(edges, "a2")).edges) ==
        Lines{"1 new used a2", "2 new generated v"});
  CHECK(as_text(lineage::down(edges, start(edges, "a1")).edges) ==
        Lines{"1 old used a1", "2 old generated v", "3 use used v", "4 use generated w"});
}

TEST_CASE("a file that is rewritten with old content gives no circle") {
  // All at one instant: then the order of recording decides.
  for (const int length : {1, 0}) {
    lineage::MemoryEdges edges;
    std::vector<core::Execution> executions;
    for (int i = 1; i <= 20; ++i)
      executions.push_back(execution(i, "toggle", i * length, (i + 1) * length,
                                     {{"f", i % 2 == 0 ? "x" : "y"}},
                                     {{"f", i % 2 == 0 ? "y" : "x"}}));
    edges.add(run_id(1), executions);
    lineage::WalkOptions options;
    options.informed = true;
    for (const auto& answer : {lineage::up(edges, {lineage::ExecutionNumber{19}}, options),
                               lineage::down(edges, {lineage::ExecutionNumber{0}}, options)}) {
      std::size_t informed = 0;
      for (const auto& edge : answer.edges)
        if (edge.relation == lineage::Relation::informed) {
          ++informed;
          CHECK(*edge.earlier < edge.execution);
        }
      CHECK(informed == 19);
      CHECK(answer.edges.size() == 3 * 19 + 1);
    }
  }
}

TEST_CASE("a step that leaves its input as it was is not its own cause") {
  lineage::MemoryEdges edges;
  edges.add(run_id(1), {execution(1, "touch", 0, 1, {{"f", "x"}}, {{"f", "x"}})});
  lineage::WalkOptions options;
  options.derived = options.informed = true;
  CHECK(as_text(lineage::up(edges, start(edges, "f"), options).edges) ==
        Lines{"1 touch generated f", "2 touch used f"});
  CHECK(as_text(lineage::down(edges, start(edges, "f"), options).edges) ==
        Lines{"1 touch used f", "2 touch generated f"});
}

TEST_CASE("reused results lead back to the execution that computed them") {
  lineage::MemoryEdges edges;
  edges.add(run_id(1), {execution(1, "make", 0, 1, {{"in", "i"}}, {{"out", "o"}})});
  auto reused = execution(2, "make", 0, 0, {{"in", "i"}}, {{"out", "o"}});
  reused.attempts.clear();
  reused.id.uuid.bytes[4] = 0x20;  // made after 8 seconds
  reused.state = core::StepState::reused;
  reused.reused_from = execution_id(1);
  edges.add(run_id(2), {reused});
  CHECK(as_text(lineage::up(edges, start(edges, "out")).edges) ==
        Lines{"1 make generated out", "2 make used in", "2 make reused 1", "3 make used in"});
  CHECK(as_text(lineage::down(edges, {lineage::ExecutionNumber{0}}).edges) ==
        Lines{"1 make generated out", "1 make reused 1", "2 make generated out"});
  CHECK(as_text(lineage::path(edges, {lineage::ExecutionNumber{0}},
                              {lineage::ExecutionNumber{1}})) == Lines{"1 make reused 1"});
}

TEST_CASE("path gives one shortest derivation in the order in which it happened") {
  auto edges = study();
  const Lines expected{
      "1 clean used raw",    "2 clean generated table", "2 clean derived table from raw",
      "3 fit@a used table",  "4 fit@a generated model", "4 fit@a derived model from table",
      "5 report used model", "6 report generated html", "6 report derived html from model"};
  CHECK(as_text(lineage::path(edges, start(edges, "raw"), start(edges, "html"))) == expected);
  CHECK(as_text(lineage::path(edges, start(edges, "html"), start(edges, "raw"))) == expected);
  CHECK(as_text(lineage::path(edges, start(edges, "clean"), start(edges, "plot"))) ==
        Lines{"1 clean generated table", "2 plot used table"});
  CHECK(lineage::path(edges, start(edges, "conf"), start(edges, "figure")).empty());
  CHECK(lineage::path(edges, start(edges, "raw"), start(edges, "raw")).empty());
}

TEST_CASE("path finds the way through a maker that was followed by another") {
  lineage::MemoryEdges edges;
  edges.add(run_id(1), {execution(1, "old", 0, 10, {{"a1", "1"}}, {{"v", "v"}}),
                        execution(2, "new", 20, 30, {{"a2", "2"}}, {{"v", "v"}})});
  CHECK(as_text(lineage::path(edges, start(edges, "a1"), start(edges, "v"))) ==
        Lines{"1 old used a1", "2 old generated v", "2 old derived v from a1"});
}

TEST_CASE("a start is found by content, id, path and content, path, and step") {
  lineage::MemoryEdges edges;
  edges.add(run_id(1), {execution(1, "fit@a", 0, 1, {{"in", "1"}}, {{"out", "x"}}),
                        execution(2, "fit@b", 0, 2, {{"in", "1"}}, {{"copy", "x"}})});
  edges.add(run_id(2), {execution(3, "fit@a", 5, 6, {{"in", "2"}}, {{"out", "y"}})});
  using Nodes = std::vector<lineage::Node>;
  using lineage::ExecutionNumber;
  const auto version = [&](const char* path, const char* bytes) {
    return *lineage::find_version(edges, path, content(bytes));
  };
  const auto x = content("x");
  CHECK(start(edges, x.to_string()) == Nodes{version("out", "x"), version("copy", "x")});
  CHECK(start(edges, x.digest.to_hex()).size() == 2);
  CHECK(start(edges, execution_id(2).to_string()) == Nodes{ExecutionNumber{1}});
  CHECK(start(edges, run_id(1).to_string()) == Nodes{ExecutionNumber{0}, ExecutionNumber{1}});
  CHECK(start(edges, "out#" + x.to_string()) == Nodes{version("out", "x")});
  CHECK(start(edges, "out") == Nodes{version("out", "y")});
  CHECK(start(edges, "fit@b") == Nodes{ExecutionNumber{1}});
  CHECK(start(edges, "fit") == Nodes{ExecutionNumber{1}, ExecutionNumber{2}});
  CHECK_FALSE(lineage::find_version(edges, "out", content("z")));
  for (const auto& name : {std::string("fi"), "out#" + content("z").to_string(),
                           content("z").to_string(), run_id(9).to_string(), std::string()}) {
    try {
      start(edges, name);
      FAIL("found " << name);
    } catch (const base::Error& error) {
      CHECK(error.code() == base::ErrorCode::not_found);
      CHECK(error.message() == "nothing recorded is called '" + name + "'");
    }
  }
}

TEST_CASE("a long history is walked quickly") {
  lineage::MemoryEdges edges;
  std::vector<core::Execution> executions;
  constexpr int kSteps = 20'000;
  for (int i = 0; i < kSteps; ++i) {
    Files inputs{{"config", "c"}};
    for (int back = 1; back <= 8; ++back)
      inputs.emplace_back("f" + std::to_string(std::max(0, i - back)), "x");
    executions.push_back(execution(i, "s", i, i, inputs, {{"f" + std::to_string(i + 1), "x"}}));
  }
  edges.add(run_id(1), executions);
  const auto begin = std::chrono::steady_clock::now();
  std::size_t count = 0;
  CHECK(lineage::walk(edges, start(edges, "f20000"), lineage::Direction::up, {},
                      [&](const lineage::Edge&) { return ++count > 0; }));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  CHECK(count > 8 * kSteps);
  CHECK(took.count() < 5.0);  // about 0.1 s without instrumentation
}
