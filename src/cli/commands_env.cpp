#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "provrun/app/software.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::cli {

namespace {

codec::Json files_json(const app::UsedSoftware& used) {
  codec::Json files = codec::Json::array();
  for (const auto& [path, content] : used.contents) {
    codec::Json file = codec::Json::object();
    core::set_path(file, path);
    file.set("content", content.to_string());
    files.push_back(std::move(file));
  }
  return files;
}

void tell_incomplete(Console& console, const app::SoftwareView& view) {
  if (!view.complete)
    console.warning(base::format(
        "{}: not everything was observed; there may be more than is listed", view.title));
}

int show(Console& console, const app::SoftwareView& view) {
  std::size_t unowned = 0;
  for (const auto& used : view.software) {
    const auto& software = used.software;
    console.object(codec::Json::object({{"type", "software"},
                                        {"of", view.title},
                                        {"kind", app::name_of(used.kind)},
                                        {"manager", software.manager},
                                        {"name", software.name},
                                        {"version", software.version},
                                        {"files", files_json(used)}}));
    if (console.json()) continue;
    if (software.name.empty()) {
      const auto& [path, content] = *used.contents.begin();
      console.result(base::format("{:<8} {:<7} {}  {}", app::name_of(used.kind), "",
                                  base::printable(path), content.to_string().substr(0, 19)));
      ++unowned;
      continue;
    }
    console.result(base::format("{:<8} {:<7} {} {}  ({} file{})", app::name_of(used.kind),
                                software.manager, base::printable(software.name),
                                base::printable(software.version), used.contents.size(),
                                used.contents.size() == 1 ? "" : "s"));
  }
  tell_incomplete(console, view);
  console.note(base::format("provrun: {} used {} packages and {} files of no package", view.title,
                            view.software.size() - unowned, unowned));
  return 0;
}

int diff(Console& console, const app::SoftwareView& a, const app::SoftwareView& b) {
  const auto changes = app::compare_software(a, b);
  const auto shortened = [](const std::string& text) {
    if (text.empty()) return std::string("(not used)");
    return text.starts_with("sha256:") ? text.substr(0, 19) : base::printable(text);
  };
  for (const auto& change : changes) {
    console.object(codec::Json::object({{"type", "software_change"},
                                        {"manager", change.manager},
                                        {"name", change.name},
                                        {"before", change.before},
                                        {"after", change.after}}));
    if (!console.json())
      console.result(base::format("{:<7} {}: {} → {}", change.manager, base::printable(change.name),
                                  shortened(change.before), shortened(change.after)));
  }
  tell_incomplete(console, a);
  tell_incomplete(console, b);
  if (changes.empty()) console.note("provrun: the software is the same");
  return 0;
}

}  // namespace

int command_env(const Call& call) {
  std::vector<std::string> words;
  Options options(call.verb);
  options.positional(words);
  options.parse(call.arguments);
  auto& console = *call.console;
  if (words.size() == 2 && words[0] == "show") {
    const auto archive = open_archive(call, app::Archive::Mode::look);
    return show(console, app::software_of(*archive, words[1]));
  }
  if (words.size() == 3 && words[0] == "diff") {
    const auto archive = open_archive(call, app::Archive::Mode::look);
    const auto a = app::software_of(*archive, words[1]);
    return diff(console, a, app::software_of(*archive, words[2]));
  }
  throw usage(call, "env takes 'show RUN|STEP' or 'diff A B'");
}

}  // namespace provrun::cli
