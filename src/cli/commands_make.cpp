#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "provrun/app/run_make.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/signals.hpp"
#include "tracing_options.hpp"

namespace provrun::cli {

namespace {

// The program: make, as the user's PATH has it.
constexpr const char* kMake = "make";

app::MakeRequest make_request(const Call& call) {
  app::MakeRequest request;
  std::vector<std::string> words;
  Options options(call.verb);
  TracingOptions tracing;
  tracing.declare(options);
  options.positional(words).parse(call.arguments);  // what stood before the verb
  if (!words.empty())
    throw base::Error(base::ErrorCode::invalid_input, "what make is to do comes after 'make'")
        .hint("for example: provrun --json make -j4 all");
  request.command = {kMake};
  request.command.insert(request.command.end(), call.command.begin(), call.command.end());
  // With --json standard output has nothing but objects.
  request.output_to_error = call.console->json();
  request.tracing = tracing.tracing(call.verb);
  request.repository = call.global.repository;
  request.trigger = call.command_line;
  for (auto& [name, value] : os::environment_variables()) request.variables[name] = value;
  return request;
}

void tell_step(Console& console, const core::Execution& execution) {
  if (!console.json()) return;
  auto line = codec::Json::object({{"type", "step"},
                                   {"step", execution.step},
                                   {"state", core::name_of(execution.state)},
                                   {"reason", codec::Json()}});
  if (!execution.attempts.empty()) {
    const auto& attempt = execution.attempts.back();
    line.set("duration_s", attempt.started.seconds_until(attempt.ended));
    if (!execution.failure.empty()) line.set("failure", execution.failure);
    line.set("exit_code", attempt.exit_code);
    if (attempt.signal != 0) line.set("signal", attempt.signal);
  }
  console.object(std::move(line));
  console.flush();
}

int record_make(const Call& call, const app::MakeRequest& request) {
  auto& console = *call.console;
  console.flush();
  const os::InterruptCounter interrupts;
  const auto report = app::run_make(
      request, [&] { return interrupts.count(); }, [&] { return interrupts.terminations(); },
      [&](const core::Execution& execution) { tell_step(console, execution); });
  if (!report.failure.empty()) console.warning("provrun: " + base::printable(report.failure));
  if (!report.undivided.empty() && !report.run.empty())
    console.warning("provrun: make is recorded as one execution: " +
                    base::printable(report.undivided));
  for (const auto& notice : report.notices) console.warning("provrun: " + notice);
  console.object(codec::Json::object({{"type", "summary"},
                                      {"run", report.run},
                                      {"workflow", "make"},
                                      {"state", core::name_of(report.state)},
                                      {"executed", report.counts.executed},
                                      {"reused", report.counts.reused},
                                      {"up_to_date", report.counts.up_to_date},
                                      {"failed", report.counts.failed},
                                      {"skipped", report.counts.skipped},
                                      {"recorded", !report.run.empty()},
                                      {"stored_bytes", report.stored_bytes},
                                      {"exit_code", report.exit_code}}));
  if (report.run.empty()) {
    console.note("provrun: make ran no recipe; there is nothing to record");
  } else {
    const auto all = report.counts.executed + report.counts.failed;
    const auto recipes = report.undivided.empty() ? all - 1 : 0;
    console.note(base::format(
        "provrun: run {} recorded{}", report.run,
        report.undivided.empty()
            ? base::format(", {} recipe{}, {} new in the repository", recipes,
                           recipes == 1 ? "" : "s", base::format_size(report.stored_bytes))
            : std::string()));
  }
  if (report.exit_code == 0 && !report.refusal.empty()) {
    console.error(base::Error(base::ErrorCode::refused, report.refusal)
                      .hint("'provrun doctor' says how this machine can observe"));
    return exit_code_of(base::ErrorCode::refused);
  }
  return report.exit_code;
}

}  // namespace

// The exit code is make's: a failure of provrun itself must not look like one of it.
int command_make(const Call& call) {
  constexpr int kOwnFailure = 125;
  const auto request = make_request(call);
  try {
    return record_make(call, request);
  } catch (const base::Error& error) {
    call.console->error(error, kOwnFailure);
    return kOwnFailure;
  }
}

}  // namespace provrun::cli
