#pragma once

#include <memory>
#include <string>
#include <vector>

#include "provrun/app/run_recorder.hpp"
#include "provrun/engine/decider.hpp"
#include "provrun/policy/file_screen.hpp"
#include "provrun/policy/redaction.hpp"

namespace provrun::app {

/// Gathers what surrounds a run, its environment and its git state, in a thread beside the steps.
class Surroundings {
 public:
  Surroundings(std::string workspace_root, const pipeline::Graph& graph,
               const std::vector<pipeline::InstanceId>& selection,
               const std::vector<pipeline::StepId>& deferred, engine::Variables variables,
               const policy::Redactor& redactor, const policy::FileScreen& screen);
  /// For a command without a pipeline: the programs it names, and its inputs.
  Surroundings(std::string workspace_root, std::vector<std::string> programs,
               std::vector<std::string> inputs, engine::Variables variables,
               const policy::Redactor& redactor, const policy::FileScreen& screen);
  ~Surroundings();

  void start();
  /// Waits for the answers; redacted. Empty documents when start was never called.
  RunRecorder::Extra finish();
  /// The same, with the owners of software that was used.
  RunRecorder::Extra finish(const std::vector<std::string>& software_used);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::app
