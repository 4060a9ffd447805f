#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "provrun/core/record.hpp"
#include "provrun/pipeline/graph.hpp"

namespace provrun::engine {

/// The instances of a workflow that are wanted, while they become known: some steps have theirs
/// only when others have discovered their files. Used by who runs and by who plans, with the same
/// answers. One thread.
class Growth {
 public:
  struct Services {
    pipeline::Wanted wanted;  ///< as the graph was expanded with
    std::function<pipeline::Selection()> select;
    /// Told of instances that join the selection; throws when they cannot run.
    std::function<void(const std::vector<pipeline::InstanceId>&)> check;
  };
  Growth(pipeline::Graph& graph, Services services);

  /// Ascending as far as they have joined together.
  const std::vector<pipeline::InstanceId>& selection() const { return selection_.instances; }
  /// Steps of the selection whose instances are not known.
  const std::vector<pipeline::StepId>& open() const { return selection_.deferred; }
  /// The step that awaits it cannot get its instances, because of this one.
  std::string awaits(pipeline::StepId open) const;

  /// The instance is final: it has these outputs, among others. Returns what joins the selection.
  /// Throws base::ErrorList when the workflow cannot go on like this; then the steps that could
  /// have been laid out now are in failed(), and no longer open.
  std::vector<pipeline::InstanceId> ended(pipeline::InstanceId id,
                                          const std::vector<core::Artifact>& outputs);
  const std::vector<pipeline::StepId>& failed() const { return failed_; }

 private:
  bool awaits_step(pipeline::StepId step) const;
  std::vector<pipeline::InstanceId> join();

  pipeline::Graph& graph_;
  Services services_;
  pipeline::Selection selection_;
  std::map<pipeline::InstanceId, std::vector<pipeline::Discovered>> found_;  // not yet in the graph
  std::map<pipeline::StepId, std::size_t> ended_;  // how many instances of an awaited step
  std::vector<pipeline::StepId> failed_;
};

}  // namespace provrun::engine
