#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "provrun/app/cached_files.hpp"
#include "provrun/core/record.hpp"
#include "provrun/engine/decider.hpp"
#include "provrun/policy/redaction.hpp"

// What `exec` and `make` have in common: commands that are recorded without a pipeline.
namespace provrun::app {

/// A path of the caller's as records have it.
std::string recorded_path(const std::string& root, const std::string& path);
/// The words as a shell would read them.
std::string shell_line(const std::vector<std::string>& words);
/// The head of a record that begins now.
core::RunRecord begin_record(const std::string& workflow, const std::vector<std::string>& trigger,
                             const policy::Redactor& redactor);
/// What a command was seen to do completes what was said of it: execution.inputs, and outputs as
/// recorded paths. identify: what has been written is, undeclared; nullopt: nothing to keep.
void take_observation(
    core::Execution& execution, core::Observation observation,
    const std::vector<std::string>& outputs, const engine::Variables& variables,
    const std::function<std::optional<core::Artifact>(const std::string&)>& identify);

}  // namespace provrun::app
