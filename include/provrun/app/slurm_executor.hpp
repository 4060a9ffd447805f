#pragma once

#include <functional>
#include <memory>
#include <string>

#include "provrun/app/run_workflow.hpp"
#include "provrun/app/workspace.hpp"
#include "provrun/core/ports/executor.hpp"

namespace provrun::app {

/// Runs each job as a job of Slurm, through sbatch, squeue and scancel on PATH. Jobs tell of their
/// end by a file in a folder that the nodes share; Slurm itself is asked about all of them at most
/// once a minute, for those that end without a word. One thread at a time.
class SlurmExecutor : public core::Executor {
 public:
  struct Demand {
    std::string name;  ///< what the job is called
    std::uint64_t cpus = 1;
    std::uint64_t gpus = 0;
  };
  /// demand_of: of a job what it does not say itself.
  /// run: names the folder of its jobs below `.provrun/jobs`. notice: what people should know.
  SlurmExecutor(const Workspace& workspace, const std::string& run,
                std::function<Demand(const core::Job&)> demand_of,
                std::function<void(const std::string&)> notice);
  ~SlurmExecutor() override;

  void start(core::Job job) override;
  std::vector<core::JobResult> wait(std::chrono::nanoseconds at_most) override;
  void stop(core::Stop how) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// run_workflow with every step a job of Slurm.
RunReport run_workflow_on_slurm(const RunRequest& request, RunObserver& observer,
                                const std::function<int()>& interrupts);

/// Cancels the jobs that a killed run of the workspace has left, waits for their end, and removes
/// their folders. The workspace's lock must be held. Returns how many there were. Throws
/// Error(unavailable) when they do not end, or Slurm cannot be asked to end them.
std::size_t end_left_jobs(const Workspace& workspace, const std::function<bool()>& cancelled);

/// In the job: runs what the folder says and writes how it ended. Returns the exit code for Slurm.
int run_slurm_step(const std::string& folder);

}  // namespace provrun::app
