#include "provrun/exec/local_executor.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <unordered_map>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/exec/plain_command.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/process.hpp"

namespace provrun::exec {

namespace {

// How long a job may take to end after SIGTERM before SIGKILL; long enough to flush, short enough
// that a second Ctrl-C feels obeyed.
constexpr std::chrono::seconds kGrace{5};
constexpr std::uint64_t kWakeToken = UINT64_MAX;

std::string resolve(const std::string& directory, const std::string& path) {
  return os::join_path(directory, path);
}

const std::string* find_variable(const core::Job& job, std::string_view name) {
  for (const auto& [key, value] : job.environment)
    if (key == name) return &value;
  return nullptr;
}

}  // namespace

struct LocalExecutor::Running {
  core::Job job;
  core::Attempt attempt;
  std::size_t next_script = 0;
  pid_t pid = -1;
  os::File process;
  os::File log;
  std::string log_path;
  std::chrono::nanoseconds deadline{};       // of the job, 0: none
  std::chrono::nanoseconds kill_deadline{};  // after SIGTERM, 0: not terminated
  bool stopped = false;
};

struct LocalExecutor::State {
  std::string log_directory;
  os::File epoll;
  os::File wake;
  os::File null;
  std::unordered_map<std::uint32_t, Running> jobs;
  std::vector<core::JobResult> ended;
  std::vector<std::uint32_t> finished;  // tokens of ended, still to be dropped from running
  // Empty logs of ended jobs: most trivial steps print nothing, and creating a file costs more than
  // reusing one.
  std::vector<std::pair<os::File, std::string>> spare_logs;
  std::uint64_t log_count = 0;
  std::map<std::pair<std::string, std::string>, std::string> programs;  // (PATH, name) → path

  void open_log(Running& running) {
    if (!spare_logs.empty()) {
      running.log = std::move(spare_logs.back().first);
      running.log_path = std::move(spare_logs.back().second);
      spare_logs.pop_back();
      return;
    }
    running.log_path = os::join_path(log_directory, base::format("{}.log", log_count++));
    running.log = os::open_for_appending(running.log_path);
  }

  // As a shell would find it: by the job's own PATH.
  std::string find_program(const core::Job& job, const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const auto* path = find_variable(job, "PATH");
    const std::string search = path != nullptr ? *path : "/usr/local/bin:/usr/bin:/bin";
    auto& found = programs[{search, name}];
    if (!found.empty()) return found;
    for (const auto directory : base::split(search, ':')) {
      auto candidate =
          os::join_path(directory.empty() ? job.working_directory
                                          : resolve(job.working_directory, std::string(directory)),
                        name);
      const auto stat = [&]() -> std::optional<os::FileStat> {
        try {
          return os::stat_file(candidate);
        } catch (const base::Error&) {
          return std::nullopt;
        }
      }();
      if (stat && stat->type == os::FileType::regular && ::access(candidate.c_str(), X_OK) == 0)
        return found = candidate;
    }
    throw base::Error(base::ErrorCode::not_found, name + ": command not found");
  }

