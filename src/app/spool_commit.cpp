#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "provrun/app/cached_files.hpp"
#include "provrun/app/slurm_jobs.hpp"
#include "provrun/app/spool.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/lock.hpp"
#include "provrun/os/random.hpp"
#include "spool_names.hpp"
#include "workspace_settings.hpp"

// Entries become runs. What makes it safe: an entry stays until the snapshot that has its execution
// is committed, one committer works at a time, and an execution that the catalog has is not
// recorded again.
namespace provrun::app {

namespace {

constexpr std::size_t kEntriesPerRun = 1000;
constexpr std::uint64_t kLargestEntry = std::uint64_t{1} << 30U;
constexpr double kAnswerWithin = 300;  // seconds
constexpr std::string_view kCommitPrefix = ".commit-";
constexpr std::string_view kGonePrefix = ".gone-";

// A folder that has lost its name `ended` must not look like one of an execution that still runs.
void remove_entry_folder(const std::string& directory) {
  const auto gone =
      os::parent_path(directory) + "/" + std::string(kGonePrefix) + os::base_name(directory);
  os::rename_file(directory, gone);
  os::remove_tree(gone);
}

bool is_here_and_gone(const SpoolWriter& writer) {
  if (writer.host != os::host_name()) return false;
  if (writer.boot != os::boot_id()) return true;
  return os::process_start_ticks(writer.process).value_or(0) != writer.start_ticks;
}

// The file that would tell of its end is made now, unless the execution makes it itself meanwhile.
void seal(const std::string& directory, SpooledExecution started, const std::string& state) {
  auto& execution = started.execution;
  // Whatever the true record may say if it appears after all: that is another execution's.
  execution.id.uuid = os::new_uuid();
  execution.state = core::StepState::failed;
  execution.failure =
      !state.empty() ? base::format("was ended before it could be recorded: Slurm says {}", state)
      : started.writer.slurm_job.empty()
          ? std::string("was ended before it could be recorded")
          : base::format(
                "was ended before it could be recorded: Slurm does not know job {} any more",
                started.writer.slurm_job);
  core::Attempt attempt;
  attempt.started = started.record.started;
  attempt.ended = started.record.started;
  attempt.start_error = execution.failure;
  attempt.timed_out = state == "TIMEOUT";
  attempt.out_of_memory = state == "OUT_OF_MEMORY";
  execution.attempts = {attempt};
  execution.grade = core::Grade::declared;
  execution.grade_reason = "it was ended before what it did could be recorded";
  started.record.state = core::RunState::interrupted;
  started.record.failure = execution.step + " " + execution.failure;
  os::create_if_absent(directory + "/" + std::string(kEndedFile),
                       ended_text(started.writer, started.record, execution, started.extra),
                       os::Durability::synced, 0600);
}

class Committer {
 public:
  Committer(const Workspace& workspace, const RepositoryLocation& location, Archive& archive,
            const policy::FileScreen& screen, SpoolReport& report)
      : workspace_(workspace),
        location_(location),
        archive_(archive),
        screen_(screen),
        settings_(read_settings(workspace)),
        key_(workspace.hash_key()),
        redactor_({}, std::vector<std::uint8_t>(key_.begin(), key_.end())),
        spool_(workspace.spool_directory()),
        report_(report) {}

  void work(const AskJobs& ask) {
    std::vector<std::string> open;
    auto ended = look(&open);
    if (!open.empty() && seal_lost(open, ask)) ended = look(nullptr);
    std::map<std::string, std::vector<SpooledExecution>> groups;
    std::size_t held = 0;
    for (const auto& directory : ended) {
      auto one = read(directory, kEndedFile);
      if (!one || !is_for_us(*one)) continue;
      if (archive_.catalog().find_execution(one->execution.id)) {
        remove_entry_folder(directory);  // recorded by one who was killed right after
        continue;
      }
      groups[group_of(*one)].push_back(std::move(*one));
      if (++held < kEntriesPerRun) continue;
      for (auto& [name, group] : groups) record(group);
      groups.clear();
      held = 0;
    }
    for (auto& [name, group] : groups) record(group);
  }

 private:
  // Entries that have ended; open: those that have not.
  std::vector<std::string> look(std::vector<std::string>* open) {
    std::vector<std::string> ended;
    for (const auto& entry : os::list_directory(spool_)) {
      const auto path = os::join_path(spool_, entry.name);
      if (entry.name.starts_with(kGonePrefix) || entry.name.starts_with(kCommitPrefix)) {
        os::remove_tree(path);  // of one who was killed
      } else if (base::parse_uuid(entry.name)) {
        if (os::lstat_file(os::join_path(path, kEndedFile)))
          ended.push_back(path);
        else if (open != nullptr)
          open->push_back(path);
      }
    }
    return ended;
  }

