#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "provrun/core/access.hpp"
#include "provrun/core/ports/recipes.hpp"
#include "provrun/core/record.hpp"

namespace provrun::core {

enum class Streams {
  captured,  ///< output goes to a log, input is empty
  inherited  ///< the user's terminal and pipes: `exec`
};

/// One attempt at a step instance, ready to be started.
struct Job {
  std::uint32_t token = 0;           ///< chosen by the caller, returned with the result
  std::vector<std::string> scripts;  ///< run one after the other until one fails
  std::vector<std::string>
      shell;                ///< argv to which a script is appended, e.g. bash -euo pipefail -c
  bool plain_shell = true;  ///< the default shell: a plain command may be started without it
  std::string until;        ///< a script that is asked when the others have succeeded; empty: none
  std::vector<std::string> arguments;  ///< instead of scripts: one program's argv, no shell
  std::string working_directory;       ///< absolute
  std::vector<std::pair<std::string, std::string>> environment;  ///< the whole of it
  std::string stdin_path;  ///< relative to working_directory; empty: as streams says
  std::string stdout_path;
  std::string stderr_path;
  Streams streams = Streams::captured;
  bool output_to_error = false;  ///< inherited: standard output goes where standard error goes
  std::optional<std::chrono::nanoseconds> time_limit;
  std::optional<std::uint64_t> memory_limit;  ///< bytes, of all its processes where that can be
  TraceMode trace = TraceMode::automatic;
  std::string workspace;  ///< absolute; paths of accesses below it are relative to it. Empty:
                          ///< working_directory
  /// Set for a make: what its recipes do is told apart, where that can be, and told here.
  std::shared_ptr<RecipeWatcher> recipes;
};

struct JobResult {
  std::uint32_t token = 0;
  Attempt attempt;
  std::optional<int> until;  ///< what `until` said by its exit code; absent: it was not asked, or
                             ///< was ended by a signal
  Observation observation;   ///< grade `declared` and nothing else where nothing was observed
  std::string undivided;  ///< why recipes were not told apart; empty: they were, or are not asked
  std::string log_path;   ///< absolute; empty when there was no output. The receiver removes it.
};

enum class Stop {
  terminate,  ///< SIGTERM now, SIGKILL after a grace time
  kill        ///< SIGKILL now
};

/// Runs jobs. One thread at a time.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Starts the job; a job that cannot be started is reported by wait with start_error set.
  virtual void start(Job job) = 0;
  /// Waits until at least one job has ended, the time has passed, or wake was called. Returns what
  /// ended.
  virtual std::vector<JobResult> wait(std::chrono::nanoseconds at_most) = 0;
  /// Ends all running jobs; they are still reported by wait.
  virtual void stop(Stop how) = 0;
};

}  // namespace provrun::core
