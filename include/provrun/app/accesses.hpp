#pragma once

#include <string>
#include <vector>

#include "provrun/app/archive.hpp"

namespace provrun::app {

/// One access as a person looks at it.
struct ShownAccess {
  core::Access access;
  core::PathClass path_class = core::PathClass::workspace;
  std::string noise;    ///< why it decides nothing; empty when it may
  std::string package;  ///< "name version" of the software it belongs to, as of then
};
struct AccessReport {
  std::vector<ShownAccess> accesses;  ///< sorted by path
  bool complete = true;               ///< false: some are not in the repository
};
AccessReport accesses_of(Archive& archive, const StoredRun& run, const core::Execution& execution);

}  // namespace provrun::app
