#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "provrun/core/record.hpp"

namespace provrun::app {

/// What the attempts, or rounds, of an execution wrote, with a line before each where there are
/// several. The files are removed.
std::string take_outputs(const core::Execution& execution,
                         const std::vector<std::string>& attempt_logs);
/// Files of installed software whose contents are in the sets, sorted.
std::vector<std::string> system_files_in(
    const std::unordered_map<core::ContentId, core::AccessSetPtr>& sets);
/// What a record says of an execution that another record tells of.
core::Execution head_of(const core::Execution& execution);
/// Lines of executions without those of the step that say that it was up to date.
std::string without_up_to_date(const std::string& lines, const std::string& step);

}  // namespace provrun::app
