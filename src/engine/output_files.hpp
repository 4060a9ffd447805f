#pragma once

#include <functional>
#include <string>
#include <vector>

#include "provrun/core/ports/results.hpp"
#include "provrun/core/ports/workspace_files.hpp"
#include "provrun/engine/discovered_files.hpp"
#include "provrun/pipeline/graph.hpp"

namespace provrun::engine {

/// What stands at the outputs of instances, before and after they run.
class OutputFiles {
 public:
  OutputFiles(const pipeline::Graph& graph, core::WorkspaceFiles& files, core::History& history)
      : graph_(graph), files_(files), history_(history) {}

  /// Makes place for them: what recorded executions made goes, all else is set aside.
  void prepare(pipeline::InstanceId id);
  /// Appends what was made, sorted by path. Returns why that is not all that it must be, as the end
  /// of a sentence about the step; empty: it is.
  std::string collect(pipeline::InstanceId id, std::vector<core::Artifact>& outputs);
  /// Moves unfinished ones away; tell is given their old and new paths.
  void set_aside(pipeline::InstanceId id,
                 const std::function<void(const std::string&, const std::string&)>& tell);

 private:
  std::string take(const std::string& path, core::PathKind kind,
                   const pipeline::OutputDeclaration& rules, std::vector<core::Artifact>& outputs);

  const pipeline::Graph& graph_;
  core::WorkspaceFiles& files_;
  core::History& history_;
};

}  // namespace provrun::engine
