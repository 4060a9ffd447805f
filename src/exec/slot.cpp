#include "slot.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "memory_limit.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/exec/plain_command.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/trace/filter.hpp"

namespace provrun::exec {

namespace {

// How long a job may take to end after SIGTERM before SIGKILL; long enough to flush, short enough
// that a second Ctrl-C feels obeyed.
constexpr std::chrono::seconds kGrace{5};

// In milliseconds: how often the announcements are read while nobody waits.
constexpr int kReadingInterval = 10;
constexpr int kLongestReadingInterval = 80;

void add_library(core::Job& job) {
  const std::string library(trace::Announcements::library_path());
  for (auto& [name, value] : job.environment)
    if (name == "LD_PRELOAD") {
      value = value.empty() ? library : library + ":" + value;
      return;
    }
  job.environment.emplace_back("LD_PRELOAD", library);
}

// Before the makefiles that the user wants read first.
void add_makefile(core::Job& job) {
  std::erase_if(job.environment,
                [&](const auto& one) { return one.first == trace::Recorders::variable(); });
  for (auto& [name, value] : job.environment)
    if (name == "MAKEFILES") {
      value = trace::Recorders::makefiles_value() + " " + value;
      return;
    }
  job.environment.emplace_back("MAKEFILES", trace::Recorders::makefiles_value());
}

const std::string* find_variable(const core::Job& job, std::string_view name) {
  for (const auto& [key, value] : job.environment)
    if (key == name) return &value;
  return nullptr;
}

}  // namespace

struct Slot::Running {
  core::Job job;
  core::Attempt attempt;
  std::size_t next_script = 0;
  std::string program;  // that was started last
  SpareLogs::Log log;
  std::unique_ptr<trace::Recorders> recorders;
  trace::Recorder* recorder = nullptr;  // the one of what belongs to no recipe
  std::string undivided;
  std::chrono::nanoseconds deadline{};       // of the job, 0: none
  std::chrono::nanoseconds kill_deadline{};  // after SIGTERM, 0: not terminated
  bool asks_until = false;                   // the condition of the job runs, or has run
  std::optional<int> until;                  // what it said
  bool stopped = false;
  std::unique_ptr<MemoryLimit> memory;  // null: none
};

Slot::Kind Slot::kind_of(const core::Job& job) {
  return {job.streams, job.trace, job.recipes ? Recipes::told : Recipes::ignored};
}

Slot::Slot(Kind kind, SpareLogs& logs, trace::DeferredHasher& hasher, Done done)
    : kind_(kind),
      logs_(logs),
      hasher_(hasher),
      done_(std::move(done)),
      wake_(::eventfd(0, EFD_CLOEXEC)) {
  if (!wake_) throw base::system_error(errno, "cannot wait for processes");
  null_ = os::open_for_reading("/dev/null");
  // Signals are for the thread that runs the engine.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { serve(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Slot::~Slot() {
  quit_ = true;
  const std::uint64_t one = 1;
  if (::write(wake_.fd(), &one, sizeof one) < 0) return;
  thread_.join();
}

void Slot::run(core::Job job) {
  job_ = std::move(job);
  stop_ = 0;
  has_job_ = true;
  const std::uint64_t one = 1;
  if (::write(wake_.fd(), &one, sizeof one) < 0) return;  // it is awake
}

void Slot::stop(core::Stop how) {
  if (!has_job_) return;
  const int wanted = how == core::Stop::kill ? 2 : 1;
  if (stop_ < wanted) stop_ = wanted;
  const std::uint64_t one = 1;
  if (::write(wake_.fd(), &one, sizeof one) < 0) return;
}

void Slot::serve() {
  while (!quit_) {
    std::uint64_t count = 0;
    if (::read(wake_.fd(), &count, sizeof count) < 0 && errno != EINTR) return;
    if (!has_job_ || quit_) continue;
    auto result = execute(std::move(job_));
    has_job_ = false;
    if (!quit_) done_(*this, std::move(result));
  }
  launcher_.reset();
}

// The first mechanism that this machine allows; `mode` may leave no choice.
void Slot::open_launcher() {
  if (launcher_) return;
  launcher_ = std::make_unique<LauncherProcess>(
      kind_.streams == core::Streams::captured ? os::ProcessGroup::own : os::ProcessGroup::inherit);
  if (kind_.mode == core::TraceMode::off) {
    reason_ = "observing was switched off";
    return;
  }
  if (kind_.mode != core::TraceMode::notify) {
    try {
      announcements_ = std::make_unique<trace::Announcements>();
    } catch (const base::Error& error) {
      reason_ = error.message();
    }
  }
  auto result = launcher_->install_filter(
      trace::step_filter(
          trace::FilterAction::notify, announcements_ != nullptr,
          kind_.recipes == Recipes::told ? trace::Exits::watched : trace::Exits::pass),
      true, announcements_ ? announcements_->library().fd() : -1);
  if (result.error != 0) {
    announcements_.reset();
    reason_ = reason_of_refusal(result.error);
    return;
  }
  listener_ = trace::NotifyListener(std::move(result.listener));
  if (announcements_ && !listener_.can_give_files(announcements_->ring())) {
    announcements_.reset();
    reason_ = "the kernel cannot give files to programs (seccomp, Linux 5.14 or later)";
  }
  if (!announcements_ && kind_.mode == core::TraceMode::preload_notify) {
    return;
  }
  reason_.clear();
  mechanism_ = announcements_ ? "preload+notify" : "notify";
  grade_ = core::Grade::traced;
}

// As a shell would find it: by the job's own PATH.
std::string Slot::find_program(Running& running, const std::string& name) {
  const auto& job = running.job;
  if (name.find('/') != std::string::npos) return name;
  const auto* path = find_variable(job, "PATH");
  const std::string search = path != nullptr ? *path : "/usr/local/bin:/usr/bin:/bin";
  auto& found = programs_[{search, name}];
  for (const auto directory : base::split(search, ':')) {
    auto candidate = os::join_path(
        directory.empty() ? job.working_directory
                          : os::join_path(job.working_directory, std::string(directory)),
        name);
    // What a shell would look at counts as looked at by the step.
    if (running.recorder && candidate != found) running.recorder->will_look(candidate);
    if (candidate == found) return found;
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
bool Slot::start_next(Running& running) {
  const auto& job = running.job;
  const bool asks = running.asks_until;
  LauncherProcess::Start request;
  request.environment = &job.environment;
  // A missing directory and a missing program fail in the same way.
  const os::File directory(::open(job.working_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::access(job.working_directory.c_str(), X_OK) != 0)
    throw base::system_error(errno, "cannot go to " + base::printable(job.working_directory));
  request.directory_fd = directory.fd();
  // What the condition says is no output of the step.
  std::string in = asks ? std::string() : job.stdin_path;
  std::string out = asks ? std::string() : job.stdout_path;
  std::string err = asks ? std::string() : job.stderr_path;
  bool append = running.next_script > 0;  // later scripts of a step add to its stdout file
  bool merge = false;
  if (!job.arguments.empty()) {
    if (running.next_script > 0) return false;
    request.arguments = job.arguments;
    request.program = find_program(running, job.arguments[0]);
  } else {
    if (!asks && running.next_script >= job.scripts.size()) return false;
    const auto& script = asks ? job.until : job.scripts[running.next_script];
    auto plain = job.plain_shell ? parse_plain_command(script) : std::nullopt;
    if (plain) {
      try {
        request.program = find_program(running, plain->words[0]);
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
      request.program = find_program(running, job.shell.at(0));
    }
  }
  ++running.next_script;

  const bool captured = kind_.streams == core::Streams::captured;
  request.own_group = captured;
  if (captured && !running.log.file) running.log = logs_.take();
  request.stdin_fd = captured ? null_.fd() : 0;
  request.stdout_fd = captured ? running.log.file.fd() : job.output_to_error ? 2 : 1;
  request.stderr_fd = captured ? running.log.file.fd() : 2;
  const auto open_output = [&](const std::string& path, bool keep) {
    const auto full = os::join_path(job.working_directory, path);
    if (running.recorder)
      running.recorder->will_write(
          full, keep ? trace::Recorder::Old::kept : trace::Recorder::Old::replaced);
    const int fd =
        ::open(full.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (keep ? O_APPEND : O_TRUNC), 0666);
    if (fd < 0) throw base::system_error(errno, "cannot create " + base::printable(path));
    return os::File(fd);
  };
  os::File in_file;
  os::File out_file;
  os::File err_file;
  if (!in.empty()) {
    const auto full = os::join_path(job.working_directory, in);
    if (running.recorder) running.recorder->will_read(full);
    in_file = os::open_for_reading(full);
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
  running.program = request.program;
  launcher_->start(request);
  wait_for_end(running);
  return true;
}

void Slot::check_deadlines(Running& running) {
  const auto terminate = [&] {
    launcher_->signal(SIGTERM);
    launcher_->signal(SIGCONT);
    running.kill_deadline = os::steady_now() + kGrace;
  };
  const int stop = stop_;
  if (stop > 0) running.stopped = true;
  if (stop == 2) {
    launcher_->signal(SIGKILL);
    stop_ = 3;
  } else if (stop == 1 && running.kill_deadline.count() == 0) {
    terminate();
  }
  const auto now = os::steady_now();
  if (running.deadline.count() > 0 && running.kill_deadline.count() == 0 &&
      now >= running.deadline) {
    running.attempt.timed_out = true;
    terminate();
  }
  if (running.kill_deadline.count() > 0 && now >= running.kill_deadline) {
    launcher_->signal(SIGKILL);
    running.kill_deadline = now + kGrace;
  }
}

int Slot::milliseconds_left(const Running& running) const {
  const auto due = running.kill_deadline.count() > 0 ? running.kill_deadline : running.deadline;
  if (due.count() == 0) return -1;
  // Rounded up, so that a deadline has passed when we look again.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - os::steady_now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

// Until the process that was started last, and what belongs to it, has ended.
void Slot::wait_for_end(Running& running) {
  auto& attempt = running.attempt;
  int interval = kReadingInterval;
  while (true) {
    pollfd files[3] = {
        {launcher_->fd(), POLLIN, 0}, {wake_.fd(), POLLIN, 0}, {listener_.fd(), POLLIN, 0}};
    int patience = milliseconds_left(running);
    if (announcements_) {
      interval = announcements_->drain(running.recorders.get())
                     ? kReadingInterval
                     : std::min(interval * 2, kLongestReadingInterval);
      patience = patience < 0 ? interval : std::min(patience, interval);
    }
    if (running.recorders && running.recorders->divides()) {
      constexpr int kLookInterval = 200;  // milliseconds
      running.recorders->look_around();
      patience = patience < 0 ? kLookInterval : std::min(patience, kLookInterval);
    }
    hasher_.contents().rest();
    const int n = ::poll(files, 3, patience);
    if (n < 0 && errno != EINTR) throw base::system_error(errno, "cannot wait for processes");
    if (n > 0 && (files[2].revents & POLLIN) != 0) {
      listener_.serve(running.recorders.get(), launcher_->pid(), announcements_.get());
      if (files[0].revents == 0 && files[1].revents == 0) continue;
    }
    if (n > 0 && (files[1].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      if (::read(wake_.fd(), &count, sizeof count) < 0) return;
      if (quit_) {
        attempt.signal = SIGKILL;
        launcher_.reset();  // which kills what runs
        usable_ = false;
        return;
      }
    }
    check_deadlines(running);
    if (n <= 0 || files[0].revents == 0) continue;
    const auto message = launcher_->receive();
    if (const auto* started = std::get_if<launcher::Started>(&message)) {
      if (started->error != 0)
        throw base::system_error(started->error,
                                 "cannot start " + base::printable(running.program));
    } else if (const auto* ended = std::get_if<launcher::Ended>(&message)) {
      attempt.exit_code = WIFEXITED(ended->status) ? WEXITSTATUS(ended->status) : 0;
      attempt.signal = WIFSIGNALED(ended->status) ? WTERMSIG(ended->status) : 0;
      attempt.cpu_user_s += static_cast<double>(ended->user_us) / 1e6;
      attempt.cpu_system_s += static_cast<double>(ended->system_us) / 1e6;
      attempt.max_rss_bytes = std::max(attempt.max_rss_bytes, ended->max_rss_kib * 1024);
      if (ended->left != 0) {
        if (kind_.streams == core::Streams::captured)
          attempt.left_processes = true;
        else if (running.recorder)
          running.recorders->lower_grade("processes went on after the command had ended");
      }
      return;
    } else {
      usable_ = false;
      throw base::Error(base::ErrorCode::failed, "the process that starts steps was killed");
    }
  }
}

core::Observation Slot::observation_of(Running& running) {
  if (!running.recorder) {
    core::Observation nothing;
    nothing.reason = reason_;
    return nothing;
  }
  if (announcements_) {
    announcements_->drain(running.recorders.get());
    // What outlives a command is nobody's concern any more.
    if (kind_.streams == core::Streams::inherited) announcements_->turn_off();
  }
  auto observation = running.recorders->finish(running.attempt);
  hasher_.contents().rest();
  observation.mechanism = mechanism_;
  if (grade_ > observation.grade) {
    observation.grade = grade_;
    observation.reason = reason_;
  }
  return observation;
}

const std::string& Slot::real_workspace(const std::string& workspace) {
  if (workspace_ != workspace) {
    workspace_ = workspace;
    try {
      real_workspace_ = os::resolve_path(workspace);
    } catch (const base::Error&) {
      real_workspace_ = workspace;  // starting there will fail and say why
    }
  }
  return real_workspace_;
}

// Makes ready what watches the job, and tells the job's programs of it.
void Slot::observe(Running& running) {
  auto& job = running.job;
  const bool divides = job.recipes && !mechanism_.empty() && listener_.can_give_files(null_);
  if (job.recipes && !divides)
    running.undivided =
        !reason_.empty()
            ? reason_
            : "the kernel cannot give files to programs (seccomp, Linux 5.14 or later)";
  if (mechanism_.empty()) return;
  running.recorders = std::make_unique<trace::Recorders>(
      real_workspace(job.workspace.empty() ? job.working_directory : job.workspace), hasher_,
      divides ? job.recipes : nullptr, launcher_->pid(), mechanism_);
  running.recorder = &running.recorders->main();
  if (announcements_) {
    announcements_->begin();
    running.recorders->expect_announcements();
    add_library(job);
  }
  if (divides) add_makefile(job);
}

core::JobResult Slot::execute(core::Job job) {
  Running running;
  running.job = std::move(job);
  auto& attempt = running.attempt;
  attempt.started = os::now();
  if (running.job.time_limit) running.deadline = os::steady_now() + *running.job.time_limit;
  try {
    open_launcher();
    if (running.job.memory_limit) {
      running.memory = std::make_unique<MemoryLimit>(*running.job.memory_limit);
      running.memory->hold(launcher_->pid());
    }
    observe(running);
    while (start_next(running))
      if (attempt.exit_code != 0 || attempt.signal != 0 || running.stopped || attempt.timed_out)
        break;
    if (!running.job.until.empty() && attempt.succeeded() && !running.stopped) {
      running.asks_until = true;
      start_next(running);
      // Its answer is no failure of the step.
      if (attempt.signal == 0 && !attempt.timed_out)
        running.until = std::exchange(attempt.exit_code, 0);
    }
  } catch (const base::Error& error) {
    attempt.exit_code = error.code() == base::ErrorCode::not_found ? 127 : 126;
    attempt.start_error = error.message();
  }
  core::JobResult result;
  attempt.ended = os::now();
  if (running.memory) {
    attempt.memory_limit_bytes = running.memory->bytes();
    attempt.memory_limit_by = running.memory->by();
    attempt.out_of_memory = !attempt.succeeded() && running.memory->was_hit();
    if (launcher_) running.memory->release(launcher_->pid());
    running.memory.reset();
  }
  result.token = running.job.token;
  result.undivided = running.undivided;
  if (!quit_) result.observation = observation_of(running);
  if (running.log.file) {
    if (os::stat_of(running.log.file, running.log.path).size > 0)
      result.log_path = running.log.path;
    else
      logs_.give_back(std::move(running.log));
  }
  result.attempt = attempt;
  result.until = running.until;
  return result;
}

}  // namespace provrun::exec
