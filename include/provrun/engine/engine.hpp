#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/core/ports/executor.hpp"
#include "provrun/engine/decider.hpp"
#include "provrun/engine/growth.hpp"
#include "provrun/engine/scheduler.hpp"

namespace provrun::engine {

/// What happens in a run, for people and for machines to watch. Called on the engine's thread.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void run_started(std::size_t steps) = 0;
  /// Steps whose instances were not known have got them: so many are there in all now.
  virtual void run_grew(std::size_t /*steps*/) {}
  virtual void step_started(const std::string& step, const core::Reason& reason, int attempt) = 0;
  /// An attempt failed and another one follows after the pause.
  virtual void attempt_failed(const std::string& step, const core::Attempt& attempt,
                              std::chrono::nanoseconds pause) = 0;
  /// A round of a step with `repeat` has ended; `most` are allowed.
  virtual void round_ended(const std::string& /*step*/, std::uint32_t /*round*/,
                           std::uint32_t /*most*/) {}
  /// log_path is the output of its attempts without secrets, empty if there was none.
  virtual void step_ended(const core::Execution& execution, const std::string& log_path) = 0;
  /// Something worth a line: a file that was set aside, an input that changed.
  virtual void notice(const std::string& text) = 0;
  /// Now and then while steps run.
  virtual void tick() = 0;
};

/// Set for every step: the workspace whose step it is. It is no part of the step key.
inline constexpr std::string_view kWorkspaceVariable = "PROVRUN_WORKSPACE";

struct Options {
  int jobs = 1;                   ///< cpu slots
  Limits limits;                  ///< of memory, gpu and pools
  std::optional<int> keep_going;  ///< failures after which no new step starts; 0: never stop
  std::string workspace;          ///< absolute path of the folder the pipeline is in
  core::Streams streams = core::Streams::captured;
};

/// What the engine needs of the outside world beside its ports.
struct Services {
  std::function<core::ExecutionId()> new_execution_id;
  std::function<std::chrono::nanoseconds()> steady_now;
  /// How often the user asked to stop: 1 lets running steps finish, 2 ends them, 3 kills them.
  std::function<int()> interrupts;
};

/// What a step with `undeclared: adopt` was observed to use and make beyond what it declares.
struct Undeclared {
  pipeline::InstanceId id{};
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

struct Outcome {
  core::RunState state = core::RunState::completed;
  core::StepCounts counts;
  std::string failure;  ///< the first failure, one sentence
  std::vector<Undeclared> to_adopt;
  /// A target that could only be looked for when the run had come so far, and is none.
  std::optional<base::Error> no_such_target;
};

/// Runs the selected step instances of a graph: decides each when all it needs is final, executes
/// or restores what is not up to date, at most Options::jobs cpus and no more than the limits at a
/// time, and hands every ended execution to the log before anything depends on it. Sees no storage,
/// only ports.
class Engine {
 public:
  Engine(const pipeline::Graph& graph, core::Executor& executor, core::WorkspaceFiles& files,
         core::Results& results, core::History& history, core::RunLog& log, Observer& observer,
         Decider& decider, Services services, Options options);
  ~Engine();

  /// Runs the selection of the growth, which grows meanwhile. Throws what the run log throws: a
  /// failure to record is a failure of the run. Running steps are ended before that.
  Outcome run(Growth& growth);

 private:
  class Run;
  const pipeline::Graph& graph_;
  core::Executor& executor_;
  core::WorkspaceFiles& files_;
  core::Results& results_;
  core::History& history_;
  core::RunLog& log_;
  Observer& observer_;
  Decider& decider_;
  Services services_;
  Options options_;
};

}  // namespace provrun::engine
