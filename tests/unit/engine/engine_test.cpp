#include "provrun/engine/engine.hpp"

#include <map>
#include <set>

#include "provrun/base/error.hpp"
#include "provrun/pipeline/graph.hpp"
#include "support/catch.hpp"

// Whole runs in memory: a workflow in, the list of executed steps out. A script is a list of words
// "make PATH CONTENT…", "copy FROM… TO", "fail", "fail-once", "nothing".

using namespace provrun;
using core::StepState;

namespace {

core::ContentId content_id(const std::string& text) {
  return {hash::sha256(text)};
}

class MemoryFiles : public core::WorkspaceFiles {
 public:
  std::map<std::string, std::string> files;
  std::vector<std::string> aside;

  std::optional<core::PathState> identify(const std::string& path, core::PathKind kind) override {
    if (kind == core::PathKind::file) {
      const auto found = files.find(path);
      if (found == files.end()) return std::nullopt;
      return core::PathState{content_id(found->second), {artifact(path)}};
    }
    core::PathState state;
    std::string listing;
    for (const auto& [name, text] : files)
      if (name.starts_with(path + "/")) {
        state.files.push_back(artifact(name));
        listing += name + "=" + text + ";";
      }
    if (state.files.empty()) return std::nullopt;
    state.content = content_id(listing);
    return state;
  }
  bool unchanged(const std::string& path, core::PathKind) override {
    return !changing.contains(path);
  }
  void prepare_output(const std::string& path, core::PathKind,
                      const std::vector<core::Artifact>&) override {
    files.erase(path);
  }
  std::string set_aside(const std::string& path) override {
    if (files.erase(path) == 0) return {};
    aside.push_back(path);
    return "aside/" + path;
  }
  core::Artifact artifact(const std::string& path) {
    const auto& text = files.at(path);
    return {path, content_id(text), text.size(), 0644};
  }
  std::set<std::string> changing;
};

class FakeExecutor : public core::Executor {
 public:
  explicit FakeExecutor(MemoryFiles& files) : files_(files) {}
  void start(core::Job job) override {
    running.push_back(std::move(job));
    most_at_once = std::max(most_at_once, running.size());
  }
  std::vector<core::JobResult> wait(std::chrono::nanoseconds) override {
    std::vector<core::JobResult> results;
    if (running.empty() || before_result == 0) return results;
    const auto job = running.front();
    running.erase(running.begin());
    core::JobResult result;
    result.token = job.token;
    for (const auto& script : job.scripts)
      if (result.attempt.exit_code == 0) result.attempt.exit_code = run(script);
    results.push_back(result);
    return results;
  }
  void stop(core::Stop) override { stopped = true; }

  std::vector<core::Job> running;
  std::size_t most_at_once = 0;
  int before_result = 1;
  bool stopped = false;
  std::map<std::string, int> tries;

 private:
  int run(const std::string& script) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : script + " ") {
      if (c != ' ') {
        word += c;
      } else if (!word.empty()) {
        words.push_back(std::exchange(word, {}));
      }
    }
    if (words[0] == "fail") return 3;
    if (words[0] == "fail-once" && ++tries[script] == 1) return 75;
    if (words[0] == "make") {
      files_.files[words.at(1)] = words.size() > 2 ? words[2] : "";
    } else if (words[0] == "copy") {
      std::string text;
      for (std::size_t i = 1; i + 1 < words.size(); ++i) text += files_.files.at(words[i]);
      files_.files[words.back()] = text;
    } else if (words[0] == "fail-once") {
      files_.files[words.at(1)] = "second try";
    }
    return 0;
  }
  MemoryFiles& files_;
};

class MemoryResults : public core::Results {
 public:
  explicit MemoryResults(MemoryFiles& files) : files_(files) {}
  std::optional<core::StoredResult> find(const hash::Digest& key) override {
    const auto found = results.find(key);
    if (found == results.end()) return std::nullopt;
    return found->second;
  }
  void restore(const core::Artifact& output) override {
    if (damaged) throw base::Error(base::ErrorCode::corruption, "chunk damaged");
    files_.files[output.path] = texts.at(output.content);
  }
  std::map<hash::Digest, core::StoredResult> results;
  std::map<core::ContentId, std::string> texts;
  bool damaged = false;

