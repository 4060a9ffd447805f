#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "progress_line.hpp"
#include "provrun/app/stored_files.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/terminal.hpp"

namespace provrun::cli {

namespace {

base::Error usage(const Call& call, std::string message) {
  return base::Error(base::ErrorCode::invalid_input, std::move(message))
      .hint(base::format("'provrun help {}' lists what it takes", call.verb));
}

std::vector<std::string> only_words(const Call& call) {
  std::vector<std::string> words;
  Options options(call.verb);
  options.positional(words);
  options.parse(call.arguments);
  return words;
}

}  // namespace

int command_verify(const Call& call) {
  const auto words = only_words(call);
  if (words.size() != 1) throw usage(call, "verify takes one run or snapshot");
  auto& console = *call.console;
  const auto report =
      app::verify_files(call.global.repository, words[0], ProgressLine(console, "verifying"));
  console.status("");
  for (const auto& damage : report.damage) {
    codec::Json files = codec::Json::array();
    for (const auto& file : damage.files) files.push_back(file);
    console.object(codec::Json::object({{"type", "damage"},
                                        {"object", damage.object},
                                        {"problem", damage.problem},
                                        {"files", std::move(files)}}));
    console.warning(base::format("provrun: {} {}: {}", console.paint_err(Colour::red, "damaged:"),
                                 damage.object, damage.problem));
    for (const auto& file : damage.files) console.warning("  needed by " + base::printable(file));
  }
  console.object(codec::Json::object({{"type", "summary"},
                                      {"snapshot", report.snapshot},
                                      {"damaged", static_cast<std::int64_t>(report.damage.size())},
                                      {"files", report.files},
                                      {"verified_bytes", report.verified_bytes}}));
  if (!report.damage.empty()) return 5;
  console.note(base::format("provrun: {} files, {} read and as they were stored",
                            base::format_count(report.files),
                            base::format_size(report.verified_bytes)));
  return 0;
}

int command_repair(const Call& call) {
  bool catalog = false;
  bool index = false;
  std::vector<std::string> words;
  Options options(call.verb);
  options.flag("catalog", catalog).flag("index", index).positional(words);
  options.parse(call.arguments);
  if (!words.empty()) throw usage(call, "repair takes no arguments");
  if (catalog == index) throw usage(call, "repair needs one of --catalog and --index");
  auto& console = *call.console;
  if (index) {
    const auto report = app::repair_index(call.global.repository);
    for (const auto& pack : report.damaged_packs)
      console.warning(base::format("provrun: {} pack {} has no readable footer",
                                   console.paint_err(Colour::red, "damaged:"), pack));
    console.object(
        codec::Json::object({{"type", "summary"},
                             {"packs", report.packs},
                             {"chunks", report.chunks},
                             {"damaged", static_cast<std::int64_t>(report.damaged_packs.size())}}));
    console.note(base::format("provrun: {} chunks of {} packs indexed",
                              base::format_count(report.chunks), base::format_count(report.packs)));
    return report.damaged_packs.empty() ? 0 : 5;
  }
  const auto workspace = workspace_here();
  const auto count =
      app::rebuild_catalog(app::locate_repository(call.global.repository, workspace), workspace);
  console.object(codec::Json::object({{"type", "summary"}, {"runs", count}}));
  console.note(base::format("provrun: the catalog has {} run{} again", base::format_count(count),
                            count == 1 ? "" : "s"));
  return 0;
}

}  // namespace provrun::cli
