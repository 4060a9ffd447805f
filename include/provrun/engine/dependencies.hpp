#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "provrun/core/ports/results.hpp"
#include "provrun/core/ports/workspace_files.hpp"
#include "provrun/engine/observed.hpp"
#include "provrun/engine/program_search.hpp"
#include "provrun/pipeline/graph.hpp"

namespace provrun::engine {

/// What executions were observed to depend on, beside the step key: who makes which path, what
/// order follows from that, and whether all is still as it was seen. Knows what the last execution
/// of every step made, and what made() tells. One thread at a time.
class Dependencies {
 public:
  Dependencies(const pipeline::Graph& graph, core::WorkspaceFiles& files, core::History& history);

  /// Predecessors of a step by what it was last observed to read of what others were observed or
  /// declared to make, beyond those of the graph; all have smaller indexes.
  const std::vector<pipeline::InstanceId>& learned(pipeline::InstanceId id);
  /// True when the step was last observed to read what that predecessor makes.
  bool reads_from(pipeline::InstanceId id, pipeline::InstanceId before);
  /// The instance other than `but` that makes the path, by declaration or observation.
  std::optional<pipeline::InstanceId> maker(const std::string& path, pipeline::InstanceId but);
  bool comes_before(pipeline::InstanceId earlier, pipeline::InstanceId later);

  /// The first thing that is not as the execution saw it; nullopt when all is. strict: see need_of.
  std::optional<core::Reason> first_change(pipeline::InstanceId id,
                                           const std::vector<core::AccessSetPtr>& observed,
                                           const SearchPaths& paths, bool strict);
  /// Replaces the content of a listed directory by that of the names that the step can count on,
  /// where they can be told.
  void settle_listing(pipeline::InstanceId id, const std::vector<std::string>& own,
                      core::Access& access);
  /// The step has ended; its outputs may be new. wrote_software: it changed installed software.
  void made(pipeline::InstanceId id, const std::vector<core::Artifact>& outputs,
            bool wrote_software);

  /// Temporary files that the instance was last seen to read.
  std::vector<pipeline::PathId> temporary_reads(pipeline::InstanceId id);

 private:
  /// For the instances that are known by now.
  void prepare();
  void add_maker(const std::string& path, pipeline::InstanceId id);
  bool is_made_by_nobody_yet(const std::string& path) const;
  bool is_made_later(const std::string& path, pipeline::InstanceId id);
  std::vector<core::ListingEntry> countable(pipeline::InstanceId id, const std::string& folder,
                                            std::vector<core::ListingEntry> entries);
  /// Whether it is a temporary file as its maker last made it. That it has gone is no change.
  bool is_temporary(const core::Access& access);
  /// Whether an output of the instance is the directory or lies in it.
  bool holds_outputs(pipeline::InstanceId id, std::string_view directory) const;
  /// Whether the path is, or lies in, what the instance updates in place.
  bool is_updated(pipeline::InstanceId id, std::string place) const;
  std::optional<core::Reason> change_of(pipeline::InstanceId id, const core::Access& access,
                                        core::PathClass path_class, bool strict);
  std::optional<core::Reason> listing_change(pipeline::InstanceId id, const core::Access& access);

  const pipeline::Graph& graph_;
  core::WorkspaceFiles& files_;
  core::History& history_;
  std::size_t prepared_ = 0;  ///< so many instances
  /// Of every output and every folder on the way to one. Folders of many makers are long lists.
  std::unordered_map<std::string, std::vector<pipeline::InstanceId>> makers_;
  std::unordered_set<std::string> temporary_;  ///< outputs that are removed after their last use
  std::vector<std::vector<pipeline::InstanceId>> learned_;
  std::vector<std::vector<pipeline::InstanceId>> read_from_;
  /// Sets of software that were compared already; steps share them by the thousand.
  std::unordered_map<core::ContentId, std::optional<core::Reason>> compared_;
  ProgramSearch programs_;
  std::optional<pipeline::InstanceId> ancestors_of_;
  std::vector<bool> ancestors_;
};

}  // namespace provrun::engine
