#include "hooks.hpp"

#include "provrun/app/workspace.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/exec/local_executor.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

namespace {

// Of a hook's output the end is shown, as of a failed step's.
constexpr std::size_t kShownHookLines = 20;

std::map<std::string, std::string> environment_of_hook(const LoadedPipeline& loaded,
                                                       const RunRequest& request,
                                                       const RunReport& report,
                                                       const policy::Redactor& redactor) {
  auto environment = request.variables;
  environment.erase(std::string(engine::kWorkspaceVariable));
  for (const auto& [name, value] : loaded.workflow->hooks().environment->set) {
    std::string text;
    for (const auto& piece : value.pieces) text += piece.text;
    environment[name] = text;
  }
  environment["PROVRUN_RUN"] = report.run;
  environment["PROVRUN_RUN_STATE"] = std::string(core::name_of(report.outcome.state));
  environment["PROVRUN_WORKFLOW"] = report.workflow;
  const auto& failure = report.outcome.failure.empty() ? report.refusal : report.outcome.failure;
  environment["PROVRUN_FAILURE"] = redactor.redact(failure).text;
  return environment;
}

std::string how_it_failed(const core::Attempt& attempt) {
  if (!attempt.start_error.empty()) return "could not be started: " + attempt.start_error;
  if (attempt.signal != 0) return base::format("was ended by signal {}", attempt.signal);
  return base::format("failed with exit code {}", attempt.exit_code);
}

}  // namespace

void run_hooks(const LoadedPipeline& loaded, const RunRequest& request, const RunReport& report,
               const policy::Redactor& redactor,
               const std::function<void(const std::string&)>& tell,
               const std::function<int()>& interrupts) {
  const auto& hooks = loaded.workflow->hooks();
  const auto state = report.outcome.state;
  if (state == core::RunState::interrupted) return;
  const bool good = state == core::RunState::completed && report.refusal.empty();
  const auto& scripts = good ? hooks.on_success : hooks.on_failure;
  if (scripts.empty()) return;
  const std::string name = good ? "on_success" : "on_failure";
  try {
    const auto workspace = Workspace::at(loaded.directory);
    const auto logs = os::make_temporary_directory(workspace.runs_directory() + "/hook-");
    exec::LocalExecutor executor(logs);
    core::Job job;
    job.scripts = scripts;
    job.shell = *hooks.shell;
    job.working_directory = loaded.directory;
    job.workspace = loaded.directory;
    job.trace = core::TraceMode::off;
    const auto environment = environment_of_hook(loaded, request, report, redactor);
    job.environment.assign(environment.begin(), environment.end());
    executor.start(std::move(job));
    std::vector<core::JobResult> results;
    int stopped = interrupts();
    while (results.empty()) {
      results = executor.wait(std::chrono::milliseconds(100));
      if (interrupts() <= stopped) continue;
      executor.stop(stopped++ > 0 ? core::Stop::kill : core::Stop::terminate);
    }
    const auto& result = results.front();
    if (!result.log_path.empty()) {
      const auto text = redactor.redact(os::read_file(result.log_path)).text;
      const auto lines = base::split(base::trim(text), '\n');
      for (auto i = lines.size() - std::min(lines.size(), kShownHookLines); i < lines.size(); ++i)
        tell(base::format("{}: {}", name, base::printable(lines[i])));
    }
    os::remove_tree(logs);
    if (!result.attempt.succeeded())
      tell(base::format("the hook {} {}; the run is what it was without it", name,
                        how_it_failed(result.attempt)));
  } catch (const base::Error& error) {
    tell(base::format("the hook {} could not be run: {}", name, error.message()));
  }
}

}  // namespace provrun::app
