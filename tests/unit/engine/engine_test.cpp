#include "support/engine_world.hpp"

#include "support/catch.hpp"

using namespace provrun;
using core::StepState;

using namespace provrun::test;

namespace {

const std::string kChain = R"(
steps:
  a: {inputs: in, outputs: x, run: copy in x}
  b: {inputs: x, outputs: y, run: copy x y}
  c: {inputs: y, outputs: z, run: copy y z}
)";

}  // namespace

TEST_CASE("a chain runs in order, and then not again") {
  World world;
  world.files.files["in"] = "1";
  CHECK(world.run(kChain).counts.executed == 3);
  CHECK(world.ran() == "a b c");
  CHECK(world.run(kChain).counts.up_to_date == 3);
  CHECK(world.ran().empty());
}

TEST_CASE("the same output stops the cascade") {
  World world;
  world.files.files["in"] = "1";
  const std::string workflow = R"(
steps:
  a: {inputs: in, outputs: x, run: make x same}
  b: {inputs: x, outputs: y, run: copy x y}
)";
  world.run(workflow);
  world.files.files["in"] = "2";
  const auto outcome = world.run(workflow);
  CHECK(world.ran() == "a");
  CHECK(outcome.counts.up_to_date == 1);
  CHECK(world.of("a").reason.kind == "input_content");
}

TEST_CASE("a change that is taken back is restored, not run") {
  World world;
  world.files.files["in"] = "1";
  world.run(kChain);
  world.files.files["in"] = "2";
  world.run(kChain);
  world.files.files["in"] = "1";
  const auto outcome = world.run(kChain);
  CHECK(outcome.counts.reused == 3);
  CHECK(world.ran().empty());
  CHECK(world.files.files["z"] == "1");
  CHECK(world.of("a").reused_from.has_value());
}

TEST_CASE("a stored result that turns out damaged is computed again") {
  World world;
  world.files.files["in"] = "1";
  world.run(kChain);
  world.files.files.erase("y");
  world.results.damaged = true;
  const auto outcome = world.run(kChain);
  CHECK(world.ran() == "b");
  CHECK(outcome.counts.executed == 1);
  CHECK(world.files.files["y"] == "1");
}

TEST_CASE("an altered or missing output makes its step's result be had again") {
  World world;
  world.files.files["in"] = "1";
  world.run(kChain);
  world.files.files["x"] = "tampered";
  CHECK(world.run(kChain).counts.reused == 1);
  CHECK(world.of("a").reason.kind == "output_altered");
  CHECK(world.files.files["x"] == "1");
  world.files.files.erase("z");
  CHECK(world.run(kChain).counts.reused == 1);
  CHECK(world.of("c").reason.kind == "output_missing");
}

TEST_CASE("files that are the stored ones already are taken as they are") {
  World world;
  world.files.files["in"] = "1";
  world.run(kChain);
  world.history.entries.clear();
  const auto outcome = world.run(kChain);
  CHECK(outcome.counts.up_to_date == 3);
  CHECK(world.files.aside.empty());
}

TEST_CASE("a failure skips what depends on it and moves its output aside") {
  World world;
  world.files.files["in"] = "1";
  const std::string workflow = R"(
steps:
  bad: {inputs: in, outputs: x, run: [make x half, fail]}
  after: {inputs: x, outputs: y, run: copy x y}
  other: {inputs: in, outputs: o, run: copy in o}
  later: {inputs: o, outputs: l, run: copy o l}
)";
  world.options.jobs = 1;
  SECTION("stopping at the first failure") {
    const auto outcome = world.run(workflow);
    CHECK(outcome.state == core::RunState::failed);
    CHECK(outcome.counts.failed == 1);
    CHECK(outcome.counts.skipped == 3);
    CHECK(world.files.aside == std::vector<std::string>{"x"});
    CHECK(world.of("bad").failure == "failed with exit code 3");
    CHECK(world.of("after").reason.what == "bad");
  }
  SECTION("keeping going") {
    world.options.keep_going = 0;
    const auto outcome = world.run(workflow);
    CHECK(outcome.counts.failed == 1);
    CHECK(outcome.counts.skipped == 1);
    CHECK(world.files.files["l"] == "1");
  }
}

TEST_CASE("a promised output that was not made is a failure") {
  World world;
  const auto outcome = world.run("steps:\n  s: {outputs: x, run: nothing}\n");
  CHECK(outcome.counts.failed == 1);
  CHECK(world.of("s").failure == "did not make its output x");
}

