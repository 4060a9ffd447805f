#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/os/file.hpp"

// Child processes, started through Boost.Process with vfork: the cost does not grow with our
// memory.
namespace provrun::os {

using EnvironmentList = std::vector<std::pair<std::string, std::string>>;

enum class ProcessGroup {
  own,     ///< its own group, so that all of it can be signalled and Ctrl-C reaches only us
  inherit  ///< ours: an interactive program keeps the terminal
};

struct SpawnRequest {
  std::string program;  ///< absolute, or relative to working_directory when it has a slash
  std::vector<std::string> arguments;            ///< argv, with argv[0]
  const EnvironmentList* environment = nullptr;  ///< the whole of it; nullptr: ours
  std::string working_directory;                 ///< empty: ours
  int stdin_fd = 0;
  int stdout_fd = 1;
  int stderr_fd = 2;
  ProcessGroup group = ProcessGroup::own;
};

/// Starts the program and returns its process id; the caller must reap it. Descriptors above 2 are
/// not inherited; signal mask and dispositions are the defaults; the child is killed when the
/// calling thread's process dies. Throws Error(not_found) when there is no such program or working
/// directory, Error(refused) when it cannot be executed. Any thread, but the parent-death signal is
/// tied to the thread that calls.
pid_t spawn(const SpawnRequest& request);

/// A descriptor that becomes readable when the process has ended (pidfd_open(2)).
File open_process(pid_t pid);

struct ProcessEnd {
  int exit_code = 0;  ///< meaningful when signal is 0
  int signal = 0;
  double cpu_user_s = 0;
  double cpu_system_s = 0;
  std::uint64_t max_rss_bytes = 0;  ///< 0: not known, because it is below our own peak
};
/// Reaps an ended child (wait4(2)); nullopt while it still runs. The times include its waited-for
/// children, the memory is the largest single process of them.
std::optional<ProcessEnd> try_reap(pid_t pid);
/// The same, waiting for the end.
ProcessEnd reap(pid_t pid);
/// Sends the signal to the process group; false when it is gone.
bool signal_group(pid_t group, int signal);

/// Kills (SIGKILL) every process of this user whose environment has NAME=VALUE, but this process
/// and those it descends from, and waits until they are gone. Returns how many there were.
int end_processes_with(const std::string& name, const std::string& value);

struct ProgramOutput {
  int exit_code = 0;
  int signal = 0;
  bool timed_out = false;
  std::string standard_output;  ///< at most the limit
  std::string standard_error;
};
/// Runs a short helper program with /dev/null as input and waits for it. At the time limit its
/// group is killed. Output above the limit is read and dropped.
ProgramOutput run_program(const std::vector<std::string>& arguments,
                          const EnvironmentList& environment, std::chrono::milliseconds time_limit,
                          std::size_t output_limit = 16U << 20U);

/// "SIGKILL" for 9; "signal 77" for one without a name.
std::string signal_name(int signal);

}  // namespace provrun::os
