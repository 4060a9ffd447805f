#include <csignal>

#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "provrun/app/run_workflow.hpp"
#include "provrun/app/slurm_executor.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/signals.hpp"
#include "run_view.hpp"
#include "tracing_options.hpp"
#include "workflow_options.hpp"

namespace provrun::cli {

namespace {

const char* state_name(app::PlannedStep::State state) {
  switch (state) {
    case app::PlannedStep::State::would_run:
      return "would_run";
    case app::PlannedStep::State::up_to_date:
      return "up_to_date";
    case app::PlannedStep::State::blocked:
      return "blocked";
  }
  return "";
}

codec::Json plan_line(const app::PlannedStep& step) {
  codec::Json line = codec::Json::object({{"type", "step"},
                                          {"step", step.step},
                                          {"state", state_name(step.state)},
                                          {"reason", reason_object(step.reason)}});
  if (step.reuse) line.set("reuse", true);
  if (step.usual_duration_s) line.set("usual_duration_s", *step.usual_duration_s);
  return line;
}

void print_plan(Console& console, const app::Plan& plan, bool all) {
  for (const auto& text : plan.notices) console.note("provrun: " + text);
  double seconds = 0;
  for (const auto& step : plan.steps) {
    if (console.json()) console.object(plan_line(step));
    if (step.state == app::PlannedStep::State::up_to_date) {
      if (all && !console.json())
        console.result(base::format("{:<12} {}", console.paint(Colour::green, "up to date  "),
                                    base::printable(step.step)));
      continue;
    }
    if (!step.reuse) seconds += step.usual_duration_s.value_or(0);
    if (console.json()) continue;
    const auto word = step.state == app::PlannedStep::State::blocked
                          ? console.paint(Colour::red, "blocked     ")
                      : step.reuse ? console.paint(Colour::blue, "restore     ")
                                   : console.paint(Colour::yellow, "run         ");
    console.result(
        base::format("{} {}  ({})", word, base::printable(step.step), describe(step.reason)));
  }
  console.object(codec::Json::object({{"type", "summary"},
                                      {"workflow", plan.workflow},
                                      {"would_run", plan.would_run},
                                      {"up_to_date", plan.up_to_date},
                                      {"blocked", plan.blocked}}));
  std::string text = base::format("{} to run, {} up to date", plan.would_run, plan.up_to_date);
  if (plan.blocked > 0) text += base::format(", {} blocked", plan.blocked);
  if (seconds >= 1)
    text += base::format(
        "; about {} of work by past runs",
        base::format_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9))));
  console.note("provrun: " + text);
}

}  // namespace

namespace {

// --resources memory=8GiB, gpu=2, disk=4.
engine::Limits limits_of(const std::vector<std::string>& assignments) {
  engine::Limits limits;
  for (const auto& assignment : assignments) {
    const auto equals = assignment.find('=');
    const auto name = assignment.substr(0, equals);
    const auto value = equals == std::string::npos ? std::string() : assignment.substr(equals + 1);
    if (name == "cpus" || name == "cores")
      throw run_usage("--resources does not take cpus", "how many cpus steps share says -j N");
    const bool is_memory = name == "memory";
    const auto amount = base::parse_size(value, is_memory);
    const bool is_number = value.find_first_not_of("0123456789") == std::string::npos;
    if (name.empty() || !amount || (!is_memory && !is_number))
      throw run_usage(base::format("--resources takes NAME=NUMBER or memory=SIZE, not '{}'",
                                   base::printable(assignment)),
                      "for example: --resources memory=8GiB --resources gpu=1");
    limits[name] = *amount;
  }
  return limits;
}

}  // namespace

