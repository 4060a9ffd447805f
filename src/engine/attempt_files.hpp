#pragma once

#include <optional>
#include <string>
#include <vector>

#include "provrun/engine/engine.hpp"
#include "provrun/engine/observed.hpp"

namespace provrun::engine {

/// What an attempt did with files, written into the record of its execution.
class AttemptFiles {
 public:
  AttemptFiles(const pipeline::Graph& graph, core::WorkspaceFiles& files, Decider& decider,
               Observer& observer)
      : graph_(graph), files_(files), decider_(decider), observer_(observer) {}

  /// nullopt where nothing was observed.
  std::optional<SortedOut> sort_out(pipeline::InstanceId id, const Scene& scene,
                                    core::Observation& observation, core::Execution& execution);
  /// Adds files that were only observed to be made; those that have gone again are none.
  void add_outputs(pipeline::InstanceId id, core::Execution& execution,
                   const std::vector<std::string>& paths);
  /// False, with the failure said, when it used files that it had to declare.
  bool judge_undeclared(pipeline::InstanceId id, core::Execution& execution, Outcome& outcome);
  /// Inputs that others changed while it ran make its result one of no inputs.
  void note_changed_inputs(pipeline::InstanceId id, core::Execution& execution,
                           std::vector<std::string> changed);

 private:
  const pipeline::Graph& graph_;
  core::WorkspaceFiles& files_;
  Decider& decider_;
  Observer& observer_;
};

}  // namespace provrun::engine
