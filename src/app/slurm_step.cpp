#include <algorithm>

#include "provrun/app/cached_files.hpp"
#include "provrun/app/slurm_executor.hpp"
#include "provrun/app/traced_files.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/exec/local_executor.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/signals.hpp"
#include "slurm_step_files.hpp"

// The side of the node.
namespace provrun::app {

namespace {

// What Slurm adds for the programs of a job, whatever the pipeline passes through.
bool is_given_by_slurm(const std::string& name) {
  return name.starts_with("SLURM_") || name == "CUDA_VISIBLE_DEVICES" ||
         name == "ROCR_VISIBLE_DEVICES" || name == "GPU_DEVICE_ORDINAL";
}

void complete_environment(core::Job& job) {
  auto ours = os::environment_variables();
  for (auto& [name, value] : job.environment) {
    const auto found = std::find_if(ours.begin(), ours.end(),
                                    [&](const auto& variable) { return variable.first == name; });
    if (found == ours.end())
      throw base::Error(base::ErrorCode::invalid_input,
                        base::format("the variable {} did not come with the job", name));
    value = found->second;
  }
  for (auto& variable : ours) {
    const bool known = std::any_of(job.environment.begin(), job.environment.end(),
                                   [&](const auto& one) { return one.first == variable.first; });
    if (!known && is_given_by_slurm(variable.first)) job.environment.push_back(variable);
  }
}

core::JobResult execute(core::Job job, const std::string& folder) {
  const os::InterruptCounter interrupts;
  const auto root = job.workspace;
  CachedFiles files(root, nullptr, ".provrun/aside", [](const std::string&) {});
  TracedFiles traced(files, catalog::state_path(root));
  exec::LocalExecutor executor(folder, traced);
  executor.start(std::move(job));
  std::vector<core::JobResult> results;
  for (int told = 0; results.empty();) {
    results = executor.wait(std::chrono::milliseconds(100));
    const int now = interrupts.terminations();
    if (now > told) executor.stop(now == 1 ? core::Stop::terminate : core::Stop::kill);
    told = now;
  }
  return std::move(results[0]);
}

}  // namespace

int run_slurm_step(const std::string& folder) {
  const auto name = os::base_name(folder);
  core::JobResult result;
  core::Job job;
  try {
    // Who has given it up has taken the file away; then nothing must run any more.
    job = parse_job(os::read_file(folder + std::string(kJobFile)));
    if (!os::create_if_absent(folder + std::string(kBegunFile),
                              os::environment_variable("SLURM_JOB_ID").value_or(""),
                              os::Durability::synced, 0600))
      return 1;  // it was begun before: requeued by hand
    complete_environment(job);
    result = execute(job, folder);
    if (!result.log_path.empty()) os::rename_file(result.log_path, folder + std::string(kStepLog));
  } catch (const base::Error& error) {
    result.attempt.started = result.attempt.ended = os::now();
    result.attempt.exit_code = 126;
    result.attempt.start_error = error.message();
  }
  os::write_file_atomically(
      os::join_path(os::join_path(os::parent_path(folder), kDoneFolder), name), result_text(result),
      os::Durability::synced);
  return result.attempt.succeeded() ? 0 : std::max(1, result.attempt.exit_code);
}

}  // namespace provrun::app
