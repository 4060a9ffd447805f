#include "provrun/app/slurm_jobs.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "provrun/app/workspace.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/process.hpp"

namespace provrun::app {

namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::minutes kBetween{1};

bool is_job_number(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_state_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || c == '_';
  });
}

}  // namespace

bool is_end_state(std::string_view state) {
  constexpr std::array<std::string_view, 10> kEnds{
      "BOOT_FAIL", "CANCELLED",     "COMPLETED", "DEADLINE", "FAILED",
      "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED",  "TIMEOUT"};
  return std::find(kEnds.begin(), kEnds.end(), state) != kEnds.end();
}

std::optional<JobStates> parse_job_states(std::string_view text) {
  JobStates states;
  for (auto line : base::split(text, '\n')) {
    line = base::trim(line);
    if (line.empty()) continue;
    const auto bar = line.find('|');
    if (bar == std::string_view::npos) return std::nullopt;
    const auto number = line.substr(0, bar);
    const auto state = line.substr(bar + 1);
    if (!is_job_number(number) || !is_state_name(state)) return std::nullopt;
    states.insert_or_assign(std::string(number), std::string(state));
  }
  return states;
}

std::optional<JobStates> ask_slurm(const std::vector<std::string>& jobs) {
  if (jobs.empty()) return JobStates{};
  std::string list;
  for (const auto& job : jobs) {
    if (!is_job_number(job)) return std::nullopt;
    list += (list.empty() ? "" : ",") + job;
  }
  const auto squeue = os::find_program("squeue");
  if (!squeue) return std::nullopt;
  try {
    const auto answer =
        os::run_program({*squeue, "--noheader", "--states=all", "--format=%A|%T", "--jobs=" + list},
                        os::environment_variables(), kPatience);
    if (answer.timed_out || answer.signal != 0) return std::nullopt;
    if (answer.exit_code != 0) {
      // Asked about a single job that it has forgotten, it says so in this way.
      const bool forgotten =
          jobs.size() == 1 && answer.standard_output.empty() &&
          answer.standard_error.find("Invalid job id specified") != std::string::npos;
      return forgotten ? std::optional(JobStates{}) : std::nullopt;
    }
    return parse_job_states(answer.standard_output);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::function<std::optional<JobStates>(const std::vector<std::string>&)> ask_slurm_of(
    const Workspace& workspace) {
  return [stamp = workspace.spool_directory() +
                  "/asked"](const std::vector<std::string>& jobs) -> std::optional<JobStates> {
    const auto now = os::now().nanoseconds;
    const auto stat = os::lstat_file(stamp);
    const auto least = std::chrono::nanoseconds(kBetween).count();
    if (stat && stat->mtime_ns <= now && now - stat->mtime_ns < least) return std::nullopt;
    os::write_file_atomically(stamp, "", os::Durability::cached);
    return ask_slurm(jobs);
  };
}

}  // namespace provrun::app
