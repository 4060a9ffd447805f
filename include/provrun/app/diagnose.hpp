#pragma once

#include <optional>
#include <string>
#include <vector>

namespace provrun::app {

/// One thing that decides how well provrun works here.
struct Check {
  enum class State { ok, degraded, failed };
  std::string name;  ///< "kernel", "observing: notify", …
  State state = State::ok;
  std::string detail;  ///< what was found
  std::string hint;    ///< what to do about it; may be empty
};
std::string_view name_of(Check::State state);

/// Looks at kernel, observing, control groups, the workspace's file system and the repository.
/// Changes nothing; throws nothing for what it finds.
std::vector<Check> diagnose(const std::optional<std::string>& repository);

}  // namespace provrun::app
