#include <algorithm>
#include <random>

#include "support/catch.hpp"
#include "support/engine_world.hpp"

// What an execution was seen to do decides when it runs again.

using namespace provrun;
using namespace provrun::test;

namespace {

World observed_world() {
  World world;
  world.observes = true;
  world.files.files["/usr/bin/tool"] = "tool 1";
  return world;
}

const std::string kUndeclared = R"(
steps:
  a: {run: copy in x}
  b: {needs: a, run: copy x y}
)";

}  // namespace

TEST_CASE("steps that declare nothing run exactly when what they read has changed") {
  auto world = observed_world();
  world.files.files["in"] = "1";
  CHECK(world.run(kUndeclared).counts.executed == 2);
  CHECK(world.of("a").outputs.at(0).path == "x");
  CHECK(world.of("a").observed.undeclared_inputs == std::vector<std::string>{"in"});
  CHECK(world.run(kUndeclared).counts.up_to_date == 2);
  world.files.files["other"] = "unrelated";
  CHECK(world.run(kUndeclared).counts.up_to_date == 2);
  world.files.files["in"] = "2";
  CHECK(world.run(kUndeclared).counts.executed == 2);
  CHECK(world.of("a").reason.kind == "observed_content");
  CHECK(world.of("a").reason.what == "in");
  CHECK(world.files.files["y"] == "2");
  CHECK(world.run(kUndeclared).counts.up_to_date == 2);
}

TEST_CASE("an input that changes back has its result restored, outputs and all") {
  auto world = observed_world();
  world.files.files["in"] = "1";
  world.run(kUndeclared);
  world.files.files["in"] = "2";
  world.run(kUndeclared);
  world.files.files["in"] = "1";
  const auto outcome = world.run(kUndeclared);
  CHECK(outcome.counts.reused == 2);
  CHECK(world.files.files["y"] == "1");
  CHECK(world.of("a").observed.undeclared_inputs == std::vector<std::string>{"in"});
  CHECK(world.run(kUndeclared).counts.up_to_date == 2);
}

TEST_CASE("an observed output that is missing or altered comes back") {
  auto world = observed_world();
  world.files.files["in"] = "1";
  world.run(kUndeclared);
  world.files.files.erase("y");
  CHECK(world.run(kUndeclared).counts.reused == 1);
  CHECK(world.files.files["y"] == "1");
  world.files.files["x"] = "tampered";
  CHECK(world.run(kUndeclared).counts.reused == 1);
  CHECK(world.files.files["x"] == "1");
}

TEST_CASE("a program that was replaced makes its steps run, and is named") {
  auto world = observed_world();
  world.files.files["in"] = "1";
  world.run(kUndeclared);
  world.files.files["/usr/bin/tool"] = "tool 2";
  CHECK(world.run(kUndeclared).counts.executed == 2);
  CHECK(world.of("b").reason.kind == "observed_software");
  CHECK(world.of("b").reason.what == "/usr/bin/tool");
}

TEST_CASE("a file that appears where it was looked for in vain makes the step run") {
  auto world = observed_world();
  world.files.files["lib/m.py"] = "old";
  const std::string workflow = "steps: {a: {run: first src/m.py lib/m.py out}}\n";
  world.run(workflow);
  CHECK(world.run(workflow).counts.up_to_date == 1);
  world.files.files["src/m.py"] = "shadows it";
  CHECK(world.run(workflow).counts.executed == 1);
  CHECK(world.of("a").reason == core::Reason{"observed_new", "src/m.py", "", ""});
  CHECK(world.files.files["out"] == "shadows it");
}

TEST_CASE("a new name in a listed directory makes the step run, and is named") {
  auto world = observed_world();
  world.files.files["parts/a"] = "1";
  const std::string workflow = "steps: {a: {run: names parts out}}\n";
  world.run(workflow);
  CHECK(world.run(workflow).counts.up_to_date == 1);
  world.files.files["parts/a"] = "its contents do not matter";
  CHECK(world.run(workflow).counts.up_to_date == 1);
  world.files.files["parts/b"] = "2";
  CHECK(world.run(workflow).counts.executed == 1);
  CHECK(world.of("a").reason == core::Reason{"observed_listing", "parts", "", "b"});
  world.files.files.erase("parts/a");
  CHECK(world.run(workflow).counts.executed == 1);
  CHECK(world.of("a").reason == core::Reason{"observed_listing", "parts", "a", ""});
}