  std::optional<SpooledExecution> read(const std::string& directory, std::string_view name) {
    try {
      auto result = parse_spooled(os::read_file(os::join_path(directory, name), kLargestEntry));
      result.directory = directory;
      return result;
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::not_found) return std::nullopt;
      report_.notices.push_back(base::format("the record {} cannot be taken up: {}",
                                             base::printable(os::join_path(directory, name)),
                                             error.message()));
      return std::nullopt;
    }
  }

  bool is_for_us(const SpooledExecution& one) {
    if (one.writer.repository.empty() || one.writer.repository == location_.path) return true;
    ++report_.elsewhere;
    return false;
  }

  // True when one was found to be lost.
  bool seal_lost(const std::vector<std::string>& open, const AskJobs& ask) {
    std::vector<SpooledExecution> in_jobs;
    std::set<std::string> jobs;
    bool sealed = false;
    for (const auto& directory : open) {
      auto one = read(directory, kStartedFile);
      if (!one) continue;
      const bool in_job = !one->writer.slurm_job.empty();
      // Of a job Slurm tells the cause, if it answers in good time.
      const bool is_old = one->record.started.seconds_until(os::now()) > kAnswerWithin;
      if (is_here_and_gone(one->writer) && (!in_job || is_old)) {
        seal(directory, std::move(*one), {});
        sealed = true;
        continue;
      }
      ++report_.running;
      if (!in_job) continue;
      jobs.insert(one->writer.slurm_job);
      in_jobs.push_back(std::move(*one));
    }
    if (jobs.empty() || !ask) return sealed;
    const auto states = ask({jobs.begin(), jobs.end()});
    if (!states) return sealed;
    std::map<std::string, int> restarts;
    for (const auto& one : in_jobs) {
      auto& most = restarts[one.writer.slurm_job];
      most = std::max(most, one.writer.slurm_restart);
    }
    for (auto& one : in_jobs) {
      const auto found = states->find(one.writer.slurm_job);
      std::string state;
      if (found != states->end()) {
        state = found->second;
        // It ran before: what waits now is another attempt.
        const bool again = state == "PENDING" || state.starts_with("REQUEUE") ||
                           one.writer.slurm_restart < restarts[one.writer.slurm_job];
        if (!again && !is_end_state(state)) continue;
        if (again) state = "REQUEUED";
      }
      const auto directory = one.directory;
      seal(directory, std::move(one), state);
      --report_.running;
      sealed = true;
    }
    return sealed;
  }

  // What may stand in one run: the same job on the same machine in the same state of the sources.
  static std::string group_of(const SpooledExecution& one) {
    if (one.writer.group.empty()) return "execution " + one.execution.id.to_string();
    return one.writer.group + "\n" + one.record.workflow + "\n" + one.record.user + "\n" +
           one.record.host + "\n" + one.record.config_hash.to_hex() + "\n" +
           hash::sha256(one.extra.environment.canonical() + one.extra.git.canonical() +
                        one.extra.git_diff)
               .to_hex();
  }

  // A run has each step once.
  void record(std::vector<SpooledExecution>& group) {
    while (!group.empty()) {
      std::vector<SpooledExecution> now;
      std::vector<SpooledExecution> later;
      std::set<std::string> steps;
      for (auto& one : group)
        (steps.insert(one.execution.step).second ? now : later).push_back(std::move(one));
      commit(now);
      group = std::move(later);
    }
  }

