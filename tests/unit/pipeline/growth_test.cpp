#include "provrun/base/error.hpp"
#include "provrun/pipeline/graph.hpp"
#include "support/catch.hpp"
#include "support/memory_sources.hpp"

using namespace provrun;
using pipeline::Graph;

namespace {

using Texts = std::vector<std::string>;

struct Grown {
  explicit Grown(const std::string& steps)
      : workflow(pipeline::load_workflow("provrun: 1\n" + steps, "p.yaml", sources)),
        graph(pipeline::expand(workflow)) {}

  std::size_t tell(const std::string& instance, const Texts& files) {
    const std::vector<pipeline::Discovered> found{{*graph.find_instance(instance), 0, files}};
    return pipeline::grow(graph, found, {});
  }
  std::string names() const {
    std::string text;
    for (std::size_t i = 0; i < graph.instance_count(); ++i)
      text += (text.empty() ? "" : " ") + std::string(graph.name(Graph::instance(i)));
    return text;
  }
  Texts inputs(const std::string& instance) const {
    Texts paths;
    for (const auto path : graph.inputs(*graph.find_instance(instance)))
      paths.emplace_back(graph.path(path));
    return paths;
  }

  MemorySources sources;
  pipeline::Workflow workflow;
  Graph graph;
};

const std::string kSplit = R"(
steps:
  report: {inputs: {s: {collect: score}, p: {collect: split.parts}}, outputs: report, run: "x {inputs}"}
  score: {foreach: {from: split.parts}, inputs: "p/{c}.csv", outputs: "s/{c}", run: "x {outputs}"}
  split: {outputs: {parts: {discover: "p/{c}.csv"}}, run: "x {outputs.parts}"}
  late: {inputs: s/b, run: x}
)";

}  // namespace

TEST_CASE("instances join behind what is there, in an order that holds") {
  Grown world(kSplit);
  CHECK(world.names() == "split");
  CHECK(world.graph.is_deferred(*world.workflow.find_step("report")));
  CHECK(world.graph.may_come("s/any"));
  CHECK(world.graph.may_come("s"));
  CHECK_FALSE(world.graph.may_come("p/any.csv"));
  CHECK(world.graph.maker("p/any.csv") == Graph::instance(0));
  CHECK_FALSE(world.graph.maker("p/.any.csv"));
  CHECK_FALSE(world.graph.maker("p/deep/any.csv"));
  CHECK(world.tell("split", {"p/a.csv", "p/b.csv"}) == 4);
  CHECK(world.names() == "split score@a score@b report late");
  CHECK(world.inputs("report") == Texts{"s/a", "s/b", "p/a.csv", "p/b.csv"});
  CHECK(world.inputs("score@b") == Texts{"p/b.csv"});
  for (std::size_t i = 0; i < world.graph.instance_count(); ++i)
    for (const auto before : world.graph.predecessors(Graph::instance(i))) {
      CHECK(pipeline::index_of(before) < i);
      const auto after = world.graph.successors(before);
      CHECK(std::count(after.begin(), after.end(), Graph::instance(i)) == 1);
    }
  const auto& graph = world.graph;
  CHECK(graph.invocation(*graph.find_instance("report")).scripts ==
        Texts{"x s/a s/b p/a.csv p/b.csv"});
  CHECK(graph.invocation(Graph::instance(0)).scripts == Texts{"x p"});
  CHECK_FALSE(graph.may_come("s/any"));
}

TEST_CASE("what discovers in several instances is complete when all have told") {
  Grown world(R"(
steps:
  split: {foreach: [u, v], outputs: {discover: "p/{item}/{c}"}, run: x}
  score: {foreach: {from: split}, outputs: "s/{item}-{c}", run: x}
)");
  CHECK(world.tell("split@u", {"p/u/1", "p/u/2"}) == 0);
  CHECK(world.tell("split@v", {"p/v/1"}) == 3);
  CHECK(world.names() == "split@u split@v score@u-1 score@u-2 score@v-1");
}

TEST_CASE("a selection holds deferred steps until their instances are known") {
  Grown world(kSplit);
  const auto first = pipeline::select(world.graph, Texts{"s/b"});
  CHECK(first.instances.size() == 1);
  CHECK(first.deferred.size() == 1);
  world.tell("split", {"p/a.csv", "p/b.csv"});
  const auto then = pipeline::select(world.graph, Texts{"s/b"});
  CHECK(then.deferred.empty());
  REQUIRE(then.instances.size() == 2);
  CHECK(world.graph.name(then.instances[1]) == "score@b");
  CHECK_THROWS_AS(pipeline::select(world.graph, Texts{"s/z"}), base::Error);
}

TEST_CASE("a growth that fails leaves the graph as it was") {
  Grown world(R"(
steps:
  split: {outputs: {discover: "p/{c}"}, run: x}
  score: {foreach: {from: split}, outputs: "s/{c}", run: x}
  two: {foreach: {from: split}, outputs: "s/{c}", run: x}
)");
  CHECK_THROWS_WITH(world.tell("split", {"p/a"}),
                    "the output 's/a' of step 'two@a' is also an output of step 'score@a'");
  CHECK(world.names() == "split");
  CHECK_FALSE(world.graph.find_instance("score@a"));
  CHECK(world.graph.is_deferred(*world.workflow.find_step("score")));
}

TEST_CASE("paths that only look alike make no circle, and one that is none is an error") {
  // split may read what score makes, so it does not wait for it.
  Grown world(R"(
steps:
  split: {inputs: s/start, outputs: {discover: "p/{c}"}, run: x}
  score: {foreach: {from: split}, outputs: "s/{c}", run: x}
)");
  CHECK(world.names() == "split");
  CHECK_THROWS_WITH(
      world.tell("split", {"p/start"}),
      "step 'score@start' makes 's/start', which another step reads without waiting for it");
  CHECK(world.tell("split", {"p/a"}) == 1);
}

TEST_CASE("pattern rules make what instances need that come later") {
  Grown world(R"(
steps:
  split: {outputs: {discover: "p/{c}"}, run: x}
  score: {foreach: {from: split}, inputs: "i/{c}.idx", outputs: "s/{c}", run: x}
  index: {pattern: {id: "*"}, inputs: "p/{id}", outputs: "i/{id}.idx", run: x}
)");
  CHECK(world.tell("split", {"p/a", "p/b"}) == 4);
  CHECK(world.names() == "split index@a score@a index@b score@b");
}
