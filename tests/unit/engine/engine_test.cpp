#include "support/engine_world.hpp"

#include "support/catch.hpp"

using namespace provrun;
using core::StepState;
using namespace std::chrono_literals;

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

TEST_CASE("retries by cause follow only these causes") {
  World world;
  const auto outcome_of = [&](const std::string& on, const std::string& run) {
    return world.run("steps:\n  s: {outputs: x, always: true, retries: {max: 1, on: " + on +
                     "}, run: " + run + "}\n");
  };
  SECTION("the exit code") {
    CHECK(outcome_of("\"exit:75\"", "fail-once x").counts.executed == 1);
    CHECK(world.of("s").attempts.size() == 2);
  }
  SECTION("another exit code") {
    CHECK(outcome_of("[\"exit:76\", oom, timeout, signal, output]", "fail-once x").counts.failed ==
          1);
    CHECK(world.of("s").attempts.size() == 1);
  }
  SECTION("any exit code") {
    CHECK(outcome_of("exit", "fail-once x").counts.executed == 1);
  }
  SECTION("an output that was not made") {
    CHECK(outcome_of("output", "nothing").counts.failed == 1);
    CHECK(world.of("s").attempts.size() == 2);
  }
}

TEST_CASE("what a step may take grows with the attempts") {
  World world;
  world.out_of_memory = 2;
  const auto outcome = world.run(
      "steps:\n  s: {outputs: x, resources: {memory: \"{attempt}*4KiB\", time: \"2s * "
      "{attempt}\"}, "
      "retries: {max: 5, on: oom}, run: make x}\n");
  CHECK(outcome.counts.executed == 1);
  CHECK(world.limits == std::vector<std::pair<std::uint64_t, std::int64_t>>{
                            {4096, 2'000'000'000}, {8192, 4'000'000'000}, {12288, 6'000'000'000}});
}

TEST_CASE("a pool limits what runs at once, and holds up nobody else") {
  World world;
  world.options.jobs = 8;
  world.options.limits["disk"] = 2;
  const std::string workflow = R"(
pools: {disk: 2}
steps:
  d: {foreach: [1, 2, 3, 4, 5, 6], resources: {pool: disk}, outputs: "d{item}", run: "make {outputs}"}
  e: {foreach: [1, 2], outputs: "e{item}", run: "make {outputs}"}
)";
  CHECK(world.run(workflow).counts.executed == 8);
  CHECK(world.most_at_once == 4);
  CHECK(world.ran().starts_with("d@1 d@2 e@1 e@2 d@3"));
}

namespace {

const std::string kTemporary = R"(
steps:
  a: {inputs: in, outputs: {x: {path: t, temp: true}}, run: copy in t}
  b: {inputs: t, outputs: y, run: copy t y}
  c: {inputs: [t, other], outputs: z, run: copy t other z}
)";

}  // namespace

TEST_CASE("a temporary file goes when the last one has read it, and is not missed") {
  World world;
  world.files.files = {{"in", "1"}, {"other", "2"}};
  CHECK(world.run(kTemporary).counts.executed == 3);
  CHECK_FALSE(world.files.files.contains("t"));
  CHECK(world.files.files.at("y") == "1");
  CHECK(world.run(kTemporary).counts.up_to_date == 3);
  CHECK_FALSE(world.files.files.contains("t"));
}

TEST_CASE("a temporary file that is needed again is restored, and goes again") {
  World world;
  world.files.files = {{"in", "1"}, {"other", "2"}};
  world.run(kTemporary);
  world.files.files["other"] = "3";
  const auto outcome = world.run(kTemporary);
  CHECK(world.ran() == "c");
  CHECK(outcome.counts.up_to_date == 2);
  CHECK(world.files.files.at("z") == "13");
  CHECK_FALSE(world.files.files.contains("t"));
}

TEST_CASE("a temporary file that cannot be restored is made again") {
  World world;
  world.files.files = {{"in", "1"}, {"other", "2"}};
  world.run(kTemporary);
  world.files.files["other"] = "3";
  world.results.damaged = true;
  const auto outcome = world.run(kTemporary);
  CHECK(world.ran() == "a c");
  CHECK(outcome.counts.executed == 2);
  CHECK(outcome.counts.up_to_date == 1);
  CHECK(world.files.files.at("z") == "13");
  CHECK_FALSE(world.files.files.contains("t"));
}

TEST_CASE("a chain of temporary files that cannot be restored is made again and goes again") {
  World world;
  world.files.files = {{"in", "1"}, {"other", "2"}};
  const std::string chain = R"(
steps:
  a: {inputs: in, outputs: {x: {path: t1, temp: true}}, run: copy in t1}
  b: {inputs: t1, outputs: {x: {path: t2, temp: true}}, run: copy t1 t2}
  c: {inputs: [t2, other], outputs: z, run: copy t2 other z}
  d: {inputs: t1, outputs: y, run: copy t1 y}
)";
  CHECK(world.run(chain).counts.executed == 4);
  CHECK(world.log.removed == std::vector<std::string>{"t1", "t2"});
  world.files.files["other"] = "3";
  world.results.damaged = true;
  const auto outcome = world.run(chain);
  CHECK(world.ran() == "a b c");
  CHECK(outcome.counts.executed == 3);
  CHECK(outcome.counts.up_to_date == 1);
  CHECK(world.files.files.at("z") == "13");
  CHECK_FALSE(world.files.files.contains("t1"));
  CHECK_FALSE(world.files.files.contains("t2"));
  CHECK(world.of("a").reason.kind == "output_missing");
  CHECK(world.of("a").reason.what == "t1");
  CHECK(world.run(chain).counts.up_to_date == 4);
}

