#include "provrun/engine/engine.hpp"

#include <algorithm>
#include <csignal>
#include <queue>
#include <unordered_map>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"

namespace provrun::engine {

using pipeline::index_of;
using pipeline::InstanceId;
using std::chrono::nanoseconds;

namespace {

// How often the live display is refreshed while nothing ends.
constexpr nanoseconds kTick = std::chrono::milliseconds(100);

// What another step would meet as well, or what is no step's fault, ends the run.
bool ends_run(const base::Error& error) {
  switch (error.code()) {
    case base::ErrorCode::no_space:
    case base::ErrorCode::unavailable:
    case base::ErrorCode::cancelled:
    case base::ErrorCode::internal:
      return true;
    default:
      return false;
  }
}

std::string describe_failure(const core::Attempt& attempt, const pipeline::Step& step) {
  if (!attempt.start_error.empty()) return attempt.start_error;
  if (attempt.timed_out)
    return "timed out after " + base::format_duration(step.time_limit.value_or(nanoseconds{0}));
  if (attempt.signal != 0) return base::format("was ended by signal {}", attempt.signal);
  return base::format("failed with exit code {}", attempt.exit_code);
}

}  // namespace

class Engine::Run {
 public:
  Run(Engine& engine, const std::vector<InstanceId>& selection)
      : e_(engine), selection_(selection), tasks_(engine.graph_.instance_count()) {}

  Outcome execute() {
    prepare();
    e_.observer_.run_started(selection_.size());
    try {
      loop();
    } catch (...) {
      abandon();
      throw;
    }
    finish();
    return outcome_;
  }

 private:
  enum class Status : std::uint8_t { unselected, waiting, ready, running, pausing, done, failed };

  struct Task {
    Status status = Status::unselected;
    std::uint32_t open_predecessors = 0;
  };

  // A step instance between its decision and its end: running, or pausing before another attempt.
  struct Active {
    Decision decision;
    core::Execution execution;
    std::vector<std::string> logs;
    std::uint32_t attempts = 0;
    int slots = 1;
  };

  void prepare() {
    for (const auto id : selection_) tasks_[index_of(id)].status = Status::waiting;
    for (const auto id : selection_) {
      auto& task = tasks_[index_of(id)];
      for (const auto before : e_.graph_.predecessors(id))
        if (tasks_[index_of(before)].status != Status::unselected) ++task.open_predecessors;
    }
    for (const auto id : selection_)
      if (tasks_[index_of(id)].open_predecessors == 0) make_ready(id);
    free_slots_ = e_.options_.jobs;
  }

  void make_ready(InstanceId id) {
    tasks_[index_of(id)].status = Status::ready;
    ready_.push(static_cast<std::uint32_t>(index_of(id)));
  }

  bool may_start() const {
    if (interrupts_ > 0 || recording_failed_) return false;
    if (outcome_.counts.failed == 0) return true;
    const auto limit = e_.options_.keep_going.value_or(1);
    return limit == 0 || outcome_.counts.failed < static_cast<std::uint64_t>(limit);
  }

  void loop() {
    while (true) {
      check_interrupts();
      start_what_can();
      if (running_ == 0 && (!may_start() || (ready_.empty() && pauses_.empty()))) return;
      auto timeout = kTick;
      if (!pauses_.empty() && may_start())
        timeout = std::clamp(pauses_.top().due - e_.services_.steady_now(), nanoseconds{0}, kTick);
      for (auto& result : e_.executor_.wait(timeout)) attempt_ended(result);
      e_.observer_.tick();
    }
  }

  void check_interrupts() {
    const int now = e_.services_.interrupts();
    if (now == interrupts_) return;
    if (now >= 1 && interrupts_ == 0 && running_ > 0)
      e_.observer_.notice(
          base::format("interrupted: waiting for {} running step{}; press Ctrl-C again to end {}",
                       running_, running_ == 1 ? "" : "s", running_ == 1 ? "it" : "them"));
    if (now == 2) e_.executor_.stop(core::Stop::terminate);
    if (now >= 3) e_.executor_.stop(core::Stop::kill);
    interrupts_ = now;
  }

