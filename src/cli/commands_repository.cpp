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

}  // namespace provrun::cli
