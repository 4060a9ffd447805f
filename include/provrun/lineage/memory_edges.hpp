#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "provrun/lineage/edge_source.hpp"

namespace provrun::lineage {

/// An EdgeSource that holds its graph in memory: for tests, and for one run without a catalog.
class MemoryEdges final : public EdgeSource {
 public:
  /// Adds the executions of one run; up_to_date entries join the run to executions added before.
  void add(const core::RunId& run, const std::vector<core::Execution>& executions);

  std::vector<VersionLink> used(ExecutionNumber execution) override;
  std::vector<VersionLink> generated(ExecutionNumber execution) override;
  std::vector<ExecutionLink> generators(VersionNumber version) override;
  std::vector<ExecutionLink> users(VersionNumber version) override;
  std::vector<ExecutionNumber> reuses(ExecutionNumber execution) override;
  ExecutionFacts execution(ExecutionNumber number) override;
  VersionFacts version(VersionNumber number) override;
  std::vector<VersionNumber> versions_of_path(std::string_view path) override;
  std::vector<VersionNumber> versions_of_content(const core::ContentId& content) override;
  std::vector<core::ContentId> contents_beginning(std::string_view hex) override;
  std::optional<ExecutionNumber> find_execution(const core::ExecutionId& id) override;
  std::vector<ExecutionNumber> executions_of_run(const core::RunId& run) override;
  std::vector<ExecutionNumber> last_executions(std::string_view step) override;

 private:
  struct Node {
    ExecutionFacts facts;
    std::vector<VersionLink> used;
    std::vector<VersionLink> generated;
    std::vector<ExecutionNumber> reuses;
  };
  struct Version {
    VersionFacts facts;
    std::vector<ExecutionLink> generators;
    std::vector<ExecutionLink> users;
  };
  VersionNumber intern(const core::Artifact& artifact);

  std::vector<Node> executions_;
  std::vector<Version> versions_;
  std::map<std::pair<std::string, core::ContentId>, VersionNumber> by_artifact_;
  std::map<core::ExecutionId, ExecutionNumber> by_id_;
  std::map<core::RunId, std::vector<ExecutionNumber>> by_run_;
};

}  // namespace provrun::lineage