  void start_what_can() {
    while (may_start() && free_slots_ > 0) {
      if (!pauses_.empty() && pauses_.top().due <= e_.services_.steady_now()) {
        const auto id = pauses_.top().id;
        pauses_.pop();
        start_attempt(id);
        continue;
      }
      if (ready_.empty()) return;
      const auto id = static_cast<InstanceId>(ready_.top());
      const int slots = slots_of(id);
      if (slots > free_slots_ && running_ > 0) return;  // its turn comes when enough have ended
      ready_.pop();
      begin(id);
      // Results that came in meanwhile free slots and successors; long rows of up-to-date steps
      // must not keep them waiting.
      if (running_ > 0 && (++decided_ & 31U) == 0)
        for (auto& result : e_.executor_.wait(nanoseconds{0})) attempt_ended(result);
    }
  }

  int slots_of(InstanceId id) const {
    return std::clamp(static_cast<int>(e_.graph_.step(id).cpus), 1, std::max(1, e_.options_.jobs));
  }

  void begin(InstanceId id) {
    Active active;
    active.slots = slots_of(id);
    active.decision = e_.decider_.decide(id);
    auto& execution = active.execution;
    auto& decision = active.decision;
    execution.step = std::string(e_.graph_.name(id));
    execution.step_key = decision.step_key;
    execution.reason = decision.reason;
    execution.inputs = std::move(decision.inputs);
    if (decision.action == Action::execute)
      execution.grade_reason = "files are those that the pipeline declares";
    switch (decision.action) {
      case Action::none:
        execution.id = decision.execution;
        execution.state = core::StepState::up_to_date;
        execution.key = std::move(decision.key);
        execution.outputs = std::move(decision.outputs);
        end(id, active);
        return;
      case Action::impossible:
        execution.id = e_.services_.new_execution_id();
        execution.state = core::StepState::failed;
        execution.failure = decision.problem;
        end(id, active);
        return;
      case Action::reuse:
        execution.id = e_.services_.new_execution_id();
        execution.key = std::move(decision.key);
        if (restore(id, active)) return;
        execution.outputs.clear();
        break;
      case Action::execute:
        execution.id = e_.services_.new_execution_id();
        execution.key = std::move(decision.key);
        break;
    }
    e_.log_.execution_started(execution);
    for (const auto& input : execution.inputs) e_.log_.input_used(input);
    active_.emplace(static_cast<std::uint32_t>(index_of(id)), std::move(active));
    start_attempt(id);
  }

  // False when the stored outputs turned out not to be there after all: then the step runs.
  bool restore(InstanceId id, Active& active) {
    auto& execution = active.execution;
    try {
      prepare_outputs(id);
      for (const auto& output : active.decision.outputs) e_.results_.restore(output);
    } catch (const base::Error& error) {
      if (ends_run(error)) throw;
      if (error.code() != base::ErrorCode::corruption &&
          error.code() != base::ErrorCode::not_found) {
        fail(id, active, "cannot restore its outputs: " + error.message());
        return true;
      }
      e_.observer_.notice(base::format("{}: its stored outputs cannot be used ({}); running it",
                                       execution.step, error.message()));
      return false;
    }
    for (const auto& input : execution.inputs) e_.log_.input_used(input);
    execution.state = core::StepState::reused;
    execution.reused_from = active.decision.execution;
    if (!collect_outputs(id, execution)) {
      execution.failure.clear();
      return false;
    }
    end(id, active);
    return true;
  }

  void prepare_outputs(InstanceId id) {
    static const std::vector<core::Artifact> nothing;
    const auto* last = e_.history_.last(std::string(e_.graph_.name(id)));
    const auto& known = last != nullptr ? last->outputs : nothing;
    for (const auto path : e_.graph_.outputs(id))
      e_.files_.prepare_output(std::string(e_.graph_.path(path)), Decider::kind_of(e_.graph_, path),
                               known);
  }

