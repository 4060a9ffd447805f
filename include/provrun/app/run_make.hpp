#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "provrun/app/tracing.hpp"
#include "provrun/core/record.hpp"
#include "provrun/engine/decider.hpp"

namespace provrun::app {

/// One call of make.
struct MakeRequest {
  std::vector<std::string> command;  ///< make and its arguments
  std::optional<std::string> repository;
  std::vector<std::string> trigger;
  bool output_to_error = false;  ///< its standard output goes where its standard error goes
  engine::Variables variables;
  Tracing tracing;
};

struct MakeReport {
  std::string run;        ///< empty: no recipe was run, and so there is nothing to record
  int exit_code = 0;      ///< make's; as CommandReport has it
  std::string failure;    ///< said by provrun, not by make
  std::string refusal;    ///< a requirement that was not met
  std::string undivided;  ///< why make is recorded as one execution; empty: it is not
  core::RunState state = core::RunState::completed;
  core::StepCounts counts;
  std::uint64_t stored_bytes = 0;
  std::vector<std::string> notices;
};

/// Runs make with the caller's terminal and streams and records one execution for each target whose
/// recipe was run, and one for make itself. docs/design/make.md says how. interrupts and
/// told_to_end: as in run_command. ended is called for each execution, by this thread.
MakeReport run_make(const MakeRequest& request, const std::function<int()>& interrupts,
                    const std::function<int()>& told_to_end,
                    const std::function<void(const core::Execution&)>& ended);

}  // namespace provrun::app
