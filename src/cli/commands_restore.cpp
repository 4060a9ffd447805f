#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "progress_line.hpp"
#include "provrun/app/browse.hpp"
#include "provrun/app/stored_files.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/core/record.hpp"
#include "watched_interrupts.hpp"

namespace provrun::cli {

namespace {

std::string count_of(std::uint64_t count, std::string_view what) {
  return base::format("{} {}{}", base::format_count(count), what, count == 1 ? "" : "s");
}

// What is wrong with what was restored, and the exit code for it.
int show_problems(Console& console, const snapshot::RestoreReport& report) {
  int code = 0;
  for (const auto& problem : report.problems) {
    codec::Json line = codec::Json::object({{"type", "error"},
                                            {"code", problem.damage ? "corruption" : "failed"},
                                            {"message", "not restored: " + problem.message},
                                            {"exit_code", problem.damage ? 5 : 1}});
    core::set_path(line, problem.path);
    console.object(std::move(line));
    console.warning(base::format("provrun: {} {}: {}",
                                 console.paint_err(Colour::red, "not restored:"),
                                 base::printable(problem.path), problem.message));
    code = problem.damage || code == 5 ? 5 : 1;
  }
  if (report.foreign_owners > 0)
    console.warning(base::format("provrun: {} could not be given back: only root may do that",
                                 count_of(report.foreign_owners, "owner")));
  if (report.lost_attributes > 0)
    console.warning(base::format("provrun: {} could not be set: {}",
                                 count_of(report.lost_attributes, "attribute"),
                                 report.lost_attribute));
  return code;
}

}  // namespace

int command_restore(const Call& call) {
  std::optional<std::string> run;
  std::optional<std::string> into;
  std::optional<int> threads;
  app::RestoreRequest request;
  Options options(call.verb);
  options.value("run", run)
      .value("into", into)
      .flag("overwrite", request.overwrite)
      .flag("delete", request.remove_others)
      .flag("dry-run,n", request.dry_run)
      .flag("verify", request.verify)
      .number("threads", threads)
      .positional(request.selections);
  options.parse(call.arguments);
  if (!into) throw usage(call, "restore needs --into DIR");
  if (!run && request.selections.empty())
    throw usage(call, "restore needs a snapshot, or --run RUN");
  if (request.remove_others && !request.overwrite)
    throw usage(call, "--delete goes with --overwrite");
  if (threads && (*threads < 1 || *threads > 256))
    throw usage(call, "--threads takes a number from 1 to 256");
  request.threads = static_cast<unsigned>(threads.value_or(0));
  request.repository = call.global.repository;
  request.into = *into;
  request.is_run = run.has_value();
  if (run) {
    request.snapshot = *run;
  } else {
    // "SNAPSHOT:PATH" is the snapshot and a path in it.
    const auto [name, path] = snapshot::split_snapshot_path(request.selections[0]);
    request.snapshot = name;
    request.selections.erase(request.selections.begin());
    if (!path.empty()) request.selections.insert(request.selections.begin(), path);
  }
  auto& console = *call.console;
  const WatchedInterrupts interrupts;
  app::RestoreSummary summary;
  try {
    summary =
        app::restore_files(request, ProgressLine(console, "restoring"), interrupts.cancellation());
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::cancelled) throw;
    console.error(base::Error(base::ErrorCode::cancelled, "interrupted")
                      .hint("with --overwrite, the next restore goes on where this one ended"));
    return interrupts.exit_code();
  }
  console.status("");
  const auto& report = summary.report;
  const int code = show_problems(console, report);
  for (const auto& one : summary.withheld) {
    codec::Json line = codec::Json::object(
        {{"type", "withheld"}, {"content", one.file.content.to_string()}, {"holds", one.holds}});
    core::set_path(line, one.file.path);
    console.object(std::move(line));
    console.warning(base::format("provrun: {} was not stored: it holds {}",
                                 base::printable(one.file.path), one.holds));
  }
  console.object(
      codec::Json::object({{"type", "summary"},
                           {"snapshot", summary.snapshot},
                           {"into", *into},
                           {"dry_run", request.dry_run},
                           {"files", report.files},
                           {"directories", report.directories},
                           {"symlinks", report.symlinks},
                           {"others", report.others},
                           {"bytes", report.bytes},
                           {"kept_files", report.kept_files},
                           {"removed", report.removed},
                           {"foreign_owners", report.foreign_owners},
                           {"lost_attributes", report.lost_attributes},
                           {"errors", static_cast<std::int64_t>(report.problems.size())}}));
  std::string text = base::format("provrun: {} files, {} {}restored into {}",
                                  base::format_count(report.files), base::format_size(report.bytes),
                                  request.dry_run ? "would be " : "", base::printable(*into));
  if (report.kept_files > 0)
    text += base::format("; {} of them were there already", base::format_count(report.kept_files));
  if (report.removed > 0) text += base::format("; {} removed", count_of(report.removed, "other"));
  console.note(text);
  return code;
}

}  // namespace provrun::cli
