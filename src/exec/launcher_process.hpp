#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "launcher/protocol.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/process.hpp"

namespace provrun::exec {

/// A running launcher: the small process that starts steps, one at a time. When it is destroyed, a
/// step that still runs is killed with all that it started. One thread.
class LauncherProcess {
 public:
  /// group: own for steps that get groups of their own, inherit for a command in the foreground.
  explicit LauncherProcess(os::ProcessGroup group);
  ~LauncherProcess();
  LauncherProcess(const LauncherProcess&) = delete;
  LauncherProcess& operator=(const LauncherProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// Readable when there is a message.
  int fd() const { return socket_.fd(); }

  struct FilterResult {
    int error = 0;
    os::File listener;
  };
  /// library: what the programs find where their LD_PRELOAD says, should we be gone; -1: none.
  FilterResult install_filter(const std::vector<std::uint64_t>& program, bool listens,
                              int library = -1);

  struct Start {
    std::string program;
    std::vector<std::string> arguments;
    const os::EnvironmentList* environment = nullptr;
    int stdin_fd = 0;
    int stdout_fd = 1;
    int stderr_fd = 2;
    int directory_fd = -1;
    bool own_group = true;
    bool traced = false;
  };
  /// Answered by a Started, and if that has no error by an Ended.
  void start(const Start& request);
  void signal(int number);

  struct Gone {};
  using Message = std::variant<launcher::Started, launcher::Ended, Gone>;
  /// The next message; waits for it.
  Message receive();

 private:
  void send(launcher::Kind kind, const std::string& payload, const std::vector<int>& descriptors);

  os::ProcessGroup group_;
  os::File socket_;
  pid_t pid_ = -1;
  bool lingers_ = false;
};

/// Why a filter could not be installed, by its errno.
std::string reason_of_refusal(int error);

}  // namespace provrun::exec
