#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provrun/app/archive.hpp"
#include "provrun/app/pipeline_file.hpp"
#include "provrun/app/tracing.hpp"
#include "provrun/engine/engine.hpp"

namespace provrun::app {

/// What `run` is asked to do.
struct RunRequest {
  std::string pipeline;  ///< path of the file or its folder
  std::vector<std::string> targets;
  std::vector<std::string> until;
  std::vector<pipeline::Override> overrides;
  std::optional<std::string> repository;
  bool own_repository = false;  ///< the workspace's, whatever the environment says
  int jobs = 0;                 ///< 0: all cores
  engine::Limits limits;        ///< of memory, gpu and pools, where they are not the defaults
  std::optional<int> keep_going;
  bool force_all = false;
  std::vector<std::string> force_steps;
  bool every_step_reported = false;  ///< the observer wants up-to-date steps too
  std::vector<std::string> trigger;  ///< the command line
  bool reuse = true;                 ///< results of the repository may be used
  engine::Variables variables;       ///< the environment of the run
  Tracing tracing;
};

struct RunReport {
  std::string run;  ///< the run's id; of the last recorded one when there was nothing to do
  std::string workflow;
  engine::Outcome outcome;
  bool nothing_to_do = false;
  std::uint64_t stored_bytes = 0;      ///< what the repository grew by
  std::vector<std::string> recovered;  ///< runs whose records were completed first
  std::string refusal;                 ///< a requirement that was not met
};

/// Told how far it is beyond what engine::Observer says.
class RunObserver : public engine::Observer {
 public:
  /// How long the selected steps usually take in all, in seconds; and how many have no history.
  virtual void expected(double seconds, std::size_t unknown_steps) = 0;
  virtual void waiting_for(const std::string& holder) = 0;
  /// The folder, absolute, from which the steps' directories count.
  virtual void works_in(const std::string& workspace) = 0;
  virtual void recording() = 0;
};

/// Brings the targets up to date and records the run.
RunReport run_workflow(const RunRequest& request, RunObserver& observer,
                       const std::function<int()>& interrupts);

/// One line of plan or status.
struct PlannedStep {
  enum class State { would_run, up_to_date, blocked };
  std::string step;
  State state = State::up_to_date;
  bool reuse = false;  ///< would be restored instead of executed
  core::Reason reason;
  std::vector<std::string> outputs;
  std::optional<double> usual_duration_s;
};

struct Plan {
  std::string workflow;
  std::vector<PlannedStep> steps;  ///< in a possible order of execution
  std::size_t would_run = 0;
  std::size_t up_to_date = 0;
  std::size_t blocked = 0;
  std::vector<std::string> notices;  ///< what people should know beside
};

/// What run would do, decided from contents. Changes nothing on disk.
Plan plan_workflow(const RunRequest& request);

/// The planned steps that the word names: a step, an instance, or the maker of a file. Throws
/// Error(not_found).
std::vector<PlannedStep> explain_present(const RunRequest& request, const std::string& word);

/// Why executions of the step (or of the file's maker) differ between two recorded runs; an empty
/// reason where they do not. Without against: the run before of the same workflow.
std::vector<std::pair<std::string, core::Reason>> explain_between_runs(
    Archive& archive, const std::string& word, const std::string& run,
    const std::optional<std::string>& against);

}  // namespace provrun::app