  // Starts the job's next process. False when there is none left.
  bool start_next(Running& running) {
    const auto& job = running.job;
    os::SpawnRequest request;
    request.environment = &job.environment;
    request.working_directory = job.working_directory;
    // A missing directory and a missing program fail in the same way.
    if (running.next_script == 0 && !job.working_directory.empty() &&
        ::access(job.working_directory.c_str(), X_OK) != 0)
      throw base::system_error(errno, "cannot go to " + base::printable(job.working_directory));
    std::string in = job.stdin_path;
    std::string out = job.stdout_path;
    std::string err = job.stderr_path;
    bool append = running.next_script > 0;  // later scripts of a step add to its stdout file
    bool merge = false;
    if (!job.arguments.empty()) {
      if (running.next_script > 0) return false;
      request.arguments = job.arguments;
      request.program = find_program(job, job.arguments[0]);
    } else {
      if (running.next_script >= job.scripts.size()) return false;
      const auto& script = job.scripts[running.next_script];
      auto plain = job.plain_shell ? parse_plain_command(script) : std::nullopt;
      if (plain) {
        try {
          request.program = find_program(job, plain->words[0]);
        } catch (const base::Error&) {
          plain.reset();  // the shell's own message and exit code are what people know
        }
      }
      if (plain) {
        request.arguments = std::move(plain->words);
        if (!plain->stdin_path.empty()) in = plain->stdin_path;
        if (!plain->stdout_path.empty()) {
          out = plain->stdout_path;
          append = plain->append_stdout;
        }
        if (!plain->stderr_path.empty()) err = plain->stderr_path;
        merge = plain->stderr_to_stdout;
      } else {
        request.arguments = job.shell;
        request.arguments.push_back(script);
        request.program = find_program(job, job.shell.at(0));
      }
    }
    ++running.next_script;

    const bool captured = job.streams == core::Streams::captured;
    request.group = captured ? os::ProcessGroup::own : os::ProcessGroup::inherit;
    if (captured && !running.log) open_log(running);
    request.stdin_fd = captured ? null.fd() : 0;
    request.stdout_fd = captured ? running.log.fd() : 1;
    request.stderr_fd = captured ? running.log.fd() : 2;
    os::File in_file;
    os::File out_file;
    os::File err_file;
    const auto open_output = [&](const std::string& path, bool keep) {
      const auto full = resolve(job.working_directory, path);
      const int fd =
          ::open(full.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (keep ? O_APPEND : O_TRUNC), 0666);
      if (fd < 0) throw base::system_error(errno, "cannot create " + base::printable(path));
      return os::File(fd);
    };
    if (!in.empty()) {
      in_file = os::open_for_reading(resolve(job.working_directory, in));
      request.stdin_fd = in_file.fd();
    }
    if (!out.empty()) {
      out_file = open_output(out, append);
      request.stdout_fd = out_file.fd();
    }
    if (merge) {
      request.stderr_fd = request.stdout_fd;
    } else if (!err.empty()) {
      err_file = open_output(err, running.next_script > 1);
      request.stderr_fd = err_file.fd();
    }
    running.pid = os::spawn(request);
    running.process = os::open_process(running.pid);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = job.token;
    if (::epoll_ctl(epoll.fd(), EPOLL_CTL_ADD, running.process.fd(), &event) != 0)
      throw base::system_error(errno, "cannot wait for a process");
    return true;
  }

  void finish(Running& running) {
    running.attempt.ended = os::now();
    core::JobResult result;
    result.token = running.job.token;
    if (running.log) {
      if (os::stat_of(running.log, running.log_path).size > 0)
        result.log_path = running.log_path;
      else
        spare_logs.emplace_back(std::move(running.log), running.log_path);
    }
    result.attempt = running.attempt;
    ended.push_back(std::move(result));
    finished.push_back(running.job.token);
  }

  void fail_to_start(Running& running, const base::Error& error) {
    running.attempt.exit_code = error.code() == base::ErrorCode::not_found ? 127 : 126;
    running.attempt.start_error = error.message();
    finish(running);
  }

  void process_ended(Running& running) {
    const auto end = os::try_reap(running.pid);
    if (!end) return;
    running.process.close();
    auto& attempt = running.attempt;
    attempt.cpu_user_s += end->cpu_user_s;
    attempt.cpu_system_s += end->cpu_system_s;
    attempt.max_rss_bytes = std::max(attempt.max_rss_bytes, end->max_rss_bytes);
    attempt.exit_code = end->exit_code;
    attempt.signal = end->signal;
    const bool good =
        end->exit_code == 0 && end->signal == 0 && !running.stopped && !attempt.timed_out;
    // What the process left behind must not write on: neither into outputs that are hashed now, nor
    // into those that are moved aside.
    if (running.job.streams == core::Streams::captured && os::signal_group(running.pid, SIGKILL))
      attempt.left_processes = true;
    if (!good) {
      finish(running);
      return;
    }
    try {
      if (!start_next(running)) finish(running);
    } catch (const base::Error& error) {
      fail_to_start(running, error);
    }
  }

