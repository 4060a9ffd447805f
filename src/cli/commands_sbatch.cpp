#include <algorithm>

#include "command.hpp"
#include "commands.hpp"
#include "provrun/app/batch_script.hpp"
#include "provrun/app/slurm_executor.hpp"
#include "provrun/app/spool.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/piped_program.hpp"
#include "provrun/os/signals.hpp"

namespace provrun::cli {

namespace {

constexpr int kOwnFailure = 125;

engine::Variables all_variables() {
  engine::Variables result;
  for (auto& [name, value] : os::environment_variables()) result[name] = value;
  return result;
}

// In the job: the exit code is the script's.
int run_task(const Call& call) {
  try {
    const auto request = app::batch_task(call.arguments, all_variables());
    const os::InterruptCounter interrupts;
    const auto report = app::run_command(
        request, [&] { return interrupts.count(); }, [&] { return interrupts.terminations(); });
    if (!report.failure.empty())
      call.console->warning("provrun: " + base::printable(report.failure));
    return report.exit_code;
  } catch (const base::Error& error) {
    call.console->error(error, kOwnFailure);
    return kOwnFailure;
  }
}

}  // namespace

void show_spool_report(Console& console, const app::SpoolReport& report, bool always) {
  for (const auto& notice : report.notices) console.warning("provrun: " + notice);
  if (!always && report.executions == 0) return;
  console.object(codec::Json::object({{"type", "summary"},
                                      {"recorded_runs", report.runs.size()},
                                      {"recorded_executions", report.executions},
                                      {"running", report.running}}));
  std::string text = base::format("provrun: {} execution{} recorded in {} run{}", report.executions,
                                  report.executions == 1 ? "" : "s", report.runs.size(),
                                  report.runs.size() == 1 ? "" : "s");
  if (report.running > 0)
    text += base::format("; {} {} not ended", report.running, report.running == 1 ? "has" : "have");
  if (report.elsewhere > 0)
    text += base::format("; {} for other repositories stay{}", report.elsewhere,
                         report.elsewhere == 1 ? "s" : "");
  console.note(text);
}

int command_sbatch(const Call& call) {
  if (!call.arguments.empty() && call.arguments[0] == "--task") return run_task(call);
  if (call.arguments.size() == 2 && call.arguments[0] == "--step")
    return app::run_slurm_step(call.arguments[1]);
  constexpr std::uint64_t kLargestScript = 4U << 20U;
  auto& console = *call.console;
  app::BatchRequest request;
  request.words = call.arguments;
  request.trigger = call.command_line;
  request.repository = call.global.repository;
  try {
    if (app::wants_standard_input(request.words))
      request.standard_input = os::read_all_standard_input(kLargestScript);
    const auto report = app::submit_batch(request, [&](std::string_view text) {
      if (console.json()) return;
      console.raw_result(std::string(text));
      console.flush();
    });
    if (!report.job.empty())
      console.object(codec::Json::object({{"type", "job"}, {"job", report.job}}));
    if (report.exit_code != 0 && !report.waited) return report.exit_code;
    if (report.waited)
      show_spool_report(console, app::take_up_spool(request.repository, [] { return true; }), true);
    return report.exit_code;
  } catch (const base::Error& error) {
    const int code = error.code() == base::ErrorCode::invalid_input ? 2 : kOwnFailure;
    console.error(error, code);
    return code;
  }
}

}  // namespace provrun::cli