int command_run(const Call& call) {
  WorkflowOptions workflow;
  std::optional<int> jobs;
  std::optional<int> keep_going;
  bool dry_run = false;
  Options options(call.verb);
  workflow.declare(options);
  std::vector<std::string> resources;
  std::optional<std::string> events;
  std::optional<std::string> status;
  std::optional<std::string> executor;
  options.number("jobs,j", jobs)
      .value("events", events)
      .value("status", status)
      .value("executor", executor)
      .list("resources", resources)
      .optional_number("keep-going,k", keep_going, 0)
      .flag("dry-run,n", dry_run);
  TracingOptions tracing;
  tracing.declare(options);
  options.parse(call.arguments);
  if (jobs && *jobs < 1) throw run_usage("-j needs a number of at least 1");
  if (keep_going && *keep_going < 0) throw run_usage("-k takes a number of failures, 0 for any");
  if (events && dry_run)
    throw run_usage("--events tells of a run, and -n runs nothing", "leave one of them out");
  if (executor && *executor != "local" && *executor != "slurm")
    throw run_usage(
        base::format("--executor is local or slurm, not '{}'", base::printable(*executor)));
  std::optional<StatusFormat> format;
  if (status) format.emplace(*status);
  auto request = workflow.request(call);
  request.jobs = jobs.value_or(0);
  request.keep_going = keep_going;
  request.tracing = tracing.tracing(call.verb);
  request.limits = limits_of(resources);
  request.every_step_reported = call.console->json() || events;
  if (dry_run) {
    print_plan(*call.console, app::plan_workflow(request), false);
    return 0;
  }
  const os::InterruptCounter interrupts;
  std::optional<EventStream> stream;
  if (events) stream.emplace(*call.console, *events);
  RunView view(*call.console, call.called_in);
  if (format) view.lay_out(std::move(*format));
  view.tell_events_to(stream ? &*stream : nullptr);
  const auto count = [&] { return interrupts.count(); };
  const bool slurm = executor && *executor == "slurm";
  const auto report = slurm ? app::run_workflow_on_slurm(request, view, count)
                            : app::run_workflow(request, view, count);
  view.summary(report, interrupts.last_signal());
  if (report.outcome.state == core::RunState::interrupted)
    return 128 + (interrupts.last_signal() != 0 ? interrupts.last_signal() : SIGINT);
  if (report.outcome.state != core::RunState::completed) return 1;
  if (!report.refusal.empty())
    throw base::Error(base::ErrorCode::refused, report.refusal)
        .hint("'provrun doctor' says how this machine can observe");
  return 0;
}

int command_plan(const Call& call) {
  WorkflowOptions workflow;
  Options options(call.verb);
  workflow.declare(options);
  options.parse(call.arguments);
  print_plan(*call.console, app::plan_workflow(workflow.request(call)), false);
  return 0;
}

int command_status(const Call& call) {
  WorkflowOptions workflow;
  bool exit_code = false;
  Options options(call.verb);
  workflow.declare(options);
  options.flag("exit-code", exit_code);
  options.parse(call.arguments);
  const auto plan = app::plan_workflow(workflow.request(call));
  print_plan(*call.console, plan, true);
  return exit_code && plan.would_run + plan.blocked > 0 ? 3 : 0;
}

int command_why(const Call& call) {
  std::optional<std::string> file;
  std::optional<std::string> run;
  std::optional<std::string> against;
  std::vector<std::string> set;
  std::vector<std::string> words;
  Options options(call.verb);
  options.value("file,f", file)
      .value("run", run)
      .value("against", against)
      .list("set", set)
      .positional(words);
  options.parse(call.arguments);
  if (words.size() != 1)
    throw run_usage("why takes one step or file", "for example: provrun why report");
  auto& console = *call.console;
  const auto print = [&](const std::string& step, const core::Reason& reason,
                         std::string_view state) {
    codec::Json line = codec::Json::object(
        {{"type", "step"}, {"step", step}, {"state", state}, {"reason", reason_object(reason)}});
    console.object(std::move(line));
    if (reason.kind.empty()) {
      console.result(base::format("{}: {}", base::printable(step),
                                  state == "up_to_date" ? "up to date" : "no difference"));
      return;
    }
    console.result(base::format("{}: {}", base::printable(step), describe(reason)));
    const auto show = [&](const char* label, const std::string& value) {
      if (value.empty()) return;
      for (const auto part : base::split(value, '\n')) {
        console.result(base::format("  {} {}", label, base::printable(part)));
        label = "       ";
      }
    };
    show("before:", reason.before);
    show("now:   ", reason.after);
  };
  if (run || against) {
    if (!run) run = "latest";
    const auto archive = open_archive(call, app::Archive::Mode::look);
    for (const auto& [step, reason] : app::explain_between_runs(*archive, words[0], *run, against))
      print(step, reason, "recorded");
    return 0;
  }
  WorkflowOptions workflow;
  workflow.file = file;
  workflow.set = set;
  auto request = workflow.request(call);
  for (const auto& step : app::explain_present(request, words[0]))
    print(step.step, step.reason, state_name(step.state));
  return 0;
}

}  // namespace provrun::cli
