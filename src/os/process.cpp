#include "provrun/os/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/start_dir.hpp>
#include <boost/process/v2/stdio.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"

namespace provrun::os {

namespace {

namespace bp = boost::process::v2;

// Set up in the child: its own group, the default signals, and death with us.
struct ChildState {
  ProcessGroup group;
  pid_t parent;

  boost::system::error_code on_exec_setup(bp::posix::default_launcher&, const bp::filesystem::path&,
                                          const char* const*) const {
    if (group == ProcessGroup::own) ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // we died before the line above
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (const int signal :
         {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGCHLD, SIGUSR1, SIGUSR2, SIGTSTP})
      ::sigaction(signal, &action, nullptr);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    return {};
  }
};

// Boost's launchers fork, which costs with the size of our memory, or vfork but run exit handlers
// in the shared memory when exec fails. This one vforks, and leaves by _exit.
struct VforkLauncher : bp::posix::default_launcher {
  template <typename... Initializers>
  [[gnu::noinline]] pid_t launch(const bp::filesystem::path& program, const char* const* argv,
                                 boost::system::error_code& error, Initializers&&... initializers) {
    error = bp::posix::detail::on_setup(*this, program, argv, initializers...);
    if (error) return -1;
    // No handler of ours may run in the child while it shares our memory.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    volatile int child_error = 0;
    const pid_t child = ::vfork();
    if (child == 0) {
      const auto failed = bp::posix::detail::on_exec_setup(*this, program, argv, initializers...);
      if (failed) {
        child_error = failed.value();
      } else {
        ::execve(program.c_str(), const_cast<char* const*>(argv), const_cast<char* const*>(env));
        child_error = errno;
      }
      ::_exit(127);
    }
    const int fork_error = child < 0 ? errno : 0;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (child < 0) {
      error.assign(fork_error, boost::system::system_category());
      return -1;
    }
    if (child_error != 0) {
      int status = 0;
      while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
      error.assign(child_error, boost::system::system_category());
      return -1;
    }
    pid = child;
    return child;
  }
};

std::vector<const char*> pointers(const std::vector<std::string>& strings) {
  std::vector<const char*> result;
  result.reserve(strings.size() + 1);
  for (const auto& text : strings) result.push_back(text.c_str());
  result.push_back(nullptr);
  return result;
}

ProcessEnd decode(int status, const rusage& usage) {
  ProcessEnd end;
  if (WIFSIGNALED(status))
    end.signal = WTERMSIG(status);
  else
    end.exit_code = WEXITSTATUS(status);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  end.cpu_user_s = seconds(usage.ru_utime);
  end.cpu_system_s = seconds(usage.ru_stime);
  // A child starts in our memory (vfork), and the kernel counts ours for it: a figure that is not
  // larger than our own peak says nothing about the child.
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  if (usage.ru_maxrss > own.ru_maxrss)
    end.max_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return end;
}

}  // namespace

pid_t spawn(const SpawnRequest& request) {
  VforkLauncher launcher;
  std::vector<std::string> variables;
  std::vector<const char*> environment;
  if (request.environment != nullptr) {
    variables.reserve(request.environment->size());
    for (const auto& [name, value] : *request.environment) variables.push_back(name + "=" + value);
    environment = pointers(variables);
    launcher.env = environment.data();
  }
  const auto argv = pointers(request.arguments);
  bp::process_stdio stdio{request.stdin_fd, request.stdout_fd, request.stderr_fd};
  const ChildState state{request.group, ::getpid()};
  boost::system::error_code error;
  pid_t child = -1;
  if (request.working_directory.empty())
    child = launcher.launch(request.program, argv.data(), error, state, stdio);
  else
    child = launcher.launch(request.program, argv.data(), error, state,
                            bp::process_start_dir(request.working_directory), stdio);
  if (child < 0)
    throw base::system_error(error.value(), "cannot start " + base::printable(request.program));
  return child;
}

File open_process(pid_t pid) {
  const auto fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) throw base::system_error(errno, base::format("cannot watch process {}", pid));
  return File(fd);
}

std::optional<ProcessEnd> try_reap(pid_t pid) {
  int status = 0;
  rusage usage{};
  while (true) {
    const pid_t ended = ::wait4(pid, &status, WNOHANG, &usage);
    if (ended == pid) return decode(status, usage);
    if (ended == 0) return std::nullopt;
    if (errno != EINTR)
      throw base::system_error(errno, base::format("cannot wait for process {}", pid));
  }
}