TEST_CASE("retries follow a failure, and each attempt is recorded") {
  World world;
  const auto outcome =
      world.run("steps:\n  s: {outputs: x, retries: {max: 2, backoff: 3s}, run: fail-once x}\n");
  CHECK(outcome.counts.executed == 1);
  CHECK(world.of("s").attempts.size() == 2);
  CHECK(world.of("s").attempts[0].exit_code == 75);
  World hopeless;
  CHECK(hopeless.run("steps:\n  s: {outputs: x, retries: 2, run: fail}\n").counts.failed == 1);
  CHECK(hopeless.of("s").attempts.size() == 3);
}

TEST_CASE("never more cpus at once than jobs") {
  World world;
  const std::string workflow = R"(
steps:
  one: {foreach: [1, 2, 3, 4, 5, 6], outputs: "o{item}", run: "make o{item}"}
)";
  world.options.jobs = 3;
  CHECK(world.run(workflow).counts.executed == 6);
  CHECK(world.most_at_once == 3);
  World wide;
  wide.options.jobs = 4;
  wide.run(
      "steps:\n  two: {foreach: [1, 2, 3, 4], resources: {cpus: 2}, outputs: \"o{item}\", run: "
      "\"make o{item}\"}\n");
  CHECK(wide.most_at_once == 2);
}

TEST_CASE("forcing runs a step though nothing changed") {
  World world;
  world.files.files["in"] = "1";
  world.run(kChain);
  world.forcing.steps = {"b"};
  world.run(kChain);
  CHECK(world.ran() == "b");
  world.forcing = {true, {}};
  world.run(kChain);
  CHECK(world.ran() == "a b c");
  CHECK(world.of("c").reason.kind == "forced");
}

TEST_CASE("always runs always, frozen never") {
  World world;
  const std::string workflow = R"(
steps:
  a: {always: true, outputs: x, run: make x 1}
  f: {frozen: true, inputs: x, outputs: y, run: fail}
)";
  CHECK(world.run(workflow).counts.failed == 1);
  CHECK(world.of("f").failure == "is frozen, and its output y is not there; --force f runs it");
  world.files.files["y"] = "by hand";
  CHECK(world.run(workflow).counts.failed == 0);
  CHECK(world.ran() == "a");
}

TEST_CASE("only variables that count make a step run again") {
  World world;
  const std::string workflow = R"(
env: {pass: [LANG], set: {TZ: UTC}}
steps:
  s: {outputs: x, run: make x 1}
)";
  world.run(workflow);
  world.variables["UNRELATED"] = "new";
  world.variables["PATH"] = "/usr/bin";
  CHECK(world.run(workflow).counts.up_to_date == 1);
  world.variables["LANG"] = "de_DE.UTF-8";
  CHECK(world.run(workflow).counts.executed == 1);
  CHECK(world.of("s").reason == core::Reason{"environment", "LANG", "C", "de_DE.UTF-8"});
  world.variables["PYTHONPATH"] = "/lib/mine";
  CHECK(world.run(workflow).counts.executed == 1);
}

TEST_CASE("a secret counts by its hash alone") {
  World world;
  const std::string workflow =
      "env: {secrets: [TOKEN]}\nsteps:\n  s: {outputs: x, run: make x 1}\n";
  world.variables["TOKEN"] = "abc";
  world.run(workflow);
  CHECK(world.of("s").key.dump().find("abc") == std::string::npos);
  CHECK(world.run(workflow).counts.up_to_date == 1);
  world.variables["TOKEN"] = "longer";
  CHECK(world.run(workflow).counts.executed == 1);
  CHECK(world.of("s").reason == core::Reason{"environment", "TOKEN", "#***", "#******"});
}

TEST_CASE("an input that changes while it is used is said") {
  World world;
  world.files.files["in"] = "1";
  world.files.changing.insert("in");
  world.run(kChain);
  CHECK(world.of("a").inputs_changed == std::vector<std::string>{"in"});
  CHECK(world.observer.notices.size() == 1);
}

TEST_CASE("an interrupt starts nothing new and leaves a record of the rest") {
  World world;
  world.files.files["in"] = "1";
  world.interrupts = 1;
  const auto outcome = world.run(kChain);
  CHECK(outcome.state == core::RunState::interrupted);
  CHECK(outcome.counts.skipped == 3);
  CHECK(world.ran().empty());
}

TEST_CASE("a failure to record ends the run") {
  World world;
  world.files.files["in"] = "1";
  world.log.refuse = true;
  CHECK_THROWS_AS(world.run(kChain), base::Error);
}

TEST_CASE("order-only needs wait and do not count") {
  World world;
  const std::string workflow = R"(
steps:
  first: {outputs: x, run: make x VALUE}
  second: {needs: first, outputs: y, run: make y 2}
)";
  world.run(workflow);
  CHECK(world.ran() == "first second");
  auto changed = workflow;
  changed.replace(changed.find("VALUE"), 5, "other");
  world.run(changed);
  CHECK(world.ran() == "first");
}
