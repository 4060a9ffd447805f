#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::app {

class Workspace;

/// What Slurm says of jobs: by number the state in its long form ("RUNNING", "TIMEOUT"). A job that
/// is not there is not known to it any more.
using JobStates = std::map<std::string, std::string, std::less<>>;

/// Whether a job in this state will not run any more.
bool is_end_state(std::string_view state);
/// The lines "NUMBER|STATE" of squeue. nullopt when anything else is in them: such an answer is
/// not to be believed at all.
std::optional<JobStates> parse_job_states(std::string_view text);

/// One squeue for all of the jobs; nullopt when it cannot be asked or its answer not be believed.
std::optional<JobStates> ask_slurm(const std::vector<std::string>& jobs);

/// The same, at most once a minute for all that ask for this workspace: nullopt in between.
std::function<std::optional<JobStates>(const std::vector<std::string>&)> ask_slurm_of(
    const Workspace& workspace);

}  // namespace provrun::app
