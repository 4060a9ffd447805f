#pragma once

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "provrun/core/ports/results.hpp"
#include "provrun/core/ports/workspace_files.hpp"
#include "provrun/engine/dependencies.hpp"
#include "provrun/pipeline/graph.hpp"

namespace provrun::engine {

/// Removes each temporary file when the last instance that reads it is done, and brings it back
/// from the repository. Readers are those that declare it and those that were seen to read it. A
/// file that an instance outside of the selection reads stays, and one that nobody reads.
class TemporaryFiles {
 public:
  struct Ports {
    core::WorkspaceFiles& files;
    core::Results& results;
    core::History& history;
    core::RunLog& log;
    Dependencies& dependencies;
  };
  TemporaryFiles(const pipeline::Graph& graph, Ports ports) : graph_(graph), ports_(ports) {}

  /// The instances are part of the run from now on; those of the graph that are not are of no run.
  /// more_to_come: others may join later and read what those read: nothing goes until let_go.
  void join(const std::vector<pipeline::InstanceId>& joining, bool more_to_come);
  /// No more instances join.
  void let_go();

  /// The instance has ended well, with these inputs. What it was the last to read goes when it is
  /// stored; something else that stands there now is set aside.
  void done_reading(pipeline::InstanceId id, const std::vector<core::Artifact>& inputs);
  /// The instance was done and runs once more: until then it needs what it reads.
  void reads_again(pipeline::InstanceId id);
  /// Brings back what the maker's last execution made; false when the repository does not have it.
  bool restore(pipeline::PathId path);

 private:
  template <class Use>
  void each_read(pipeline::InstanceId id, Use use);
  void remove(pipeline::PathId path, const std::vector<core::Artifact>& inputs);
  const core::Artifact* last_made(pipeline::PathId path);

  const pipeline::Graph& graph_;
  Ports ports_;
  bool any_ = false;         // the workflow has temporary files
  bool is_holding_ = false;  // more readers may come
  std::size_t counted_ = 0;  // so many instances are known
  std::vector<bool> selected_;
  std::unordered_map<std::uint32_t, std::uint32_t> readers_;  // path → how many are not done
  std::unordered_set<std::uint32_t> stays_;                   // what others read
  std::unordered_map<std::uint32_t, std::vector<core::Artifact>> held_;  // read by all so far
  std::unordered_map<std::uint32_t, std::vector<pipeline::PathId>> undeclared_;  // by reader
};

}  // namespace provrun::engine
