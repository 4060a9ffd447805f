#include <algorithm>
#include <csignal>

#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "provrun/app/reproduce.hpp"
#include "provrun/app/run_command.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/signals.hpp"
#include "run_view.hpp"
#include "tracing_options.hpp"

namespace provrun::cli {

namespace {

engine::Variables variables() {
  engine::Variables result;
  for (auto& [name, value] : os::environment_variables()) result[name] = value;
  return result;
}

Colour verdict_colour(app::Verdict verdict) {
  if (verdict == app::Verdict::withheld) return Colour::yellow;
  return verdict <= app::Verdict::equivalent ? Colour::green : Colour::red;
}

// How an output was compared, and the first places where the versions part.
void show_comparison(Console& console, const app::OutputVerdict& output) {
  constexpr std::size_t kShown = 3;  // the rest stands in --json
  const auto& comparison = output.comparison;
  if (output.verdict == app::Verdict::equivalent)
    console.result("            compared " + comparison.method);
  const auto shown = std::min(kShown, comparison.differences.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& difference = comparison.differences[i];
    console.result(base::format("            {}: {} → {}", base::printable(difference.where),
                                difference.before, difference.after));
  }
  if (comparison.difference_count > shown)
    console.result(base::format("            and {} more", comparison.difference_count - shown));
}

}  // namespace

namespace {

app::CommandRequest command_request(const Call& call) {
  app::CommandRequest request;
  std::vector<std::string> words;
  Options options(call.verb);
  options.list("input,i", request.inputs).list("output,o", request.outputs).positional(words);
  TracingOptions tracing;
  tracing.declare(options);
  options.parse(call.arguments);
  if (!words.empty() || !call.has_command || call.command.empty())
    throw base::Error(base::ErrorCode::invalid_input, "exec needs a command after '--'")
        .hint("for example: provrun exec -o out.txt -- sort -o out.txt in.txt");
  request.command = call.command;
  // With --json standard output has nothing but objects.
  request.output_to_error = call.console->json();
  request.tracing = tracing.tracing(call.verb);
  request.repository = call.global.repository;
  request.trigger = call.command_line;
  request.variables = variables();
  return request;
}

int record_command(const Call& call, const app::CommandRequest& request) {
  call.console->flush();
  const os::InterruptCounter interrupts;
  const auto report = app::run_command(
      request, [&] { return interrupts.count(); }, [&] { return interrupts.terminations(); });
  if (!report.failure.empty()) call.console->warning("provrun: " + base::printable(report.failure));
  for (const auto& notice : report.notices) call.console->warning("provrun: " + notice);
  codec::Json summary = codec::Json::object({{"type", "summary"}});
  if (report.spooled)
    summary.set("spooled", true);
  else
    summary.set("run", report.run);
  call.console->object(summary.set("state", report.exit_code == 0 ? "completed" : "failed")
                           .set("exit_code", report.exit_code));
  call.console->note(report.spooled
                         ? std::string("provrun: written to the spool; the next run records it")
                         : base::format("provrun: run {} recorded", report.run));
  if (report.exit_code == 0 && !report.refusal.empty()) {
    call.console->error(base::Error(base::ErrorCode::refused, report.refusal)
                            .hint("'provrun doctor' says how this machine can observe"));
    return exit_code_of(base::ErrorCode::refused);
  }
  return report.exit_code;
}

}  // namespace

// The exit code is the command's: a failure of provrun itself must not look like one of it.
int command_exec(const Call& call) {
  constexpr int kOwnFailure = 125;
  const auto request = command_request(call);
  try {
    return record_command(call, request);
  } catch (const base::Error& error) {
    call.console->error(error, kOwnFailure);
    return kOwnFailure;
  }
}

int command_reproduce(const Call& call) {
  app::ReproduceRequest request;
  std::vector<std::string> words;
  std::optional<int> jobs;
  Options options(call.verb);
  options.number("jobs,j", jobs).value("into", request.into).positional(words);
  TracingOptions tracing;
  tracing.declare(options);
  options.parse(call.arguments);
  if (words.size() != 1)
    throw base::Error(base::ErrorCode::invalid_input, "reproduce takes one run")
        .hint("for example: provrun reproduce latest");
  if (jobs && *jobs < 1)
    throw base::Error(base::ErrorCode::invalid_input, "-j needs a number of at least 1");
  request.run = words[0];
  request.tracing = tracing.tracing(call.verb);
  request.jobs = jobs.value_or(0);
  request.repository = call.global.repository;
  request.trigger = call.command_line;
  request.variables = variables();
  auto& console = *call.console;
  const os::InterruptCounter interrupts;
  // The steps of the replay are shown as those of a run, on standard error; standard output has the
  // verdicts.
  auto quiet_options = console.options();
  quiet_options.json = false;
  Console progress(quiet_options);
  RunView view(progress, call.called_in);
  const auto report = app::reproduce(request, view, [&] { return interrupts.count(); });
  progress.status("");
  for (const auto& notice : report.notices) console.warning("provrun: " + notice);
  std::size_t identical = 0;
  std::size_t equivalent = 0;
  for (const auto& output : report.outputs) {
    identical += output.verdict == app::Verdict::identical ? 1 : 0;
    equivalent += output.verdict == app::Verdict::equivalent ? 1 : 0;
    codec::Json line = codec::Json::object({{"type", "output"}});
    core::set_path(line, output.path);
    line.set("step", output.step).set("verdict", app::name_of(output.verdict));
    if (output.recorded) line.set("recorded", output.recorded->to_string());
    if (output.reproduced) line.set("reproduced", output.reproduced->to_string());
    if (!output.comparison.method.empty()) {
      line.set("compared", output.comparison.method);
      codec::Json differences = codec::Json::array();
      for (const auto& difference : output.comparison.differences)
        differences.push_back(codec::Json::object({{"where", difference.where},
                                                   {"before", difference.before},
                                                   {"after", difference.after}}));
      line.set("differences", std::move(differences))
          .set("difference_count", output.comparison.difference_count);
    }
    console.object(std::move(line));
    console.result(base::format("{}  {}",
                                console.paint(verdict_colour(output.verdict),
                                              base::format("{:<10}", app::name_of(output.verdict))),
                                base::printable(output.path)));
    show_comparison(console, output);
  }
  const auto verdict = report.verdict();
  codec::Json summary =
      codec::Json::object({{"type", "summary"},
                           {"run", report.run},
                           {"verdict", app::name_of(verdict)},
                           {"outputs", static_cast<std::int64_t>(report.outputs.size())},
                           {"identical", static_cast<std::int64_t>(identical)},
                           {"equivalent", static_cast<std::int64_t>(equivalent)}});
  if (!report.failure.empty()) summary.set("failure", report.failure);
  if (!report.directory.empty()) summary.set("directory", report.directory);
  console.object(std::move(summary));
  console.note(base::format(
      "provrun: {} of {} outputs identical{}{}", identical, report.outputs.size(),
      equivalent > 0 ? base::format(", {} equivalent", equivalent) : "",
      report.directory.empty() ? ""
                               : "; both can be compared in " + base::printable(report.directory)));
  if (verdict > app::Verdict::withheld) return 4;
  if (!report.refusal.empty())
    throw base::Error(base::ErrorCode::refused, report.refusal)
        .hint("'provrun doctor' says how this machine can observe");
  if (verdict == app::Verdict::withheld) {
    console.note(
        "provrun: an output with a secret in it was not stored: only the workspace that it was "
        "made "
        "in can compare it");
    return 3;
  }
  return 0;
}

}  // namespace provrun::cli