TEST_CASE("making a temporary file again replaces no protected output") {
  World world;
  world.files.files = {{"in", "1"}, {"other", "2"}};
  const std::string workflow = R"(
steps:
  a: {inputs: in, outputs: {t: {path: t, temp: true}, p: {path: p, protected: true}}, run: [copy in t, copy in p]}
  c: {inputs: [t, other], outputs: z, run: copy t other z}
)";
  CHECK(world.run(workflow).counts.executed == 2);
  world.files.files["other"] = "3";
  world.results.damaged = true;
  const auto outcome = world.run(workflow);
  CHECK(outcome.counts.failed == 1);
  CHECK(outcome.counts.skipped == 1);
  CHECK(world.of("a").failure == "would overwrite its protected output p; --force a does");
  CHECK(world.files.files.at("z") == "12");
}

TEST_CASE("a frozen step does not make its temporary file again") {
  World world;
  world.files.files = {{"in", "1"}, {"other", "2"}};
  const auto workflow = [](const std::string& attribute) {
    return "steps:\n  a: {" + attribute +
           "inputs: in, outputs: {t: {path: t, temp: true}}, run: copy in t}\n"
           "  c: {inputs: [t, other], outputs: z, run: copy t other z}\n";
  };
  world.run(workflow(""));
  world.files.files["other"] = "3";
  world.results.damaged = true;
  CHECK(world.run(workflow("frozen: true, ")).counts.failed == 1);
  CHECK(world.of("a").failure == "is frozen, and its output t is not there; --force a runs it");
}

TEST_CASE("a frozen step whose stored outputs are damaged does not run") {
  World world;
  const auto workflow = [](const std::string& attribute) {
    return "steps:\n  a: {" + attribute + "outputs: x, run: make x 1}\n";
  };
  world.run(workflow(""));
  world.files.files.erase("x");
  world.results.damaged = true;
  CHECK(world.run(workflow("frozen: true, ")).counts.failed == 1);
  CHECK(world.ran().empty());
}

