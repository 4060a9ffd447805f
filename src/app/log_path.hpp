#pragma once

#include <string>
#include <string_view>

namespace provrun::app {

/// Where a run's snapshot has the log of the step instance, whatever its name.
std::string log_path_in_snapshot(std::string_view step);

}  // namespace provrun::app
