#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "provrun/lineage/edge_source.hpp"

namespace provrun::lineage {

/// An EdgeSource with its facts remembered, and with the question which of several executions that
/// generated the same version was the one that mattered.
class Timeline {
 public:
  explicit Timeline(EdgeSource& source) : source_(source) {}

  EdgeSource& source() { return source_; }
  const ExecutionFacts& execution(ExecutionNumber number);
  const VersionFacts& version(VersionNumber number);

  /// The generator that ended last before the execution started; at the same millisecond the one
  /// recorded first counts as the earlier. This is a strict order, hence no circles.
  std::optional<ExecutionLink> generator_before(const std::vector<ExecutionLink>& generators,
                                                ExecutionNumber execution);
  /// The generator that ended last of all.
  std::optional<ExecutionLink> last_generator(const std::vector<ExecutionLink>& generators);

 private:
  bool ended_later(ExecutionNumber a, ExecutionNumber b);

  EdgeSource& source_;
  std::unordered_map<std::int64_t, ExecutionFacts> executions_;
  std::unordered_map<std::int64_t, VersionFacts> versions_;
};

}  // namespace provrun::lineage