 private:
  MemoryFiles& files_;
};

class MemoryHistory : public core::History {
 public:
  const core::LastExecution* last(const std::string& step) override {
    const auto found = entries.find(step);
    return found != entries.end() ? &found->second : nullptr;
  }
  codec::Json last_key(const std::string& step) override { return keys[step]; }
  std::optional<double> usual_duration(const std::string&) override { return std::nullopt; }
  std::map<std::string, core::LastExecution> entries;
  std::map<std::string, codec::Json> keys;
};

class MemoryLog : public core::RunLog {
 public:
  std::string execution_ended(core::Execution& execution,
                              const std::vector<std::string>&) override {
    if (refuse) throw base::Error(base::ErrorCode::no_space, "no space left");
    executions.push_back(execution);
    return {};
  }
  void execution_started(const core::Execution&) override {}
  void input_used(const core::Artifact&) override {}
  std::vector<core::Execution> executions;
  bool refuse = false;
};

class SilentObserver : public engine::Observer {
 public:
  void run_started(std::size_t) override {}
  void step_started(const std::string& step, const core::Reason&, int) override {
    started.push_back(step);
  }
  void attempt_failed(const std::string&, const core::Attempt&, std::chrono::nanoseconds) override {
  }
  void step_ended(const core::Execution&, const std::string&) override {}
  void notice(const std::string& text) override { notices.push_back(text); }
  void tick() override {}
  std::vector<std::string> started;
  std::vector<std::string> notices;
};

class NoSources : public pipeline::Sources {
 public:
  std::optional<std::string> read(const std::string&) override { return std::nullopt; }
  std::vector<std::string> glob(const std::string&) override { return {}; }
};

// A workspace over several runs.
class World {
 public:
  MemoryFiles files;
  MemoryResults results{files};
  MemoryHistory history;
  SilentObserver observer;
  MemoryLog log;
  engine::Forcing forcing;
  engine::Options options{
      .jobs = 2, .keep_going = {}, .workspace = "/w", .streams = core::Streams::captured};
  engine::Variables variables{{"PATH", "/bin"}, {"LANG", "C"}};
  int interrupts = 0;
  std::size_t most_at_once = 0;

  engine::Outcome run(const std::string& steps) {
    NoSources sources;
    const auto workflow = pipeline::load_workflow("provrun: 1\n" + steps, "pipeline.yaml", sources);
    const auto graph = pipeline::expand(workflow);
    FakeExecutor executor(files);
    engine::Decider decider(
        graph, files, results, history, variables,
        {[](const codec::Json& document) { return document; },
         [](std::string_view value) { return "#" + std::string(value.size(), '*'); }},
        forcing);
    observer.started.clear();
    log.executions.clear();
    std::uint8_t next_id = 0;
    engine::Engine engine(
        graph, executor, files, results, history, log, observer, decider,
        {[&] {
           core::ExecutionId id;
           id.uuid.bytes[0] = ++runs_;
           id.uuid.bytes[1] = ++next_id;
           return id;
         },
         [this] { return now += std::chrono::seconds(1); }, [this] { return interrupts; }},
        options);
    const auto outcome = engine.run(pipeline::select(graph, {}).instances);
    most_at_once = executor.most_at_once;
    for (const auto& execution : log.executions) {
      if (execution.state != StepState::executed && execution.state != StepState::reused) continue;
      history.entries[execution.step] = {execution.id, execution.step_key, execution.outputs};
      history.keys[execution.step] = execution.key;
      results.results[execution.step_key] = {execution.id, execution.outputs};
      for (const auto& output : execution.outputs)
        results.texts[output.content] = files.files.at(output.path);
    }
    return outcome;
  }
  std::string ran() const {
    std::string text;
    for (const auto& step : observer.started) text += (text.empty() ? "" : " ") + step;
    return text;
  }
  const core::Execution& of(const std::string& step) const {
    for (const auto& execution : log.executions)
      if (execution.step == step) return execution;
    throw std::runtime_error("no execution of " + step);
  }
  std::chrono::nanoseconds now{0};

 private:
  std::uint8_t runs_ = 0;
};

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
  CHECK(world.of("f").failure == "it is frozen and its output y is not there");
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
