#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "provrun/app/archive.hpp"
#include "provrun/catalog/state.hpp"
#include "provrun/core/access_set.hpp"

namespace provrun::app {

/// The access sets that records name, each had once: from the workspace's state, or from a
/// snapshot.
class AccessSets {
 public:
  /// state may be null.
  explicit AccessSets(catalog::State* state) : state_(state) {}
  /// nullptr when neither has it.
  core::AccessSetPtr find(const core::ContentId& id);
  core::AccessSetPtr find(const core::ContentId& id, Archive& archive,
                          const snapshot::Manifest& manifest);

 private:
  catalog::State* state_;
  std::unordered_map<core::ContentId, core::AccessSetPtr> known_;
};

/// Accesses that stand in an execution itself, as a set like the others.
core::AccessSetPtr own_set(std::vector<core::Access> accesses);
/// All accesses of an execution, sorted by path, each with its class. Sets that are gone are left
/// out, and complete is false.
struct ClassedAccess {
  core::PathClass path_class;
  core::Access access;
};
std::vector<ClassedAccess> accesses_of(const core::Execution& execution, Archive& archive,
                                       const snapshot::Manifest& manifest, bool& complete);

/// Where a set lies in a run's snapshot.
std::string access_set_path(const core::ContentId& id);

}  // namespace provrun::app
