#pragma once

#include <functional>
#include <string>

#include "provrun/app/run_workflow.hpp"
#include "provrun/policy/redaction.hpp"

namespace provrun::app {

/// Runs the workflow's hooks for what became of the run, which is recorded and holds no lock any
/// more. They get the caller's environment, the top-level `env.set`, and PROVRUN_RUN,
/// PROVRUN_RUN_STATE, PROVRUN_WORKFLOW and PROVRUN_FAILURE. What they print, without secrets, and
/// that one has failed is told; the run is what it is.
void run_hooks(const LoadedPipeline& loaded, const RunRequest& request, const RunReport& report,
               const policy::Redactor& redactor,
               const std::function<void(const std::string&)>& tell,
               const std::function<int()>& interrupts);

}  // namespace provrun::app
