#include "provrun/app/slurm_executor.hpp"

#include <algorithm>
#include <csignal>
#include <map>
#include <set>
#include <thread>

#include "provrun/app/slurm_jobs.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/process.hpp"
#include "slurm_step_files.hpp"

namespace provrun::app {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kLookEvery = std::chrono::milliseconds(250);
constexpr nanoseconds kAskEvery = std::chrono::minutes(1);
// How long the file that tells of a job's end may take to be seen here when Slurm says it is over.
constexpr nanoseconds kLateness = std::chrono::seconds(5);
constexpr std::chrono::seconds kCallPatience{60};
constexpr std::uint64_t kOwnMemory = std::uint64_t{64} << 20U;
constexpr std::size_t kJobsPerCall = 500;

std::string program_on_path(const std::string& name) {
  if (auto found = os::find_program(name)) return *found;
  throw base::Error(base::ErrorCode::not_found, "there is no " + name + " on PATH")
      .hint("--executor slurm needs the programs of Slurm; --executor local runs the steps here");
}

// Ours where Slurm's own programs look for them, and what the step is to have.
os::EnvironmentList environment_of(const core::Job& job) {
  auto list = job.environment;
  for (const auto& [name, value] : os::environment_variables()) {
    const bool known =
        std::any_of(list.begin(), list.end(), [&](const auto& one) { return one.first == name; });
    const bool wanted = name == "SLURM_CONF" || name == "SBATCH_ACCOUNT" ||
                        name == "SBATCH_PARTITION" || name == "SBATCH_QOS" ||
                        name == "SBATCH_RESERVATION" || name == "SBATCH_CONSTRAINT";
    if (wanted && !known) list.emplace_back(name, value);
  }
  return list;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "17" or "17;cluster"; empty when it is anything else.
std::string number_in(std::string_view answer) {
  auto text = base::trim(answer);
  text = text.substr(0, text.find(';'));
  return is_number(text) ? std::string(text) : std::string();
}

// Which of our jobs has the comment; nullopt: nobody can say.
std::optional<std::string> find_by_comment(const std::string& comment) {
  try {
    const auto answer = os::run_program({program_on_path("squeue"), "--noheader", "--states=all",
                                         "--format=%A|%k", "--user=" + os::user_name()},
                                        os::environment_variables(), kCallPatience);
    if (answer.exit_code != 0 || answer.signal != 0 || answer.timed_out) return std::nullopt;
    for (const auto line : base::split(answer.standard_output, '\n')) {
      const auto text = base::trim(line);
      const auto bar = text.find('|');
      if (bar == std::string_view::npos || text.substr(bar + 1) != comment) continue;
      if (is_number(text.substr(0, bar))) return std::string(text.substr(0, bar));
    }
    return std::string();
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

bool cancel_jobs(const std::vector<std::string>& numbers, bool kill) {
  bool good = true;
  for (std::size_t at = 0; at < numbers.size(); at += kJobsPerCall) {
    std::vector<std::string> call{program_on_path("scancel"), "--quiet"};
    if (kill) {
      call.emplace_back("--signal=KILL");
      call.emplace_back("--full");
    }
    call.insert(
        call.end(), numbers.begin() + static_cast<std::ptrdiff_t>(at),
        numbers.begin() + static_cast<std::ptrdiff_t>(std::min(at + kJobsPerCall, numbers.size())));
    const auto answer = os::run_program(call, os::environment_variables(), kCallPatience);
    good = good && answer.exit_code == 0 && answer.signal == 0 && !answer.timed_out;
  }
  return good;
}

std::string comment_of(const std::string& folder) {
  return "provrun:" + os::base_name(os::parent_path(folder)) + ":" + os::base_name(folder);
}

std::vector<std::string> call_of_sbatch(const core::Job& job, const SlurmExecutor::Demand& demand,
                                        const std::string& folder) {
  std::vector<std::string> call{program_on_path("sbatch"),
                                "--parsable",
                                "--no-requeue",
                                "--export=ALL",
                                "--job-name=" + demand.name,
                                "--comment=" + comment_of(folder),
                                "--chdir=" + job.workspace,
                                "--input=/dev/null",
                                "--output=" + folder + std::string(kSlurmOutput)};
  call.push_back("--cpus-per-task=" + std::to_string(demand.cpus));
  if (job.memory_limit) {
    constexpr std::uint64_t kMebi = std::uint64_t{1} << 20U;
    call.push_back("--mem=" + std::to_string((*job.memory_limit + kOwnMemory + kMebi - 1) / kMebi) +
                   "M");
  }
  if (job.time_limit) {
    // Slurm counts minutes. The limit itself is kept in the job, to the second.
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(*job.time_limit).count() + 1;
    call.push_back("--time=" + std::to_string(minutes));
  }
  if (demand.gpus > 0) call.push_back("--gres=gpu:" + std::to_string(demand.gpus));
  call.push_back(folder + std::string(kScriptFile));
  return call;
}

}  // namespace

struct SlurmExecutor::State {
  struct Running {
    std::uint32_t token = 0;
    std::string number;
    base::Timestamp submitted;
    std::string verdict;              // what Slurm said of its end
    std::optional<nanoseconds> over;  // since when that is known
    nanoseconds known_since{0};       // of the job
  };

  State(const Workspace& workspace, const std::string& run,
        std::function<void(const std::string&)> told)
      : folder(workspace.state_directory() + "/jobs/" + run),
        done(os::join_path(folder, kDoneFolder)),
        notice(std::move(told)),
        on_network(os::is_network_file_system(workspace.root())) {}

  std::string folder_of(const std::string& name) const { return os::join_path(folder, name); }

  void fail(std::uint32_t token, std::string why) {
    core::JobResult result;
    result.token = token;
    result.attempt.started = result.attempt.ended = os::now();
    result.attempt.exit_code = 126;
    result.attempt.start_error = std::move(why);
    ended.push_back(std::move(result));
  }

  void look() {
    last_look = os::steady_now();
    // A network file system may keep what it knows of a folder for half a minute, unless we change
    // it.
    if (on_network) {
      os::write_file_atomically(os::join_path(done, ".look"), "", os::Durability::cached);
      os::remove_file(os::join_path(done, ".look"));
    }
    for (const auto& entry : os::list_directory(done)) {
      const auto found = running.find(entry.name);
      if (found == running.end()) continue;
      const auto path = os::join_path(done, entry.name);
      core::JobResult result;
      try {
        result = parse_result(os::read_file(path));
      } catch (const base::Error& error) {
        result.attempt.started = found->second.submitted;
        result.attempt.ended = os::now();
        result.attempt.exit_code = 126;
        result.attempt.start_error =
            "what its job wrote of its end cannot be read: " + error.message();
      }
      result.token = found->second.token;
      auto log = folder_of(entry.name) + std::string(kStepLog);
      if (os::lstat_file(log)) result.log_path = std::move(log);
      ended.push_back(std::move(result));
      os::remove_file(path);
      running.erase(found);
    }
  }

  void ask() {
    if (running.empty()) return;
    const auto now = os::steady_now();
    const bool was_asked = last_ask > nanoseconds{0};
    if (now - (was_asked ? last_ask : began) < kAskEvery) return;
    last_ask = now;
    std::vector<std::string> numbers;
    for (const auto& [name, job] : running) numbers.push_back(job.number);
    const auto states = ask_slurm(numbers);
    if (!states) {
      notice("Slurm does not say how the jobs are; asking again in a minute");
      return;
    }
    for (auto& [name, job] : running) {
      if (job.over) continue;
      const auto found = states->find(job.number);
      if (found != states->end() && !is_end_state(found->second)) continue;
      // squeue may not know yet what sbatch has just made.
      if (found == states->end() && now - job.known_since < kAskEvery) continue;
      job.verdict = found != states->end() ? found->second : "";
      job.over = now;
    }
  }

  // Jobs that are over and have not told so.
  void give_up() {
    const auto now = os::steady_now();
    for (auto at = running.begin(); at != running.end();) {
      auto& job = at->second;
      if (!job.over || now - *job.over < kLateness) {
        ++at;
        continue;
      }
      lose(at->first, job);
      at = running.erase(at);
    }
  }

  // The job must not begin after all: what it is to run is taken away first.
  void lose(const std::string& name, const Running& job) {
    os::remove_file(folder_of(name) + std::string(kJobFile));
    core::JobResult result;
    result.token = job.token;
    auto& attempt = result.attempt;
    attempt.started = job.submitted;
    attempt.ended = os::now();
    attempt.signal = SIGKILL;
    attempt.timed_out = job.verdict == "TIMEOUT" || job.verdict == "DEADLINE";
    attempt.out_of_memory = job.verdict == "OUT_OF_MEMORY";
    if (stopped)
      attempt.start_error = "was cancelled";
    else
      attempt.start_error =
          job.verdict.empty()
              ? base::format("its job {} has gone, and Slurm does not know it any more", job.number)
              : base::format("its job {} was ended by Slurm: {}", job.number, job.verdict);
    auto log = folder_of(name) + std::string(kSlurmOutput);
    if (const auto stat = os::lstat_file(log); stat && stat->size > 0)
      result.log_path = std::move(log);
    ended.push_back(std::move(result));
  }

  bool has_begun(const std::string& name) const {
    return os::lstat_file(folder_of(name) + std::string(kBegunFile)).has_value();
  }

  std::string folder;
  std::string done;
  std::function<void(const std::string&)> notice;
  std::function<Demand(const core::Job&)> demand_of;
  bool on_network = false;
  std::map<std::string, Running> running;  // by the name of its folder
  std::vector<core::JobResult> ended;
  std::size_t count = 0;
  nanoseconds began = os::steady_now();
  nanoseconds last_look{0};
  nanoseconds last_ask{0};
  bool stopped = false;
};

SlurmExecutor::SlurmExecutor(const Workspace& workspace, const std::string& run,
                             std::function<Demand(const core::Job&)> demand_of,
                             std::function<void(const std::string&)> notice)
    : state_(std::make_unique<State>(workspace, run, std::move(notice))) {
  state_->demand_of = std::move(demand_of);
  for (const auto* program : {"sbatch", "squeue", "scancel"}) program_on_path(program);
  os::make_directories(state_->done, 0700);
}

SlurmExecutor::~SlurmExecutor() {
  // Jobs that still run find that theirs has been given up when they begin.
  try {
    if (state_->running.empty()) os::remove_tree(state_->folder);
  } catch (const base::Error&) {  // the next run does it
  }
}

void SlurmExecutor::start(core::Job job) {
  auto& state = *state_;
  const auto name = std::to_string(++state.count);
  const auto folder = state.folder_of(name);
  State::Running running;
  running.token = job.token;
  running.submitted = os::now();
  os::make_directories(folder, 0700);
  os::write_file_atomically(folder + std::string(kJobFile), job_text(job), os::Durability::synced);
  os::write_file_atomically(folder + std::string(kScriptFile),
                            "#!/bin/sh\nexec " + base::shell_quote(os::own_program()) +
                                " sbatch --step " + base::shell_quote(folder) + "\n",
                            os::Durability::cached);
  const auto answer = os::run_program(call_of_sbatch(job, state.demand_of(job), folder),
                                      environment_of(job), kCallPatience);
  running.number = answer.exit_code == 0 && answer.signal == 0 && !answer.timed_out
                       ? number_in(answer.standard_output)
                       : std::string();
  if (running.number.empty()) {
    // It may have been submitted all the same.
    const bool refused = answer.exit_code != 0 && !answer.timed_out && answer.signal == 0;
    const auto found = refused ? std::optional(std::string()) : find_by_comment(comment_of(folder));
    if (!found || found->empty()) {
      os::remove_file(folder + std::string(kJobFile));  // should it come after all, nothing runs
      const auto said = base::trim(answer.standard_error);
      return state.fail(
          running.token,
          "could not be submitted: " + (answer.timed_out ? std::string("sbatch gave no answer")
                                        : said.empty()   ? std::string("sbatch gave no job number")
                                                         : base::printable(said.substr(0, 500))));
    }
    running.number = *found;
  }
  os::write_file_atomically(folder + std::string(kNumberFile), running.number,
                            os::Durability::cached);
  running.known_since = os::steady_now();
  state.running.emplace(name, std::move(running));
}

std::vector<core::JobResult> SlurmExecutor::wait(nanoseconds at_most) {
  auto& state = *state_;
  const auto until = os::steady_now() + at_most;
  while (true) {
    if (os::steady_now() - state.last_look >= kLookEvery) {
      state.look();
      state.ask();
      state.give_up();
    }
    if (!state.ended.empty()) return std::exchange(state.ended, {});
    const auto left = until - os::steady_now();
    if (left <= nanoseconds{0}) return {};
    std::this_thread::sleep_for(std::min<nanoseconds>(left, std::chrono::milliseconds(50)));
  }
}

void SlurmExecutor::stop(core::Stop how) {
  auto& state = *state_;
  if (state.running.empty()) return;
  state.stopped = true;
  std::vector<std::string> numbers;
  for (const auto& [name, job] : state.running) numbers.push_back(job.number);
  if (!cancel_jobs(numbers, how == core::Stop::kill))
    state.notice("scancel did not cancel all of the jobs");
  // Those that wait will never tell of an end.
  for (auto at = state.running.begin(); at != state.running.end();) {
    if (state.has_begun(at->first)) {
      ++at;
      continue;
    }
    state.lose(at->first, at->second);
    at = state.running.erase(at);
  }
}

std::size_t end_left_jobs(const Workspace& workspace, const std::function<bool()>& cancelled) {
  const auto jobs = workspace.state_directory() + "/jobs";
  if (!os::lstat_file(jobs)) return 0;
  std::map<std::string, std::string> open;  // folder → number
  for (const auto& run : os::list_directory(jobs)) {
    const auto folder = os::join_path(jobs, run.name);
    const auto done = os::join_path(folder, kDoneFolder);
    if (!os::lstat_file(done)) continue;
    for (const auto& job : os::list_directory(folder)) {
      const auto one = os::join_path(folder, job.name);
      if (job.name == kDoneFolder || os::lstat_file(os::join_path(done, job.name))) continue;
      // Whatever has not begun will not begin any more.
      os::remove_file(one + std::string(kJobFile));
      const auto number = one + std::string(kNumberFile);
      if (os::lstat_file(number))
        open.emplace(one, std::string(base::trim(os::read_file(number, 64))));
      else if (os::lstat_file(one + std::string(kBegunFile)))
        open.emplace(one,
                     std::string(base::trim(os::read_file(one + std::string(kBegunFile), 64))));
    }
  }
  std::vector<std::string> numbers;
  for (const auto& [folder, number] : open)
    if (is_number(number)) numbers.push_back(number);
  const auto unavailable = [](const std::string& why) {
    return base::Error(base::ErrorCode::unavailable, why)
        .hint("they would write on into the files of this run: see 'squeue', and try again");
  };
  if (!numbers.empty() && !cancel_jobs(numbers, false))
    throw unavailable("the jobs that a killed run has left cannot be cancelled");
  const auto has_ended = [&](const std::string& folder) {
    return !os::lstat_file(folder + std::string(kBegunFile)) ||
           os::lstat_file(os::join_path(os::join_path(os::parent_path(folder), kDoneFolder),
                                        os::base_name(folder)));
  };
  const auto begin = os::steady_now();
  auto ask_at = begin + std::chrono::seconds(5);
  std::erase_if(open, [&](const auto& job) { return has_ended(job.first); });
  while (!open.empty()) {
    if (cancelled())
      throw base::Error(base::ErrorCode::cancelled, "interrupted while waiting for jobs");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    std::erase_if(open, [&](const auto& job) { return has_ended(job.first); });
    if (open.empty() || os::steady_now() < ask_at) continue;
    ask_at = os::steady_now() + kAskEvery;
    std::vector<std::string> asked;
    for (const auto& [folder, number] : open) asked.push_back(number);
    if (const auto states = ask_slurm(asked))
      std::erase_if(open, [&](const auto& job) {
        const auto found = states->find(job.second);
        return found == states->end() || is_end_state(found->second);
      });
    if (!open.empty() && os::steady_now() - begin > std::chrono::minutes(3))
      throw unavailable("the jobs that a killed run has left do not end");
  }
  os::remove_tree(jobs);
  return numbers.size();
}

}  // namespace provrun::app