  void start_attempt(InstanceId id) {
    auto& active = active_.at(static_cast<std::uint32_t>(index_of(id)));
    const auto& step = e_.graph_.step(id);
    const auto invocation = e_.graph_.invocation(id);
    try {
      prepare_outputs(id);
    } catch (const base::Error& error) {
      if (ends_run(error)) throw;
      auto ended = std::move(active);
      active_.erase(static_cast<std::uint32_t>(index_of(id)));
      fail(id, ended, "has no place for its outputs: " + error.message());
      return;
    }
    core::Job job;
    job.token = static_cast<std::uint32_t>(index_of(id));
    job.scripts = invocation.scripts;
    job.shell = *step.shell;
    job.plain_shell = step.shell_is_default;
    job.working_directory = invocation.directory == "."
                                ? e_.options_.workspace
                                : e_.options_.workspace + "/" + invocation.directory;
    job.environment = environment_of(step, invocation, e_.decider_.variables()).process;
    // Tells a provrun inside of the step where it is.
    job.environment.emplace_back(std::string(kWorkspaceVariable), e_.options_.workspace);
    // Stream paths are relative to the workspace, the job's to its working directory.
    const auto full = [&](const std::optional<pipeline::PathId>& path) {
      if (!path) return std::string();
      const std::string name(e_.graph_.path(*path));
      return name.starts_with('/') ? name : e_.options_.workspace + "/" + name;
    };
    job.stdin_path = full(invocation.standard_input);
    job.stdout_path = full(invocation.standard_output);
    job.stderr_path = full(invocation.standard_error);
    job.streams = e_.options_.streams;
    job.time_limit = step.time_limit;
    job.workspace = e_.options_.workspace;
    ++active.attempts;
    free_slots_ -= active.slots;
    ++running_;
    tasks_[index_of(id)].status = Status::running;
    e_.observer_.step_started(active.execution.step, active.execution.reason,
                              static_cast<int>(active.attempts));
    e_.executor_.start(std::move(job));
  }

  void fail(InstanceId id, Active& active, std::string failure) {
    active.execution.state = core::StepState::failed;
    active.execution.failure = std::move(failure);
    end(id, active);
  }

  void attempt_ended(core::JobResult& result) {
    const auto id = static_cast<InstanceId>(result.token);
    auto& active = active_.at(result.token);
    auto& execution = active.execution;
    const auto& step = e_.graph_.step(id);
    free_slots_ += active.slots;
    --running_;
    execution.attempts.push_back(result.attempt);
    active.logs.push_back(result.log_path);
    if (result.attempt.left_processes)
      e_.observer_.notice(execution.step + " left processes running; they were ended");
    bool good = result.attempt.succeeded() && interrupts_ < 2;
    if (good) {
      good = collect_outputs(id, execution);
    } else if (interrupts_ >= 2) {
      execution.failure = "was interrupted";
    } else {
      execution.failure = describe_failure(result.attempt, step);
    }
    if (good) {
      execution.failure.clear();
      note_changed_inputs(id, execution);
      execution.state = core::StepState::executed;
    } else {
      set_outputs_aside(id, execution);
      if (active.attempts <= step.retries.max && interrupts_ == 0) {
        // Doubling from the declared pause, as busy servers and full queues need.
        const auto pause = step.retries.backoff * (1LL << std::min(active.attempts - 1, 20U));
        e_.observer_.attempt_failed(execution.step, result.attempt, pause);
        tasks_[index_of(id)].status = Status::pausing;
        pauses_.push({e_.services_.steady_now() + pause, id});
        return;
      }
      execution.state = core::StepState::failed;
    }
    auto ended = std::move(active);
    active_.erase(result.token);
    end(id, ended);
  }