ProcessEnd reap(pid_t pid) {
  int status = 0;
  rusage usage{};
  while (::wait4(pid, &status, 0, &usage) < 0)
    if (errno != EINTR)
      throw base::system_error(errno, base::format("cannot wait for process {}", pid));
  return decode(status, usage);
}

bool signal_group(pid_t group, int signal) {
  return ::kill(-group, signal) == 0;
}

namespace {

// The parent's number from /proc/PID/stat; 0 when there is no such process.
int parent_of(int pid) {
  try {
    const auto text = read_file(base::format("/proc/{}/stat", pid), 65536);
    const auto end = text.rfind(')');
    if (end == std::string::npos) return 0;
    const auto fields = base::split(std::string_view(text).substr(end + 2), ' ');
    return fields.size() > 1 ? std::atoi(std::string(fields[1]).c_str()) : 0;
  } catch (const base::Error&) {
    return 0;
  }
}

bool has_variable(int pid, const std::string& assignment) {
  try {
    const auto text = read_file(base::format("/proc/{}/environ", pid), 4U << 20U);
    for (const auto variable : base::split(text, '\0'))
      if (variable == assignment) return true;
  } catch (const base::Error&) {
    return false;  // another user's, or gone
  }
  return false;
}

}  // namespace

int end_processes_with(const std::string& name, const std::string& value) {
  std::vector<int> own;
  for (int pid = ::getpid(); pid > 1; pid = parent_of(pid)) own.push_back(pid);
  std::vector<File> ended;
  for (const auto& entry : list_directory("/proc")) {
    const int pid = std::atoi(entry.name.c_str());
    if (pid <= 1 || std::find(own.begin(), own.end(), pid) != own.end()) continue;
    if (!has_variable(pid, name + "=" + value)) continue;
    try {
      auto process = open_process(pid);
      if (::kill(pid, SIGKILL) == 0) ended.push_back(std::move(process));
    } catch (const base::Error&) {
      continue;  // gone meanwhile
    }
  }
  for (const auto& process : ended) {
    pollfd fd{process.fd(), POLLIN, 0};
    ::poll(&fd, 1, 5000);
  }
  return static_cast<int>(ended.size());
}

namespace {

struct Pipe {
  File read_end;
  File write_end;
  Pipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) throw base::system_error(errno, "cannot make a pipe");
    read_end = File(fds[0]);
    write_end = File(fds[1]);
  }
};

}  // namespace

ProgramOutput run_program(const std::vector<std::string>& arguments,
                          const EnvironmentList& environment, std::chrono::milliseconds time_limit,
                          std::size_t output_limit) {
  if (arguments.empty()) throw base::Error(base::ErrorCode::internal, "no program given");
  const auto program = find_program(arguments[0]);
  if (!program)
    throw base::Error(base::ErrorCode::not_found,
                      "no program " + base::printable(arguments[0]) + " on PATH");
  Pipe out;
  Pipe err;
  const File null = open_for_reading("/dev/null");
  const pid_t pid = spawn({.program = *program,
                           .arguments = arguments,
                           .environment = &environment,
                           .working_directory = {},
                           .stdin_fd = null.fd(),
                           .stdout_fd = out.write_end.fd(),
                           .stderr_fd = err.write_end.fd()});
  out.write_end.close();
  err.write_end.close();
  ProgramOutput result;
  const auto deadline = steady_now() + time_limit;
  struct Stream {
    File* file;
    std::string* text;
  } streams[2] = {{&out.read_end, &result.standard_output},
                  {&err.read_end, &result.standard_error}};
  while (out.read_end || err.read_end) {
    pollfd fds[2] = {{out.read_end.fd(), POLLIN, 0}, {err.read_end.fd(), POLLIN, 0}};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_now());
    if (left.count() <= 0) {
      result.timed_out = true;
      signal_group(pid, SIGKILL);
      break;
    }
    if (::poll(fds, 2, static_cast<int>(left.count())) < 0 && errno != EINTR)
      throw base::system_error(errno, "cannot wait for " + arguments[0]);
    for (std::size_t i = 0; i < 2; ++i) {
      if (!*streams[i].file || fds[i].revents == 0) continue;
      std::uint8_t buffer[65536];
      const auto n = read_some(*streams[i].file, buffer, arguments[0]);
      if (n == 0) streams[i].file->close();
      const auto room = output_limit - std::min(output_limit, streams[i].text->size());
      streams[i].text->append(reinterpret_cast<const char*>(buffer), std::min(n, room));
    }
  }
  const auto end = reap(pid);
  result.exit_code = end.exit_code;
  result.signal = end.signal;
  return result;
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : base::format("signal {}", signal);
}

}  // namespace provrun::os