TEST_CASE("temporary files and observation") {
  World world;
  world.observes = true;
  world.files.files = {{"in", "1"}, {"other", "2"}, {"d/first", "x"}};
  SECTION("that they have gone is no change, in listings neither") {
    const std::string workflow = R"(
steps:
  a: {inputs: in, outputs: {t: {path: d/t, temp: true}}, run: copy in d/t}
  b: {inputs: d/t, outputs: y, run: copy d/t y}
  c: {needs: a, outputs: z, run: names d z}
)";
    CHECK(world.run(workflow).counts.executed == 3);
    CHECK_FALSE(world.files.files.contains("d/t"));
    CHECK(world.run(workflow).counts.up_to_date == 3);
    world.files.files["d/second"] = "x";
    CHECK(world.run(workflow).counts.executed == 1);
    CHECK(world.of("c").reason.kind == "observed_listing");
  }
  SECTION("one that was read without being declared comes back, and goes after its last reader") {
    const std::string workflow = R"(
steps:
  a: {inputs: in, outputs: {t: {path: t, temp: true}}, run: copy in t}
  b: {needs: c, inputs: t, outputs: y, run: copy t y}
  c: {needs: a, inputs: other, outputs: z, run: copy t other z}
)";
    CHECK(world.run(workflow).counts.executed == 3);
    CHECK_FALSE(world.files.files.contains("t"));
    CHECK(world.run(workflow).counts.up_to_date == 3);
    world.files.files["other"] = "3";
    CHECK(world.run(workflow).counts.executed == 1);
    CHECK(world.files.files.at("z") == "13");
    CHECK_FALSE(world.files.files.contains("t"));
    CHECK(world.run(workflow).counts.up_to_date == 3);
    world.files.files["other"] = "4";
    world.results.damaged = true;
    CHECK(world.run(workflow).counts.executed == 2);
    CHECK(world.files.files.at("z") == "14");
  }
  SECTION("one that its maker makes otherwise changes its readers") {
    const std::string workflow = R"(
steps:
  a: {inputs: in, outputs: {t: {path: t, temp: true}}, run: copy in t}
  b: {inputs: t, outputs: y, run: copy t y}
)";
    CHECK(world.run(workflow).counts.executed == 2);
    world.files.files["in"] = "5";
    CHECK(world.run(workflow).counts.executed == 2);
    CHECK(world.files.files.at("y") == "5");
    CHECK_FALSE(world.files.files.contains("t"));
  }
}

TEST_CASE("a step that must declare what it uses is not tried again") {
  World world;
  world.observes = true;
  world.files.files = {{"in", "1"}, {"secretly", "2"}};
  const auto outcome = world.run(
      "steps:\n  a: {undeclared: error, retries: {max: 3, on: [output, exit]}, inputs: in, "
      "outputs: z, run: copy in secretly z}\n");
  CHECK(outcome.counts.failed == 1);
  CHECK(world.of("a").attempts.size() == 1);
}

TEST_CASE("an optional output may be missing, and whoever reads it does without") {
  World world;
  const std::string workflow = R"(
steps:
  a: {outputs: {x: {path: x, optional: true}, y: y}, run: make y 1}
  b: {inputs: [x, y], outputs: z, run: copy y z}
)";
  CHECK(world.run(workflow).counts.executed == 2);
  CHECK(world.run(workflow).counts.up_to_date == 2);
}

TEST_CASE("a protected output is replaced by force alone") {
  World world;
  world.files.files["in"] = "1";
  const std::string workflow =
      "steps:\n  a: {inputs: in, outputs: {x: {path: x, protected: true}}, run: copy in x}\n";
  CHECK(world.run(workflow).counts.executed == 1);
  CHECK(world.files.read_only.contains("x"));
  world.files.files["in"] = "2";
  CHECK(world.run(workflow).counts.failed == 1);
  CHECK(world.of("a").failure == "would overwrite its protected output x; --force a does");
  CHECK(world.files.files.at("x") == "1");
  world.forcing.steps.insert("a");
  CHECK(world.run(workflow).counts.executed == 1);
  CHECK(world.files.files.at("x") == "2");
}

TEST_CASE("an output that is not what 'ensure' wants fails the step") {
  World world;
  CHECK(
      world.run("steps:\n  a: {outputs: {x: {path: x, ensure: {non_empty: true}}}, run: make x}\n")
          .counts.failed == 1);
  CHECK(world.of("a").failure == "made an empty x, and 'ensure' wants it non-empty");
  const auto digest = content_id("1").digest.to_hex();
  const auto step = [&](const std::string& text) {
    return "steps:\n  a: {outputs: {x: {path: x, ensure: {sha256: " + digest + "}}}, run: make x " +
           text + "}\n";
  };
  CHECK(world.run(step("2")).counts.failed == 1);
  CHECK(world.run(step("1")).counts.executed == 1);
}

TEST_CASE("a persistent output stays for the next run, and a log after a failure") {
  World world;
  CHECK(world.run("steps:\n  a: {outputs: {x: {path: x, persist: true}}, run: make x 1}\n")
            .counts.executed == 1);
  const std::string again =
      "steps:\n  a: {outputs: {x: {path: x, persist: true}}, run: [copy x y, copy x y x]}\n";
  CHECK(world.run(again).counts.executed == 1);
  CHECK(world.files.files.at("x") == "11");
  World failing;
  failing.run(
      "steps:\n  a: {outputs: {l: {path: l, log: true}, x: x}, run: [make l why, make x, fail]}\n");
  CHECK(failing.files.files.contains("l"));
  CHECK_FALSE(failing.files.files.contains("x"));
}