TEST_CASE("names that later steps make in a listed directory do not count") {
  auto world = observed_world();
  world.files.files["in"] = "1";
  const std::string workflow = R"(
steps:
  a: {run: [names . listing, copy in x]}
  b: {needs: a, run: copy x y}
)";
  CHECK(world.run(workflow).counts.executed == 2);
  CHECK(world.run(workflow).counts.up_to_date == 2);
  world.files.files["new"] = "of the user";
  CHECK(world.run(workflow).counts.executed == 1);
  CHECK(world.of("a").reason.what == ".");
}

TEST_CASE("names that earlier steps make in a listed directory count") {
  auto world = observed_world();
  const auto workflow = [](const std::string& more) {
    return "steps: {a: {run: [make parts/1 x" + more + "]}, b: {needs: a, run: names parts out}}\n";
  };
  world.run(workflow(""));
  CHECK(world.run(workflow("")).counts.up_to_date == 2);
  CHECK(world.run(workflow(", make parts/2 y")).counts.executed == 2);
  CHECK(world.files.files["out"] == "1;2;");
}

TEST_CASE("temporary files and files written in place do not make a step run for ever") {
  auto world = observed_world();
  const std::string workflow =
      "steps: {a: {run: [scratch tmp1, append log line, names . listing]}}\n";
  CHECK(world.run(workflow).counts.executed == 1);
  CHECK(world.of("a").outputs.size() == 2);
  CHECK(world.run(workflow).counts.up_to_date == 1);
  world.files.files["log"] = "somebody else's";
  CHECK(world.run(workflow).counts.executed == 1);
  CHECK(world.files.files["log"] == "somebody else'sline");
}

TEST_CASE("an undeclared file is said once per step, with the first names") {
  auto world = observed_world();
  for (const auto* name : {"in", "c1", "c2", "c3", "c4"}) world.files.files[name] = name;
  const std::string declared =
      "steps: {a: {inputs: in, outputs: x, run: [copy in c1 c2 c3 c4 x, make extra 1]}}\n";
  world.run(declared);
  CHECK(world.observer.notices ==
        std::vector<std::string>{"a reads without declaring it: c1, c2, c3 and 1 more; "
                                 "writes without declaring it: extra"});
  world.observer.notices.clear();
  world.run("steps: {a: {run: [copy in c1 x]}}\n");
  CHECK(world.observer.notices.empty());
}

TEST_CASE("undeclared: error fails the step") {
  auto world = observed_world();
  world.files.files["in"] = world.files.files["c"] = "1";
  const auto outcome =
      world.run("steps: {a: {inputs: in, outputs: x, run: copy in c x, undeclared: error}}\n");
  CHECK(outcome.counts.failed == 1);
  CHECK(outcome.failure == "a reads without declaring it: c");
}

TEST_CASE("trace: off leaves a step to what it declares") {
  auto world = observed_world();
  world.files.files["in"] = "1";
  world.run("steps: {a: {outputs: x, run: copy in x, trace: off}}\n");
  CHECK(world.of("a").observed.mechanism.empty());
  CHECK(world.of("a").grade == core::Grade::declared);
}

TEST_CASE("declared inputs that were not used are in the record") {
  auto world = observed_world();
  world.files.files["in"] = world.files.files["spare"] = "1";
  world.run("steps: {a: {inputs: [in, spare], outputs: x, run: copy in x}}\n");
  const auto& execution = world.of("a");
  CHECK(execution.observed.unused_inputs == std::vector<std::string>{"spare"});
  CHECK(core::evidence_of_input(execution, "in") == core::Evidence::both);
  CHECK(core::evidence_of_output(execution, "x") == core::Evidence::both);
}

