#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace provrun::capture {

/// A short helper process whose output is wanted. stdin is empty.
struct ProgramCall {
  std::vector<std::string> argv;  ///< argv[0] is a path, or a name looked up on PATH
  /// Set on top of the environment of this process.
  std::vector<std::pair<std::string, std::string>> environment;
  std::chrono::milliseconds timeout{5000};
  std::size_t max_output_bytes = 8U << 20;  ///< of stdout; a process that writes more is ended
};

struct ProgramOutput {
  int exit_code = 0;        ///< meaningful when it was started and ended by itself; 128 + signal
  bool timed_out = false;   ///< ended by the time limit
  bool truncated = false;   ///< out was cut at the limit
  std::string start_error;  ///< why it could not be started at all; else empty
  std::string out;
  std::string error_output;  ///< the first few KiB of stderr
  bool succeeded() const {
    return exit_code == 0 && !timed_out && !truncated && start_error.empty();
  }
};

/// How room capture starts a process; given by the caller. Must not throw for what ProgramOutput
/// can say, and must leave no process behind after a timeout.
using RunProgram = std::function<ProgramOutput(const ProgramCall&)>;

}  // namespace provrun::capture
