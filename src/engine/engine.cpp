#include "provrun/engine/engine.hpp"

#include <algorithm>
#include <csignal>
#include <queue>
#include <unordered_map>

#include "attempt_files.hpp"
#include "execution_record.hpp"
#include "job.hpp"
#include "output_files.hpp"
#include "output_rules.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/engine/rounds.hpp"
#include "resources.hpp"
#include "temporary_files.hpp"

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

}  // namespace

class Engine::Run {
 public:
  Run(Engine& engine, Growth& growth)
      : e_(engine),
        growth_(growth),
        outputs_(engine.graph_, engine.files_, engine.history_),
        attempt_files_(engine.graph_, engine.files_, engine.decider_, engine.observer_),
        tasks_(engine.graph_.instance_count()),
        scheduler_(limits_of(engine.options_)),
        lines_(engine.graph_.workflow().steps().size()),
        temporary_(engine.graph_, {engine.files_, engine.results_, engine.history_, engine.log_,
                                   engine.decider_.dependencies()}) {}

  Outcome execute() {
    join(growth_.selection());
    e_.observer_.run_started(growth_.selection().size() + growth_.open().size());
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
    bool was_up_to_date = false;
    std::uint32_t open_predecessors = 0;
    nanoseconds ended{0};
  };

  // A step instance between its decision and its end: running, or pausing before another attempt.
  struct Active {
    Decision decision;
    core::Execution execution;
    std::vector<std::string> logs;
    std::uint32_t attempts = 0;
    Rounds rounds;                         // of the attempt
    std::vector<core::Artifact> changing;  // inputs that it updates
    Scene scene;
    std::string search_path;
    nanoseconds started{0};
  };

  // The instances are part of the run from now on. All that they wait for is, too, or was before.
  void join(const std::vector<InstanceId>& joining) {
    tasks_.resize(e_.graph_.instance_count());
    temporary_.join(joining, !growth_.open().empty());
    for (const auto id : joining) tasks_[index_of(id)].status = Status::waiting;
    const auto is_open = [&](InstanceId before) {
      const auto status = tasks_[index_of(before)].status;
      return status != Status::unselected && status != Status::done;
    };
    for (const auto id : joining) {
      auto& task = tasks_[index_of(id)];
      for (const auto before : e_.graph_.predecessors(id))
        if (is_open(before)) ++task.open_predecessors;
      for (const auto before : e_.decider_.dependencies().learned(id)) {
        if (!is_open(before)) continue;
        ++task.open_predecessors;
        learned_successors_[static_cast<std::uint32_t>(index_of(before))].push_back(id);
      }
    }
    for (const auto id : joining)
      if (tasks_[index_of(id)].open_predecessors == 0) make_ready(id);
  }

  // What the instance has discovered may tell the instances of other steps.
  void grow(InstanceId id, const core::Execution& execution) {
    const auto* last = e_.history_.last(execution.step);
    // Temporary files that are gone are discovered all the same.
    const bool from_last = execution.state == core::StepState::up_to_date && last != nullptr &&
                           last->execution == execution.id;
    try {
      const auto joining = growth_.ended(id, from_last ? last->outputs : execution.outputs);
      if (!joining.empty()) join(joining);
      if (growth_.open().empty()) temporary_.let_go();
      if (joining.empty()) return;
    } catch (const base::Error& error) {
      if (ends_run(error)) throw;
      if (error.code() == base::ErrorCode::not_found) {
        outcome_.no_such_target = error;
        return;
      }
      std::string first;
      for (const auto step : growth_.failed()) {
        core::Execution ended;
        ended.id = e_.services_.new_execution_id();
        ended.step = e_.graph_.workflow().step(step).name;
        ended.state = first.empty() ? core::StepState::failed : core::StepState::skipped;
        if (first.empty())
          ended.failure = laid_out_failure(error);
        else
          ended.reason = {"upstream", first, "", ""};
        if (first.empty()) first = ended.step;
        end_deferred(ended);
      }
    }
    e_.observer_.run_grew(growth_.selection().size() + growth_.open().size() +
                          growth_.failed().size());
  }

  // The execution of a step that never got its instances.
  void end_deferred(core::Execution& execution) {
    outcome_.counts.add(execution.state);
    if (execution.state == core::StepState::failed && outcome_.failure.empty())
      outcome_.failure = execution.step + " " + execution.failure;
    e_.log_.execution_ended(execution, {});
    e_.observer_.step_ended(execution, {});
  }

