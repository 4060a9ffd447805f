#pragma once

#include <span>
#include <string>

#include "provrun/core/ports/workspace_files.hpp"
#include "provrun/pipeline/graph.hpp"

// What the pipeline says of an output beside its path.
namespace provrun::engine {

/// Of the files of `stdout` and `stderr`: nothing.
const pipeline::OutputDeclaration& rules_of(const pipeline::Graph& graph, pipeline::InstanceId id,
                                            pipeline::PathId path);

/// Whether the instance declares the path as its input and as its output: it reads the file and
/// replaces it.
bool updates_in_place(const pipeline::Graph& graph, pipeline::InstanceId id, pipeline::PathId path);

/// The outputs of an instance with what is said of each, one after the other.
class OutputWalk {
 public:
  OutputWalk(const pipeline::Graph& graph, pipeline::InstanceId id)
      : paths_(graph.outputs(id)), declarations_(graph.step(id).outputs) {}
  /// Goes to the next one; false after the last.
  bool next();
  pipeline::PathId path() const { return paths_[at_ - 1]; }
  const pipeline::OutputDeclaration& rules() const { return *rules_; }

 private:
  std::span<const pipeline::PathId> paths_;
  std::span<const pipeline::OutputDeclaration> declarations_;
  std::size_t at_ = 0;           // behind the current path
  std::size_t declaration_ = 0;  // the current one
  std::size_t in_it_ = 0;        // so many of its paths were there already
  const pipeline::OutputDeclaration* rules_ = nullptr;
};

/// Why the output is not what `ensure` asks for, as the end of a sentence about the step; empty if
/// it is.
std::string ensure_problem(const pipeline::OutputDeclaration& rules, const core::PathState& state,
                           const std::string& path);

}  // namespace provrun::engine
