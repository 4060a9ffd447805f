#include "command.hpp"
#include "commands.hpp"
#include "entry_view.hpp"
#include "options.hpp"
#include "provrun/app/tar_exchange.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/terminal.hpp"

namespace provrun::cli {

namespace {

void tell_left_out(Console& console, const std::vector<std::string>& paths) {
  for (const auto& path : paths)
    console.warning(base::format("provrun: left out: {}", base::printable(path)));
}

}  // namespace

int command_export(const Call& call) {
  app::TarExportRequest request;
  request.shelf.repository = call.global.repository;
  std::optional<std::string> format;
  std::vector<std::string> words;
  Options options(call.verb);
  add_filter(options, request.shelf.filter);
  options.value("format", format).value("since", request.since).positional(words);
  options.parse(call.arguments);
  if (words.size() != 1) throw usage(call, "export takes one snapshot");
  if (format.value_or("tar") != "tar")
    throw usage(call, base::format("--format takes tar, not '{}'", base::printable(*format)));
  auto& console = *call.console;
  if (console.json())
    throw usage(call, "export writes the archive to standard output, so it has no --json");
  if (os::is_terminal(1))
    throw usage(call, "export does not write an archive to a terminal; add > FILE.tar");
  complete_filter(request.shelf.filter);
  request.snapshot = words[0];
  const auto summary = app::export_tar(request, os::write_standard_output);
  tell_left_out(console, summary.left_out);
  console.note(base::format("provrun: {} file{}, {} exported{}", base::format_count(summary.files),
                            summary.files == 1 ? "" : "s", base::format_size(summary.bytes),
                            request.since
                                ? base::format(", {} deleted", base::format_count(summary.deleted))
                                : std::string()));
  return summary.left_out.empty() ? 0 : 3;
}

int command_import(const Call& call) {
  app::TarImportRequest request;
  request.shelf.repository = call.global.repository;
  Options options(call.verb);
  options.list("tag", request.tags).positional(request.archives);
  options.parse(call.arguments);
  if (request.archives.empty()) throw usage(call, "import takes one or more archives, or -");
  auto& console = *call.console;
  bool complete = true;
  app::import_tar(request, [&](const app::TarImport& result) {
    codec::Json line = codec::Json::object({{"type", "summary"},
                                            {"archive", result.archive},
                                            {"snapshot", result.snapshot},
                                            {"files", result.files},
                                            {"bytes", result.bytes}});
    if (result.identical) line.set("identical", *result.identical);
    console.object(std::move(line));
    complete = complete && result.left_out.empty();
    tell_left_out(console, result.left_out);
    console.note(
        base::format("provrun: {}: snapshot {}, {} files, {}{}", base::printable(result.archive),
                     short_id(result.snapshot), base::format_count(result.files),
                     base::format_size(result.bytes),
                     result.identical.value_or(false) ? ", the tree that was exported" : ""));
  });
  return complete ? 0 : 3;
}

}  // namespace provrun::cli