  static Limits limits_of(const Options& options) {
    auto limits = options.limits;
    limits["cpus"] = static_cast<std::uint64_t>(std::max(1, options.jobs));
    return limits;
  }

  // Its turn comes when there is enough of what this attempt takes.
  void make_ready(InstanceId id, std::uint32_t attempt = 1) {
    tasks_[index_of(id)].status = Status::ready;
    const auto number = static_cast<std::uint32_t>(index_of(id));
    const auto& resources = e_.graph_.step(id).resources;
    if (attempt > 1) return scheduler_.add(number, scheduler_.line(demands_of(resources, attempt)));
    auto& line = lines_[index_of(e_.graph_.step_id(id))];
    if (!line) line = scheduler_.line(demands_of(resources, attempt));
    scheduler_.add(number, *line);
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
      if (running_ == 0 && (!may_start() || (scheduler_.empty() && pauses_.empty()))) return;
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
    const auto* plural = running_ == 1 ? "" : "s";
    if (now == 1 && running_ > 0)
      e_.observer_.notice(
          base::format("interrupted: waiting for {} running step{}; press Ctrl-C again to end {}",
                       running_, plural, running_ == 1 ? "it" : "them"));
    if (now >= 2 && interrupts_ < 2) {
      if (running_ > 0)
        e_.observer_.notice(
            base::format("interrupted: ending {} running step{}", running_, plural));
      e_.executor_.stop(core::Stop::terminate);
    }
    if (now >= 3 && interrupts_ >= 2) e_.executor_.stop(core::Stop::kill);
    interrupts_ = now;
  }

  void start_what_can() {
    while (may_start()) {
      while (!pauses_.empty() && pauses_.top().due <= e_.services_.steady_now()) {
        const auto id = pauses_.top().id;
        pauses_.pop();
        make_ready(id, active_.at(static_cast<std::uint32_t>(index_of(id))).attempts + 1);
      }
      const auto number = scheduler_.next();
      if (!number) return;
      const auto id = static_cast<InstanceId>(*number);
      if (active_.contains(*number))
        start_attempt(id);
      else
        begin(id);
      // Results that came in meanwhile free slots and successors; long rows of up-to-date steps
      // must not keep them waiting.
      if (running_ > 0 && (++decided_ & 31U) == 0)
        for (auto& result : e_.executor_.wait(nanoseconds{0})) attempt_ended(result);
    }
  }