TEST_CASE("a step that reads what another makes without waiting for it is named, then waits") {
  auto world = observed_world();
  world.files.files["in"] = "1";
  world.options.jobs = 1;
  const std::string workflow = "steps: {a: {run: copy in x}, b: {run: copy x y}}\n";
  world.run(workflow);
  CHECK(world.observer.notices ==
        std::vector<std::string>{"b reads x, which a makes, and does not wait for it: declare it "
                                 "as an input, or add 'needs: a'"});
  world.observer.notices.clear();
  world.files.files["in"] = "2";
  CHECK(world.run(workflow).counts.executed == 2);
  CHECK(world.files.files["y"] == "2");
  CHECK(world.observer.notices.empty());
}

TEST_CASE("two steps that write one path are named") {
  auto world = observed_world();
  world.run("steps: {a: {run: make x 1}, b: {run: make x 2}}\n");
  CHECK(world.observer.notices ==
        std::vector<std::string>{"b and a both write x: its contents depend on their order"});
}

TEST_CASE("a retried step has what its last attempt used") {
  auto world = observed_world();
  world.files.files["in"] = "1";
  world.run("steps: {a: {retries: 1, run: [copy in x, fail-once y]}}\n");
  CHECK(world.of("a").inputs.size() == 1);
  CHECK(world.of("a").state == StepState::executed);
}

// The oracle: random workflows whose reads and writes are known. What is observed is exactly that,
// nothing runs twice, and after a change exactly those run whose inputs have really changed.
TEST_CASE("the observed graph of random workflows is exact") {
  std::mt19937 random(20260801);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int round = 0; round < 1000; ++round) {
    auto world = observed_world();
    const int sources = 1 + pick(4);
    for (int i = 0; i < sources; ++i) world.files.files["s" + std::to_string(i)] = "0";
    const int steps = 1 + pick(8);
    std::vector<std::set<std::string>> reads(static_cast<std::size_t>(steps));
    std::vector<bool> depends_on_s0(static_cast<std::size_t>(steps));
    std::string workflow = "steps:\n";
    for (int i = 0; i < steps; ++i) {
      auto& mine = reads[static_cast<std::size_t>(i)];
      const int count = pick(4);
      for (int k = 0; k < count; ++k) {
        const int from = pick(sources + i);
        mine.insert(from < sources ? "s" + std::to_string(from)
                                   : "o" + std::to_string(from - sources));
        if (from == 0) depends_on_s0[static_cast<std::size_t>(i)] = true;
        if (from >= sources && depends_on_s0[static_cast<std::size_t>(from - sources)])
          depends_on_s0[static_cast<std::size_t>(i)] = true;
      }
      std::string needs;
      std::string script = "copy";
      for (const auto& path : mine) {
        script += " " + path;
        if (path[0] == 'o') needs += (needs.empty() ? "t" : ", t") + path.substr(1);
      }
      // The step's own number makes contents differ.
      workflow += "  t" + std::to_string(i) + ": {" +
                  (needs.empty() ? "" : "needs: [" + needs + "], ") + "run: [" + script + " o" +
                  std::to_string(i) + ", append o" + std::to_string(i) + " " + std::to_string(i) +
                  "]}\n";
    }
    REQUIRE(world.run(workflow).counts.executed == static_cast<std::uint64_t>(steps));
    for (int i = 0; i < steps; ++i) {
      const auto& execution = world.of("t" + std::to_string(i));
      std::set<std::string> inputs;
      for (const auto& input : execution.inputs) inputs.insert(input.path);
      REQUIRE(inputs == reads[static_cast<std::size_t>(i)]);
      REQUIRE(execution.outputs.size() == 1);
      REQUIRE(execution.outputs[0].path == "o" + std::to_string(i));
    }
    REQUIRE(world.observer.notices.empty());
    REQUIRE(world.run(workflow).counts.up_to_date == static_cast<std::uint64_t>(steps));
    world.files.files["s0"] = "changed";
    const auto expected =
        static_cast<std::uint64_t>(std::count(depends_on_s0.begin(), depends_on_s0.end(), true));
    REQUIRE(world.run(workflow).counts.executed == expected);
    REQUIRE(world.run(workflow).counts.up_to_date == static_cast<std::uint64_t>(steps));
  }
}
