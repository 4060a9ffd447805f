#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "provrun/app/lint.hpp"
#include "provrun/app/pipeline_file.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"

namespace provrun::cli {

int command_lint(const Call& call) {
  std::optional<std::string> file;
  std::vector<std::string> words;
  Options options(call.verb);
  options.value("file,f", file).positional(words);
  options.parse(call.arguments);
  if (words.size() + (file ? 1 : 0) > 1)
    throw base::Error(base::ErrorCode::invalid_input, "lint takes one pipeline")
        .hint("'provrun help lint' lists what it takes");
  if (!file && !words.empty()) file = words[0];
  const auto pipeline = file ? *file : app::find_pipeline(os::current_directory());
  const auto findings = app::lint_pipeline(pipeline, {});
  auto& console = *call.console;
  for (const auto& finding : findings) {
    codec::Json line = codec::Json::object(
        {{"type", "finding"}, {"rule", finding.rule}, {"message", finding.message}});
    std::string place;
    if (finding.place) {
      line.set("position", codec::Json::object({{"file", finding.place->file},
                                                {"line", finding.place->line},
                                                {"column", finding.place->column}}));
      place = base::format("{}:{}:{}: ", base::printable(finding.place->file), finding.place->line,
                           finding.place->column);
    } else {
      place = base::printable(pipeline) + ": ";
    }
    line.set("hint", finding.hint);
    console.object(std::move(line));
    console.result(base::format("{}{}: {}", place, console.paint(Colour::yellow, finding.rule),
                                finding.message));
    console.result("  " + finding.hint);
  }
  console.object(codec::Json::object({{"type", "summary"}, {"findings", findings.size()}}));
  console.note(findings.empty() ? std::string("provrun: nothing found")
                                : base::format("provrun: {} finding{}", findings.size(),
                                               findings.size() == 1 ? "" : "s"));
  return findings.empty() ? 0 : 1;
}

}  // namespace provrun::cli