  void begin(InstanceId id) {
    Active active;
    active.decision = e_.decider_.decide(id);
    if (active.decision.action == Action::execute && !bring_back(id, active.decision)) return;
    auto& execution = active.execution;
    auto& decision = active.decision;
    execution.step = std::string(e_.graph_.name(id));
    execution.step_key = decision.step_key;
    execution.reason = decision.reason;
    execution.inputs = std::move(decision.inputs);
    take_observed(decision.stored, execution);
    if (decision.action == Action::execute) execution.grade_reason = std::string(kOnlyDeclared);
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
        if (e_.decider_.frozen(id))
          return fail(id, active,
                      frozen_without(e_.decider_.missing_output(id), e_.graph_.name(id)));
        if (!bring_back(id, decision)) return;
        execution.outputs.clear();
        forget_observed(execution);
        break;
      case Action::execute:
        execution.id = e_.services_.new_execution_id();
        execution.key = std::move(decision.key);
        break;
    }
    e_.log_.execution_started(execution);
    active.changing = changing_inputs(id, execution);
    for (const auto& input : execution.inputs)
      if (std::find(active.changing.begin(), active.changing.end(), input) != active.changing.end())
        e_.log_.will_change(execution, input);
      else
        e_.log_.input_used(input);
    active_.emplace(static_cast<std::uint32_t>(index_of(id)), std::move(active));
    start_attempt(id);
  }

  // Those of its inputs that are its outputs, too.
  std::vector<core::Artifact> changing_inputs(InstanceId id, const core::Execution& execution) {
    std::vector<core::Artifact> changing;
    for (const auto path : e_.graph_.inputs(id)) {
      if (!updates_in_place(e_.graph_, id, path)) continue;
      const std::string name(e_.graph_.path(path));
      for (const auto& input : execution.inputs)
        if (input.path == name || input.path.starts_with(name + "/")) changing.push_back(input);
    }
    return changing;
  }

  // Temporary files that it reads and that have been removed are restored. False when one of them
  // can only be made anew: then their makers run, and the instance waits for them.
  bool bring_back(InstanceId id, const Decision& decision) {
    std::vector<InstanceId> makers;
    for (const auto path : decision.removed_inputs) {
      const auto maker = *e_.graph_.producer(path);
      if (std::find(makers.begin(), makers.end(), maker) != makers.end()) continue;
      if (temporary_.restore(path)) continue;
      makers.push_back(maker);
      e_.decider_.make_again(maker, path);
    }
    if (makers.empty()) return true;
    scheduler_.release(static_cast<std::uint32_t>(index_of(id)));
    tasks_[index_of(id)].status = Status::waiting;
    tasks_[index_of(id)].open_predecessors = static_cast<std::uint32_t>(makers.size());
    for (const auto maker : makers) {
      again_[static_cast<std::uint32_t>(index_of(maker))].push_back(id);
      auto& task = tasks_[index_of(maker)];
      if (task.status != Status::done && task.status != Status::unselected) continue;
      if (task.status == Status::done) temporary_.reads_again(maker);
      if (task.was_up_to_date) {
        task.was_up_to_date = false;
        --outcome_.counts.up_to_date;
        e_.log_.withdraw(std::string(e_.graph_.name(maker)));
      }
      make_ready(maker);
    }
    return false;
  }

  // False when the stored outputs turned out not to be there after all: then the step runs.
  bool restore(InstanceId id, Active& active) {
    auto& execution = active.execution;
    try {
      outputs_.prepare(id);
      const auto* last = e_.history_.last(execution.step);
      for (const auto& output : active.decision.outputs) {
        if (!declares_output(e_.graph_, id, output.path))
          e_.files_.prepare_output(output.path, core::PathKind::file,
                                   last != nullptr ? last->outputs : execution.outputs);
        e_.results_.restore(output);
      }
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
    attempt_files_.add_outputs(id, execution,
                               std::exchange(execution.observed.undeclared_outputs, {}));
    end(id, active);
    return true;
  }

  void start_attempt(InstanceId id) {
    auto& active = active_.at(static_cast<std::uint32_t>(index_of(id)));
    try {
      outputs_.prepare(id);
    } catch (const base::Error& error) {
      if (ends_run(error)) throw;
      auto ended = std::move(active);
      active_.erase(static_cast<std::uint32_t>(index_of(id)));
      fail(id, ended, "has no place for its outputs: " + error.message());
      return;
    }
    active.started = e_.services_.steady_now();
    active.rounds = {};
    ++active.attempts;
    ++running_;
    tasks_[index_of(id)].status = Status::running;
    e_.observer_.step_started(active.execution.step, active.execution.reason,
                              static_cast<int>(active.attempts));
    start_job(id, active);
  }

  void start_job(InstanceId id, Active& active) {
    const auto& step = e_.graph_.step(id);
    auto job = job_of(e_.graph_, id, e_.decider_.variables(), e_.options_);
    active.scene = scene_of(job.environment);
    active.search_path = search_path_of(job.environment);
    add_resources(job, step.resources, active.attempts);
    if (step.repeat) {
      job.environment.emplace_back("PROVRUN_ROUND", std::to_string(active.rounds.count + 1));
      if (job.time_limit)  // of all rounds together
        job.time_limit = std::max(*job.time_limit - (e_.services_.steady_now() - active.started),
                                  nanoseconds{1'000'000});
    }
    e_.executor_.start(std::move(job));
  }

  // True when another round of the attempt has been started. Else the result is that of the whole
  // attempt, with its failure where the rounds tell one.
  bool go_on(InstanceId id, Active& active, core::JobResult& result, std::string& failure) {
    const auto& rule = *e_.graph_.step(id).repeat;
    auto& round = add_round(active.rounds, result, active.attempts, active.execution);
    auto verdict = judge_round(rule, active.rounds, result, failure);
    if (result.until && result.attempt.succeeded()) {
      auto problem = outputs_.collect(id, round.outputs);
      if (!problem.empty() && verdict == Verdict::again) {
        failure = std::move(problem);
        verdict = Verdict::failed;
      }
    }
    e_.observer_.round_ended(active.execution.step, active.rounds.count, rule.max);
    if (verdict == Verdict::again && interrupts_ < 2) {
      for (const auto& output : round.outputs) e_.log_.round_made(output);
      active.logs.push_back(result.log_path);
      start_job(id, active);
      return true;
    }
    result.attempt = active.rounds.whole;
    result.observation = std::move(active.rounds.observation);
    return false;
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
    std::string not_done;
    if (step.repeat && go_on(id, active, result, not_done)) return;
    scheduler_.release(result.token);
    --running_;
    execution.attempts.push_back(result.attempt);
    active.logs.push_back(result.log_path);
    if (result.attempt.left_processes)
      e_.observer_.notice(execution.step + " left processes running; they were ended");
    bool good = result.attempt.succeeded() && interrupts_ < 2 && not_done.empty();
    bool may_help = not_done.empty() && is_worth_a_retry(step.retries, result.attempt);
    auto seen = attempt_files_.sort_out(id, active.scene, result.observation, execution);
    if (seen) execution.observed.search_path = active.search_path;
    if (good) {
      good = collect_outputs(id, execution);
      // What it must declare it would use again.
      if (good && seen) good = may_help = take_observation(id, active, *seen);
    } else if (interrupts_ >= 2) {
      execution.failure = "was interrupted";
    } else if (!not_done.empty()) {
      execution.failure = not_done;
    } else {
      execution.failure = describe_failure(result.attempt, step, active.attempts);
    }
    if (good) {
      execution.failure.clear();
      attempt_files_.note_changed_inputs(id, execution,
                                         seen ? seen->changed : std::vector<std::string>());
      execution.state = core::StepState::executed;
    } else {
      set_outputs_aside(id, active);
      if (active.attempts <= step.retries.max && interrupts_ == 0 && may_help) {
        // Doubling from the declared pause, as busy servers and full queues need.
        const auto pause = step.retries.backoff * (1LL << std::min(active.attempts - 1, 20U));
        e_.observer_.attempt_failed(execution.step, result.attempt, pause);
        tasks_[index_of(id)].status = Status::pausing;
        pauses_.push({e_.services_.steady_now() + pause, id});
        return;
      }
      execution.state = core::StepState::failed;
      if (seen)
        std::move(seen->inputs.begin(), seen->inputs.end(), std::back_inserter(execution.inputs));
    }
    auto ended = std::move(active);
    active_.erase(result.token);
    end(id, ended);
  }

  // Fills in the outputs; false, with the failure said, when one is not there.
  bool collect_outputs(InstanceId id, core::Execution& execution) {
    execution.failure = outputs_.collect(id, execution.outputs);
    // A path is needed to record a file, and to bring it back.
    for (const auto& output : execution.outputs)
      if (const auto secret = e_.decider_.declared_secret_in(output.path);
          secret && execution.failure.empty())
        execution.failure = base::format("makes a file whose name holds {}", *secret);
    return execution.failure.empty();
  }

  // False, with the failure said, when the step may not do what it did.
  bool take_observation(InstanceId id, Active& active, SortedOut& seen) {
    auto& execution = active.execution;
    attempt_files_.add_outputs(id, execution, seen.written);
    tell_of_races(id, active, seen);
    std::move(seen.inputs.begin(), seen.inputs.end(), std::back_inserter(execution.inputs));
    seen.inputs.clear();
    e_.decider_.dependencies().made(id, execution.outputs, seen.wrote_software);
    return attempt_files_.judge_undeclared(id, execution, outcome_);
  }

  // Of files that steps have named themselves.
  void tell(const std::string& text) { e_.observer_.notice(e_.decider_.redacted(text)); }

  // Files that two steps use in an order that nothing fixes.
  void tell_of_races(InstanceId id, const Active& active, const SortedOut& seen) {
    auto& dependencies = e_.decider_.dependencies();
    const auto& step = active.execution.step;
    for (const auto& input : seen.inputs) {
      const auto maker = dependencies.maker(input.path, id);
      if (!maker || dependencies.comes_before(*maker, id)) continue;
      const auto& task = tasks_[index_of(*maker)];
      const std::string name(e_.graph_.name(*maker));
      const bool together = task.status == Status::running || task.ended > active.started;
      tell(base::format("{} reads {}, which {} makes{}: declare it as an input, or add 'needs: {}'",
                        step, base::printable(input.path), name,
                        together ? ", while that one was running" : ", and does not wait for it",
                        name.substr(0, name.find('@'))));
    }
    for (const auto& output : active.execution.outputs) {
      const auto maker = dependencies.maker(output.path, id);
      if (!maker || tasks_[index_of(*maker)].status == Status::unselected) continue;
      tell(base::format("{} and {} both write {}: its contents depend on their order", step,
                        e_.graph_.name(*maker), base::printable(output.path)));
    }
  }

  void set_outputs_aside(InstanceId id, Active& active) {
    auto& execution = active.execution;
    execution.outputs.clear();
    outputs_.set_aside(id, [&](const std::string& path, const std::string& where) {
      tell(base::format("{}: unfinished {} is now {}", execution.step, base::printable(path),
                        base::printable(where)));
    });
    for (const auto& input : active.changing) {
      const auto there = e_.files_.look(input.path, core::Look::presence).presence;
      if (there != core::Presence::absent) continue;
      e_.log_.put_back(input);
      e_.observer_.notice(
          base::format("{}: {} is as it was before", execution.step, base::printable(input.path)));
    }
  }

  // The execution is final: written down, shown, and what waited for it may go on.
  void end(InstanceId id, Active& active) {
    auto& execution = active.execution;
    const bool failed = execution.state == core::StepState::failed;
    scheduler_.release(static_cast<std::uint32_t>(index_of(id)));
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
    tasks_[index_of(id)].ended = e_.services_.steady_now();
    tasks_[index_of(id)].was_up_to_date = execution.state == core::StepState::up_to_date;
    if (failed) return;
    temporary_.done_reading(id, execution.inputs);
    if (const auto found = again_.find(static_cast<std::uint32_t>(index_of(id)));
        found != again_.end()) {
      // The others had it before.
      const auto waiting = std::move(found->second);
      again_.erase(found);
      for (const auto next : waiting)
        if (--tasks_[index_of(next)].open_predecessors == 0) make_ready(next);
      return;
    }
    if (const auto found = learned_successors_.find(static_cast<std::uint32_t>(index_of(id)));
        found != learned_successors_.end())
      for (const auto next : found->second) let_go(next);
    for (const auto next : e_.graph_.successors(id)) let_go(next);
    grow(id, execution);
  }

  void let_go(InstanceId id) {
    auto& task = tasks_[index_of(id)];
    if (task.status == Status::waiting && --task.open_predecessors == 0) make_ready(id);
  }

  // What never got its turn is recorded as skipped, with what it waited for.
  void finish() {
    std::vector<bool> blocked(tasks_.size());
    auto selection = growth_.selection();
    std::sort(selection.begin(), selection.end());
    for (const auto id : selection) {
      const auto status = tasks_[index_of(id)].status;
      if (status == Status::done || status == Status::failed) continue;
      // Pausing, or waiting for what its next attempt takes, which will not come.
      if (active_.contains(static_cast<std::uint32_t>(index_of(id)))) {
        auto paused = std::move(active_.at(static_cast<std::uint32_t>(index_of(id))));
        paused.execution.state = core::StepState::failed;
        end(id, paused);
        continue;
      }
      Active skipped;
      skipped.execution.id = e_.services_.new_execution_id();
      skipped.execution.step = std::string(e_.graph_.name(id));
      skipped.execution.state = core::StepState::skipped;
      const auto blame = [&](InstanceId before) {
        const bool guilty =
            tasks_[index_of(before)].status == Status::failed || blocked[index_of(before)];
        if (guilty && skipped.execution.reason.kind.empty())
          skipped.execution.reason = {"upstream", std::string(e_.graph_.name(before)), "", ""};
      };
      for (const auto before : e_.graph_.predecessors(id)) blame(before);
      for (const auto before : e_.decider_.dependencies().learned(id)) blame(before);
      blocked[index_of(id)] = true;
      outcome_.counts.add(core::StepState::skipped);
      e_.log_.execution_ended(skipped.execution, {});
      e_.observer_.step_ended(skipped.execution, {});
    }
    for (const auto step : growth_.open()) {
      core::Execution skipped;
      skipped.id = e_.services_.new_execution_id();
      skipped.step = e_.graph_.workflow().step(step).name;
      skipped.state = core::StepState::skipped;
      skipped.reason = {"upstream", growth_.awaits(step), "", ""};
      end_deferred(skipped);
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
          set_outputs_aside(id, found->second);
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
  Growth& growth_;
  OutputFiles outputs_;
  AttemptFiles attempt_files_;
  std::vector<Task> tasks_;
  std::unordered_map<std::uint32_t, Active> active_;
  std::unordered_map<std::uint32_t, std::vector<InstanceId>> learned_successors_;
  Scheduler scheduler_;
  std::vector<std::optional<Scheduler::Line>> lines_;  // per step, of first attempts
  TemporaryFiles temporary_;
  // Makers that run once more for temporary files, and who waits for them.
  std::unordered_map<std::uint32_t, std::vector<InstanceId>> again_;
  std::priority_queue<Pause> pauses_;
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

Outcome Engine::run(Growth& growth) {
  return Run(*this, growth).execute();
}

}  // namespace provrun::engine
