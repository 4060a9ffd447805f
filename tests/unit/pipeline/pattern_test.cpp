#include <set>

#include "provrun/base/error.hpp"
#include "provrun/pipeline/graph.hpp"
#include "support/catch.hpp"
#include "support/memory_sources.hpp"

using namespace provrun;

namespace {

std::string names_of(const std::string& steps, const std::set<std::string>& files,
                     const std::vector<std::string>& wanted = {}) {
  MemorySources sources;
  const auto workflow = pipeline::load_workflow("provrun: 1\n" + steps, "p.yaml", sources);
  const auto graph = pipeline::expand(
      workflow, {wanted, [&](const std::string& path) { return files.contains(path); }});
  std::string text;
  for (std::size_t i = 0; i < graph.instance_count(); ++i)
    text += (text.empty() ? "" : " ") + std::string(graph.name(pipeline::Graph::instance(i)));
  return text;
}

const std::string kRules = R"(
steps:
  all: {inputs: [a.c, b.c], run: x}
  one: {pattern: {id: "*"}, inputs: "{id}.a", outputs: "{id}.b", run: x}
  two: {pattern: {id: "*"}, inputs: "{id}.b", outputs: "{id}.c", run: x}
)";

}  // namespace

TEST_CASE("rules are chained, and used where all they read can be had") {
  CHECK(names_of(kRules, {"a.a", "b.a"}) == "one@a two@a one@b two@b all");
  CHECK(names_of(kRules, {"a.a", "b.b"}) == "one@a two@a two@b all");
  CHECK(names_of(kRules, {"a.a", "b.c"}) == "one@a two@a all");  // a source
  CHECK(names_of(kRules, {"a.a", "b.c", "z.a"}, {"z.b", "all"}) == "one@a two@a all one@z");
}

TEST_CASE("a step that is written down goes before a rule") {
  CHECK(names_of(kRules + "  own: {outputs: a.c, run: x}\n", {"a.a", "b.b"}) == "own two@b all");
}

TEST_CASE("no rule is used twice on the way to one file") {
  const std::string rules = R"(
steps:
  all: {inputs: a, run: x}
  grow: {pattern: {id: "*"}, inputs: "{id}x", outputs: "{id}", run: x}
)";
  CHECK(names_of(rules, {"ax"}) == "grow@a all");
  CHECK_THROWS_WITH(names_of(rules, {"axx"}),
                    Catch::Matchers::Contains("only from what that rule makes itself"));
}

TEST_CASE("a file that two rules could make is an error only where both can be used") {
  const std::string rules = R"(
steps:
  all: {inputs: a.o, run: x}
  c: {pattern: {id: "*"}, inputs: "{id}.c", outputs: "{id}.o", run: x}
  f: {pattern: {id: "*"}, inputs: "{id}.f", outputs: "{id}.o", run: x}
)";
  CHECK(names_of(rules, {"a.f"}) == "f@a all");
  CHECK_THROWS_WITH(names_of(rules, {"a.f", "a.c"}),
                    Catch::Matchers::Contains("both pattern rules 'c' and 'f'"));
}
