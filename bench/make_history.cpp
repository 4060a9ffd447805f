// make_history FOLDER RUNS STEPS CHAIN: a workspace with RUNS recorded runs of STEPS executions
// each, in chains of CHAIN, each execution with two inputs and one output; three edges each. Made
// through the recorder that every run uses; all files have one content, so that only records grow.
#include <cstdlib>
#include <exception>
#include <iostream>

#include "provrun/app/run_recorder.hpp"
#include "provrun/app/version.hpp"
#include "provrun/base/format.hpp"
#include "provrun/engine/step_key.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/random.hpp"

using namespace provrun;

namespace {

struct Shape {
  int runs;
  int steps;
  int chain;
};

core::Execution make_execution(const core::Artifact& source, int run, int step, int chain) {
  const auto path = [&](int n) { return base::format("out/{}/{}.txt", run, n); };
  const auto named = [&](std::string name) {
    auto artifact = source;
    artifact.path = std::move(name);
    return artifact;
  };
  core::Execution execution;
  execution.id.uuid = os::new_uuid();
  execution.step = base::format("step@{}", step);
  execution.inputs = {source, step % chain == 0 ? named("src/start.txt") : named(path(step - 1))};
  execution.outputs = {named(path(step))};
  engine::KeyParts parts;
  parts.run = {base::format("make {} {}", run, step)};
  execution.key = engine::key_document(parts);
  execution.step_key = engine::step_key(execution.key);
  core::Attempt attempt;
  attempt.started = attempt.ended = os::now();
  execution.attempts = {attempt};
  return execution;
}

void make(const std::string& folder, const Shape& shape) {
  os::make_directories(folder);
  os::write_file_atomically(folder + "/source.txt", "source\n", os::Durability::cached, 0644);
  const auto workspace = app::Workspace::at(folder);
  workspace.ensure();
  const auto archive = app::Archive::open({workspace.repository_directory(), true}, workspace,
                                          app::Archive::Mode::update);
  const policy::Redactor redactor({}, std::vector<std::uint8_t>(32, 7));
  app::CachedFiles files(workspace.root(), archive->state(), ".provrun/aside",
                         [](const std::string&) {});
  const auto source = files.identify("source.txt", core::PathKind::file)->files.at(0);
  for (int run = 0; run < shape.runs; ++run) {
    core::RunRecord record;
    record.id.uuid = os::new_uuid();
    record.workflow = "history";
    record.started = record.ended = os::now();
    record.user = "bench";
    record.host = "bench";
    record.parameters = codec::Json::object();
    record.tool_version = std::string(app::kVersion);
    app::RunRecorder recorder({workspace, archive.get(), &files, &redactor, {}}, record);
    recorder.input_used(source);
    for (int step = 0; step < shape.steps; ++step) {
      auto execution = make_execution(source, run, step, shape.chain);
      recorder.execution_ended(execution, {});
    }
    recorder.finish(core::RunState::completed, {}, {});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: make_history FOLDER RUNS STEPS CHAIN\n";
    return 2;
  }
  try {
    make(argv[1], {std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4])});
  } catch (const std::exception& error) {
    std::cerr << "make_history: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
