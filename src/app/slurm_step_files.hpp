#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "provrun/core/ports/executor.hpp"

// What goes between a run and its steps that are jobs of Slurm. A folder below `.provrun/jobs/RUN`
// for each: `job` is what is to be run, `script` what Slurm gets, `number` the job's number,
// `begun` that it runs, `output` what Slurm wrote, `log` the step's output; and `RUN/done/NAME` its
// end.
namespace provrun::app {

inline constexpr std::string_view kJobFile = "/job";
inline constexpr std::string_view kScriptFile = "/script";
inline constexpr std::string_view kNumberFile = "/number";
inline constexpr std::string_view kBegunFile = "/begun";
inline constexpr std::string_view kSlurmOutput = "/output";
inline constexpr std::string_view kStepLog = "/log";
inline constexpr std::string_view kDoneFolder = "done";

/// Of the environment only names: the values come with the job, and none is written down.
std::string job_text(const core::Job& job);
/// Throws base::Error(invalid_input).
core::Job parse_job(std::string_view text);
std::string result_text(const core::JobResult& result);
/// Throws base::Error(invalid_input).
core::JobResult parse_result(std::string_view text);

}  // namespace provrun::app