  void commit(std::vector<SpooledExecution>& group) {
    auto head = group[0].record;
    std::set<std::string> software;
    head.id.uuid = os::new_uuid();
    std::map<core::ContentId, std::string> kept;
    for (const auto& one : group) {
      head.started = std::min(head.started, one.record.started);
      head.ended = std::max(head.ended, one.record.ended);
      if (one.record.state != core::RunState::completed &&
          head.state != core::RunState::interrupted)
        head.state = one.record.state;
      if (head.failure.empty()) head.failure = one.record.failure;
      for (const auto line : base::split(one.extra.software, '\n'))
        if (!line.empty()) software.emplace(line);
      for (const auto& output : one.execution.outputs)
        if (auto path = spooled_bytes(one.directory, output); !path.empty())
          kept.emplace(output.content, std::move(path));
      for (const auto& input : one.execution.inputs)
        if (auto path = spooled_bytes(one.directory, input); !path.empty())
          kept.emplace(input.content, std::move(path));
    }
    const auto state = head.state;
    const auto failure = head.failure;
    head.state = core::RunState::running;
    CachedFiles files(workspace_.root(), archive_.state(), ".provrun/aside",
                      [](const std::string&) {});
    RunRecorder::Setup setup{workspace_, &archive_, &files, &redactor_, {}, &screen_};
    setup.may_look_secret = [&](const auto& path) { return settings_.allows_secrets_in(path); };
    setup.notice = [&](const auto& notice) { report_.notices.push_back(notice); };
    setup.bytes_of = [&](const core::Artifact& artifact) {
      const auto found = kept.find(artifact.content);
      return found != kept.end() ? found->second : files.absolute(artifact.path);
    };
    setup.directory = spool_ + "/" + std::string(kCommitPrefix) + head.id.to_string();
    RunRecorder recorder(std::move(setup), head);
    std::size_t number = 0;
    for (auto& one : group) {
      std::vector<std::string> logs;
      const auto log = os::join_path(one.directory, kLogFile);
      if (os::lstat_file(log)) {
        logs.push_back(recorder.directory() + "/spooled-" + std::to_string(++number));
        os::write_file_atomically(logs[0], os::read_file(log), os::Durability::cached);
      }
      recorder.execution_ended(one.execution, logs);
    }
    RunRecorder::Extra extra = group[0].extra;
    extra.software.clear();
    for (const auto& line : software) extra.software += line + "\n";
    const auto record = recorder.finish(state, failure, std::move(extra));
    report_.runs.push_back(record.id.to_string());
    report_.executions += group.size();
    for (const auto& one : group) remove_entry_folder(one.directory);
  }

  const Workspace& workspace_;
  const RepositoryLocation& location_;
  Archive& archive_;
  const policy::FileScreen& screen_;
  WorkspaceSettings settings_;
  std::string key_;
  policy::Redactor redactor_;
  std::string spool_;
  SpoolReport& report_;
};

bool has_entries(const Workspace& workspace) {
  const auto spool = workspace.spool_directory();
  if (!os::lstat_file(spool)) return false;
  const auto entries = os::list_directory(spool);
  return std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
    return base::parse_uuid(entry.name) || entry.name.starts_with(kGonePrefix) ||
           entry.name.starts_with(kCommitPrefix);
  });
}

}  // namespace

SpoolReport take_up_spool(const Workspace& workspace, const RepositoryLocation& location,
                          Archive& archive, const policy::FileScreen& screen, const AskJobs& ask,
                          const std::function<bool()>& wait_on) {
  SpoolReport report;
  if (!has_entries(workspace)) return report;
  const auto path = workspace.spool_directory() + "/lock";
  const auto who =
      base::format("{} on {}, process {}", os::user_name(), os::host_name(), os::process_id());
  auto lock = os::FileLock::try_acquire(path, who);
  while (!lock) {
    if (!wait_on || !wait_on()) return report;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    lock = os::FileLock::try_acquire(path, who);
  }
  archive.synchronize();  // what the one before us has committed
  Committer(workspace, location, archive, screen, report).work(ask);
  return report;
}

void take_up_beside(const Workspace& workspace, const RepositoryLocation& location,
                    Archive& archive, const policy::FileScreen& screen,
                    const std::function<void(const std::string&)>& notice) {
  try {
    const auto report =
        take_up_spool(workspace, location, archive, screen, ask_slurm_of(workspace), {});
    for (const auto& text : report.notices) notice(text);
    if (report.executions > 0)
      notice(base::format("{} execution{} of jobs recorded", report.executions,
                          report.executions == 1 ? "" : "s"));
  } catch (const base::Error& error) {
    notice("what jobs have recorded is still to be taken up: " + error.message());
  }
}

SpoolReport take_up_spool(const std::optional<std::string>& repository,
                          const std::function<bool()>& wait_on) {
  const auto workspace = Workspace::find_upwards(os::current_directory());
  const auto location = locate_repository(repository, workspace);
  if (!workspace || !has_entries(*workspace)) return {};
  const auto archive = Archive::open(location, workspace, Archive::Mode::update);
  const policy::FileScreen screen({});
  return take_up_spool(*workspace, location, *archive, screen, ask_slurm_of(*workspace), wait_on);
}

}  // namespace provrun::app
