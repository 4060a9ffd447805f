#include "commands.hpp"
#include "provrun/app/clean.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/signals.hpp"
#include "workflow_options.hpp"

namespace provrun::cli {

int command_clean(const Call& call) {
  WorkflowOptions workflow;
  bool dry_run = false;
  Options options(call.verb);
  options.value("file,f", workflow.file)
      .list("set", workflow.set)
      .flag("dry-run,n", dry_run)
      .positional(workflow.words);
  options.parse(call.arguments);
  auto& console = *call.console;
  const os::InterruptCounter interrupts;
  const auto report = app::clean_workflow(
      workflow.request(call), dry_run,
      [&](const app::CleanedFile& file) {
        const auto* state = !file.kept.empty() ? "kept" : dry_run ? "would_remove" : "removed";
        auto line = codec::Json::object(
            {{"type", "cleaned"}, {"step", file.step}, {"state", state}, {"bytes", file.bytes}});
        core::set_path(line, file.path);
        if (!file.kept.empty()) line.set("reason", file.kept);
        console.object(std::move(line));
        if (!file.kept.empty())
          console.note(base::format("kept {}: {}", base::printable(file.path), file.kept));
        else if (dry_run || console.options().verbosity > 0)
          console.result(base::format("{} {}", dry_run ? "would remove" : "removed",
                                      base::printable(file.path)));
      },
      [&](const std::string& holder) {
        console.note(base::format("provrun: waiting for {}",
                                  holder.empty() ? "another run" : base::printable(holder)));
      },
      [&] { return interrupts.count() > 0; });
  console.object(codec::Json::object({{"type", "summary"},
                                      {"removed", report.removed},
                                      {"kept", report.kept},
                                      {"bytes", report.bytes}}));
  std::string text = base::format("provrun: {} {} file{}", dry_run ? "would remove" : "removed",
                                  report.removed, report.removed == 1 ? "" : "s");
  if (report.removed > 0) text += " (" + base::format_size(report.bytes) + ")";
  if (report.kept > 0) text += base::format(", kept {}", report.kept);
  console.note(text);
  return interrupts.count() > 0 ? 128 + interrupts.last_signal() : 0;
}

}  // namespace provrun::cli
