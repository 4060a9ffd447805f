#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "provrun/app/tracing.hpp"
#include "provrun/engine/decider.hpp"

namespace provrun::app {

/// The job script that a command is: see batch_script.hpp.
struct BatchTask {
  std::string workspace;           ///< root, absolute
  std::string script;              ///< relative to the workspace or absolute; empty: it was no file
  std::string copy;                ///< where its bytes are, absolute
  std::vector<std::string> words;  ///< the command for people: the script and its arguments
  std::string title;               ///< what the execution is called
};

/// One command to run and record without a pipeline.
struct CommandRequest {
  std::vector<std::string> command;
  std::vector<std::string> inputs;  ///< relative to the current directory
  std::vector<std::string> outputs;
  std::optional<std::string> repository;
  std::vector<std::string> trigger;
  bool output_to_error = false;  ///< its standard output goes where its standard error goes
  engine::Variables variables;
  Tracing tracing;
  std::optional<BatchTask> batch;
};

struct CommandReport {
  std::string run;       ///< empty when it is spooled
  bool spooled = false;  ///< recorded in the spool; the run gets its id when that is taken up
  int exit_code = 0;    ///< the command's; 128 + N when signal N ended it; 126 or 127 when it could
                        ///< not be started
  std::string refusal;  ///< a requirement that was not met
  std::string failure;  ///< said by provrun, not by the command; e.g. an output that was not made
  std::vector<std::string> notices;  ///< what people should know
};

/// Runs the command with the caller's terminal and streams, waits for it, and records it: in the
/// repository or, in a job of Slurm and where PROVRUN_SPOOL names a workspace, in that one's spool,
/// which many may do at once on many machines. Throws
/// Error(not_found) for a missing input before anything runs. told_to_end counts how often somebody
/// wanted us to end, other than with Ctrl-C, which reaches the command by itself: the command is
/// told, and killed at the second time.
CommandReport run_command(const CommandRequest& request, const std::function<int()>& interrupts,
                          const std::function<int()>& told_to_end);

}  // namespace provrun::app