  // Fills in the outputs; false, with the failure said, when one is not there.
  bool collect_outputs(InstanceId id, core::Execution& execution) {
    for (const auto path : e_.graph_.outputs(id)) {
      const std::string name(e_.graph_.path(path));
      std::optional<core::PathState> state;
      try {
        state = e_.files_.identify(name, Decider::kind_of(e_.graph_, path));
      } catch (const base::Error& error) {
        execution.failure = "did not make what was declared: " + error.message();
        return false;
      }
      if (!state) {
        execution.failure = base::format("did not make its output {}", base::printable(name));
        return false;
      }
      std::move(state->files.begin(), state->files.end(), std::back_inserter(execution.outputs));
    }
    std::sort(execution.outputs.begin(), execution.outputs.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return true;
  }

  void note_changed_inputs(InstanceId id, core::Execution& execution) {
    for (const auto path : e_.graph_.inputs(id)) {
      const std::string name(e_.graph_.path(path));
      if (e_.files_.unchanged(name, Decider::kind_of(e_.graph_, path))) continue;
      execution.inputs_changed.push_back(name);
      e_.observer_.notice(base::format(
          "{}: its input {} changed while it ran; the record has the content from before",
          execution.step, base::printable(name)));
    }
    if (execution.inputs_changed.empty()) return;
    execution.key = with_unstable_inputs(std::move(execution.key), execution.inputs_changed);
    execution.step_key = step_key(execution.key);
  }

  void set_outputs_aside(InstanceId id, core::Execution& execution) {
    execution.outputs.clear();
    for (const auto path : e_.graph_.outputs(id)) {
      const std::string name(e_.graph_.path(path));
      const auto where = e_.files_.set_aside(name);
      if (!where.empty())
        e_.observer_.notice(base::format("{}: unfinished {} is now {}", execution.step,
                                         base::printable(name), base::printable(where)));
    }
  }

  // The execution is final: written down, shown, and what waited for it may go on.
  void end(InstanceId id, Active& active) {
    auto& execution = active.execution;
    const bool failed = execution.state == core::StepState::failed;
    outcome_.counts.add(execution.state);
    if (failed && outcome_.failure.empty())
      outcome_.failure = execution.step + " " + execution.failure;
    try {
      const auto log = e_.log_.execution_ended(execution, active.logs);
      e_.observer_.step_ended(execution, log);
    } catch (...) {
      recording_failed_ = true;
      throw;
    }
    tasks_[index_of(id)].status = failed ? Status::failed : Status::done;
    if (failed) return;
    for (const auto next : e_.graph_.successors(id)) {
      auto& task = tasks_[index_of(next)];
      if (task.status == Status::waiting && --task.open_predecessors == 0) make_ready(next);
    }
  }

  // What never got its turn is recorded as skipped, with what it waited for.
  void finish() {
    std::vector<bool> blocked(tasks_.size());
    for (const auto id : selection_) {
      const auto status = tasks_[index_of(id)].status;
      if (status == Status::done || status == Status::failed) continue;
      if (status == Status::pausing) {  // its next attempt will not come
        auto paused = std::move(active_.at(static_cast<std::uint32_t>(index_of(id))));
        paused.execution.state = core::StepState::failed;
        end(id, paused);
        continue;
      }
      Active skipped;
      skipped.execution.id = e_.services_.new_execution_id();
      skipped.execution.step = std::string(e_.graph_.name(id));
      skipped.execution.state = core::StepState::skipped;
      for (const auto before : e_.graph_.predecessors(id)) {
        const auto state = tasks_[index_of(before)].status;
        if (state == Status::failed || blocked[index_of(before)]) {
          skipped.execution.reason = {"upstream", std::string(e_.graph_.name(before)), "", ""};
          break;
        }
      }
      blocked[index_of(id)] = true;
      outcome_.counts.add(core::StepState::skipped);
      e_.log_.execution_ended(skipped.execution, {});
      e_.observer_.step_ended(skipped.execution, {});
    }
    if (interrupts_ > 0 && outcome_.counts.skipped + outcome_.counts.failed > 0)
      outcome_.state = core::RunState::interrupted;
    else if (outcome_.counts.failed > 0)
      outcome_.state = core::RunState::failed;
  }

  void abandon() noexcept {
    try {
      e_.executor_.stop(core::Stop::terminate);
      while (running_ > 0)
        for (const auto& result : e_.executor_.wait(kTick)) {
          const auto id = static_cast<InstanceId>(result.token);
          const auto found = active_.find(result.token);
          if (found == active_.end()) continue;
          set_outputs_aside(id, found->second.execution);
          active_.erase(found);
          --running_;
        }
    } catch (...) {
      e_.executor_.stop(core::Stop::kill);
    }
  }

  struct Pause {
    nanoseconds due;
    InstanceId id;
    bool operator<(const Pause& other) const { return due > other.due; }
  };

  Engine& e_;
  const std::vector<InstanceId>& selection_;
  std::vector<Task> tasks_;
  std::unordered_map<std::uint32_t, Active> active_;
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready_;
  std::priority_queue<Pause> pauses_;
  int free_slots_ = 1;
  std::size_t running_ = 0;
  int interrupts_ = 0;
  std::uint32_t decided_ = 0;
  bool recording_failed_ = false;
  Outcome outcome_;
};

Engine::Engine(const pipeline::Graph& graph, core::Executor& executor, core::WorkspaceFiles& files,
               core::Results& results, core::History& history, core::RunLog& log,
               Observer& observer, Decider& decider, Services services, Options options)
    : graph_(graph),
      executor_(executor),
      files_(files),
      results_(results),
      history_(history),
      log_(log),
      observer_(observer),
      decider_(decider),
      services_(std::move(services)),
      options_(std::move(options)) {}

Engine::~Engine() = default;

Outcome Engine::run(const std::vector<InstanceId>& selection) {
  return Run(*this, selection).execute();
}

}  // namespace provrun::engine
