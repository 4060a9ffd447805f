#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "progress_line.hpp"
#include "provrun/app/stored_files.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"

namespace provrun::cli {

namespace {

base::Error usage(const Call& call, std::string message) {
  return base::Error(base::ErrorCode::invalid_input, std::move(message))
      .hint(base::format("'provrun help {}' lists what it takes", call.verb));
}

}  // namespace

int command_restore(const Call& call) {
  std::optional<std::string> run;
  std::optional<std::string> into;
  app::RestoreRequest request;
  Options options(call.verb);
  options.value("run", run)
      .value("into", into)
      .flag("overwrite", request.overwrite)
      .positional(request.selections);
  options.parse(call.arguments);
  if (!into) throw usage(call, "restore needs --into DIR");
  if (!run && request.selections.empty())
    throw usage(call, "restore needs a snapshot, or --run RUN");
  request.repository = call.global.repository;
  request.into = *into;
  request.is_run = run.has_value();
  if (run) {
    request.snapshot = *run;
  } else {
    request.snapshot = request.selections[0];
    request.selections.erase(request.selections.begin());
  }
  auto& console = *call.console;
  const auto report = app::restore_files(request, ProgressLine(console, "restoring"));
  console.status("");
  console.object(codec::Json::object({{"type", "summary"},
                                      {"snapshot", report.snapshot},
                                      {"into", *into},
                                      {"files", report.files},
                                      {"bytes", report.bytes}}));
  console.note(base::format("provrun: {} files, {} restored into {}",
                            base::format_count(report.files), base::format_size(report.bytes),
                            base::printable(*into)));
  return 0;
}

}  // namespace provrun::cli