  void signal(Running& running, int number) const {
    if (running.pid <= 0) return;
    if (running.job.streams == core::Streams::captured)
      os::signal_group(running.pid, number);
    else
      ::kill(running.pid, number);
  }

  void terminate(Running& running) {
    signal(running, SIGTERM);
    signal(running, SIGCONT);
    running.kill_deadline = os::steady_now() + kGrace;
  }

  // Acts on what is due and returns how long nothing else will be.
  std::chrono::nanoseconds check_deadlines(std::chrono::nanoseconds at_most) {
    const auto now = os::steady_now();
    for (auto& [token, job] : jobs) {
      if (job.deadline.count() > 0 && job.kill_deadline.count() == 0 && now >= job.deadline) {
        job.attempt.timed_out = true;
        terminate(job);
      }
      if (job.kill_deadline.count() > 0 && now >= job.kill_deadline) {
        signal(job, SIGKILL);
        job.kill_deadline = now + kGrace;
      }
      for (const auto due : {job.deadline, job.kill_deadline})
        if (due.count() > 0 && due > now) at_most = std::min(at_most, due - now);
    }
    return at_most;
  }
};

LocalExecutor::LocalExecutor(std::string log_directory) : state_(std::make_unique<State>()) {
  state_->log_directory = std::move(log_directory);
  state_->epoll = os::File(::epoll_create1(EPOLL_CLOEXEC));
  state_->wake = os::File(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!state_->epoll || !state_->wake) throw base::system_error(errno, "cannot wait for processes");
  state_->null = os::open_for_reading("/dev/null");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeToken;
  ::epoll_ctl(state_->epoll.fd(), EPOLL_CTL_ADD, state_->wake.fd(), &event);
}

LocalExecutor::~LocalExecutor() {
  for (auto& [token, job] : state_->jobs) {
    state_->signal(job, SIGKILL);
    if (job.pid > 0) os::reap(job.pid);
  }
  for (const auto& [file, path] : state_->spare_logs) ::unlink(path.c_str());
}

void LocalExecutor::start(core::Job job) {
  const auto token = job.token;
  auto& running = state_->jobs[token];
  running.job = std::move(job);
  running.attempt.started = os::now();
  if (running.job.time_limit) running.deadline = os::steady_now() + *running.job.time_limit;
  try {
    if (!state_->start_next(running)) state_->finish(running);
  } catch (const base::Error& error) {
    state_->fail_to_start(running, error);
  }
}

std::vector<core::JobResult> LocalExecutor::wait(std::chrono::nanoseconds at_most) {
  auto& state = *state_;
  const auto until = os::steady_now() + at_most;
  bool woken = false;
  while (state.ended.empty() && !woken) {
    const auto left = state.check_deadlines(until - os::steady_now());
    if (until <= os::steady_now()) break;
    epoll_event events[64];
    // Rounded up, so that a deadline has passed when we look again.
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    const int n =
        ::epoll_wait(state.epoll.fd(), events, 64,
                     static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, 3'600'000)));
    if (n < 0 && errno != EINTR) throw base::system_error(errno, "cannot wait for processes");
    if (n < 0) break;
    for (int i = 0; i < n; ++i) {
      if (events[i].data.u64 == kWakeToken) {
        std::uint64_t count = 0;
        woken = ::read(state.wake.fd(), &count, sizeof count) > 0 || woken;
        continue;
      }
      const auto found = state.jobs.find(static_cast<std::uint32_t>(events[i].data.u64));
      if (found != state.jobs.end()) state.process_ended(found->second);
    }
  }
  for (const auto token : state.finished) state.jobs.erase(token);
  state.finished.clear();
  return std::exchange(state.ended, {});
}

void LocalExecutor::stop(core::Stop how) {
  for (auto& [token, job] : state_->jobs) {
    job.stopped = true;
    if (how == core::Stop::kill)
      state_->signal(job, SIGKILL);
    else if (job.kill_deadline.count() == 0)
      state_->terminate(job);
  }
}

void LocalExecutor::wake() noexcept {
  const std::uint64_t one = 1;
  if (::write(state_->wake.fd(), &one, sizeof one) < 0) return;  // already awake
}

}  // namespace provrun::exec
