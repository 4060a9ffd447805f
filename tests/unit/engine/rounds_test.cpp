// Steps that run in rounds, and files that a step updates.
#include "provrun/engine/rounds.hpp"

#include "provrun/base/error.hpp"
#include "support/catch.hpp"
#include "support/engine_world.hpp"

using namespace provrun;
using test::World;

namespace {

core::Access access(const std::string& path, core::Uses uses, core::Presence before,
                    std::optional<std::string> text = {}) {
  core::Access one;
  one.path = path;
  one.uses = uses;
  one.before = before;
  if (text) one.content = core::ContentId{hash::sha256(*text)};
  return one;
}

core::Observation observation(std::vector<core::Access> accesses) {
  core::Observation one;
  one.grade = core::Grade::traced;
  one.mechanism = "fake";
  one.accesses = std::move(accesses);
  one.processes = {{1, 0, "/bin/sh"}, {2, 1, "/bin/cat"}};
  one.network = {"b"};
  return one;
}

}  // namespace

TEST_CASE("rounds are joined by the first use of each path") {
  using core::Presence;
  using core::Use;
  auto whole = observation({access("in", Use::read, Presence::file, "1"),
                            access("made", Use::create, Presence::absent),
                            access("probed", Use::probe, Presence::file)});
  auto part = observation({access("in", Use::read, Presence::file, "2"),
                           access("late", Use::read, Presence::file, "x"),
                           access("made", Use::read, Presence::file, "own"),
                           access("probed", Use::read, Presence::file, "p")});
  part.network = {"a", "b"};
  engine::join_observation(whole, std::move(part));
  REQUIRE(whole.accesses.size() == 4);
  CHECK(whole.accesses[0].content == core::ContentId{hash::sha256("1")});
  CHECK(whole.accesses[0].changed);
  CHECK(whole.accesses[1].path == "late");
  CHECK_FALSE(whole.accesses[2].content);
  CHECK(whole.accesses[2].before == Presence::absent);
  CHECK(whole.accesses[2].uses == (Use::create | Use::read));
  CHECK(whole.accesses[3].content == core::ContentId{hash::sha256("p")});
  CHECK_FALSE(whole.accesses[3].changed);
  REQUIRE(whole.processes.size() == 4);
  CHECK(whole.processes[2] == core::ObservedProcess{3, 0, "/bin/sh"});
  CHECK(whole.processes[3] == core::ObservedProcess{4, 3, "/bin/cat"});
  CHECK(whole.network == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a step runs in rounds until its condition holds") {
  World world;
  world.log.files = &world.files;
  world.observes = GENERATE(false, true);
  const std::string steps =
      "steps:\n  a: {outputs: o, run: append o x, repeat: {max: 5, until: long o 3}}\n"
      "  b: {inputs: o, outputs: p, run: copy o p}\n";
  CHECK(world.run(steps).counts.executed == 2);
  CHECK(world.files.files["p"] == "xxx");
  const auto& made = world.of("a");
  REQUIRE(made.rounds.size() == 3);
  CHECK(made.rounds[0].until == 1);
  CHECK(made.rounds[2].until == 0);
  CHECK(made.rounds[2].outputs == made.outputs);
  CHECK(made.attempts.size() == 1);
  CHECK(made.inputs.empty());
  CHECK(world.log.rounds.size() == 2);
  CHECK(core::versions_made(made).size() == 3);
  CHECK(world.run(steps).counts.up_to_date == 2);
}

TEST_CASE("a step that is not done after the most rounds has failed, and is not tried again") {
  World world;
  const auto outcome = world.run(
      "steps: {a: {outputs: o, run: append o x, retries: 2, repeat: {max: 2, until: long o 3}}}\n");
  CHECK(outcome.counts.failed == 1);
  CHECK(world.of("a").failure == "is not done after 2 rounds, the most that 'repeat' allows");
  CHECK(world.of("a").rounds.size() == 2);
}

TEST_CASE("a condition that fails and a round that fails are told apart") {
  World world;
  world.run("steps: {a: {outputs: o, run: make o x, repeat: {max: 2, until: fail}}}\n");
  CHECK(world.of("a").failure ==
        "could not tell whether it is done: its 'until' failed with exit code 3");
  world.run("steps: {a: {outputs: o, run: fail, repeat: {max: 2, until: long o 1}}}\n");
  CHECK(world.of("a").failure == "failed with exit code 3");
  CHECK_FALSE(world.of("a").rounds.at(0).until);
}

TEST_CASE("a file that a step updates is two versions, and no reason to run again") {
  World world;
  world.log.files = &world.files;
  world.observes = GENERATE(false, true);
  world.files.files["d"] = "1";
  const auto steps = [](const std::string& text) {
    return "steps:\n  a: {inputs: d, outputs: d, run: append d " + text +
           "}\n  b: {inputs: d, outputs: p, run: copy d p}\n";
  };
  CHECK(world.run(steps("x")).counts.executed == 2);
  CHECK(world.log.changing == std::vector<std::string>{"d"});
  CHECK(world.of("a").inputs.at(0).content == core::ContentId{hash::sha256("1")});
  CHECK(world.of("a").outputs.at(0).content == core::ContentId{hash::sha256("1x")});
  CHECK(world.files.files["p"] == "1x");
  CHECK(world.run(steps("x")).counts.up_to_date == 2);
  // As it was before, or gone: the known result.
  world.files.files["d"] = "1";
  CHECK(world.run(steps("x")).counts.reused == 1);
  CHECK(world.files.files["d"] == "1x");
  world.files.files.erase("d");
  CHECK(world.run(steps("x")).counts.reused == 1);
  CHECK(world.files.files["d"] == "1x");
  // Another command goes on from the file as it is.
  CHECK(world.run(steps("y")).counts.executed == 2);
  CHECK(world.of("a").reason.kind == "command");
  CHECK(world.files.files["d"] == "1xy");
  CHECK(world.of("a").inputs.at(0).content == core::ContentId{hash::sha256("1x")});
  CHECK(world.run(steps("y")).counts.up_to_date == 2);
  // What somebody else has put there is a new input.
  world.files.files["d"] = "2";
  CHECK(world.run(steps("y")).counts.executed == 2);
  CHECK(world.of("a").reason.kind == "input_content");
  CHECK(world.files.files["d"] == "2y");
}

TEST_CASE("a step that fails leaves the file that it updates as it was") {
  World world;
  world.log.files = &world.files;
  world.files.files["d"] = "1";
  const auto outcome =
      world.run("steps: {a: {inputs: d, outputs: d, run: [append d x, fail], retries: 1}}\n");
  CHECK(outcome.counts.failed == 1);
  CHECK(world.files.files["d"] == "1");
  CHECK(world.of("a").attempts.size() == 2);
}

TEST_CASE("the versions that an execution made are those of all rounds, each once") {
  core::Execution execution;
  const auto version = [](const std::string& path, const std::string& text) {
    return core::Artifact{path, core::ContentId{hash::sha256(text)}, text.size(), 0644};
  };
  execution.outputs = {version("a", "2"), version("b", "1"), version("c", "1")};
  execution.rounds.resize(2);
  execution.rounds[0].outputs = {version("a", "x"), version("a", "2")};
  execution.rounds[1].outputs = {version("a", "2"), version("c", "1")};
  const auto made = core::versions_made(execution);
  REQUIRE(made.size() == 4);
  CHECK(made[0].path == "a");
  CHECK(made[1].path == "a");
  CHECK(made[2].path == "b");
  CHECK(made[3].path == "c");
}
