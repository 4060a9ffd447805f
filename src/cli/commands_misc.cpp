#include <algorithm>

#include "command.hpp"
#include "commands.hpp"
#include "manual.hpp"
#include "options.hpp"
#include "parity_percent.hpp"
#include "provrun/app/initialize.hpp"
#include "provrun/app/parity.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/cli/manual_pages.hpp"

namespace provrun::cli {

std::string manual_page(std::string_view verb, const Console& console) {
  const auto wanted = verb == "provrun" ? std::string_view() : verb;
  const auto pages = manual_pages();
  const auto page =
      std::find_if(pages.begin(), pages.end(), [&](const auto& p) { return p.verb == wanted; });
  if (page == pages.end()) {
    std::vector<std::string> names;
    for (const auto& known : pages)
      if (!known.verb.empty()) names.emplace_back(known.verb);
    const auto nearest = base::nearest(verb, names);
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("no verb '{}'", base::printable(verb)))
        .hint(nearest ? base::format("did you mean '{}'?", *nearest)
                      : std::string("'provrun help' lists the verbs"));
  }
  std::string text;
  for (const auto line : base::split(page->text, '\n')) {
    const bool heading = !line.empty() && line[0] != ' ';
    text += heading ? console.paint(Colour::bold, line) : std::string(line);
    text += '\n';
  }
  text.pop_back();
  return text;
}

int command_help(const Call& call) {
  std::vector<std::string> words;
  Options options(call.verb);
  options.positional(words);
  options.parse(call.arguments);
  if (words.size() > 1) throw base::Error(base::ErrorCode::invalid_input, "help takes one verb");
  const auto verb = words.empty() ? std::string("provrun") : words[0];
  call.console->raw_result(manual_page(verb, *call.console));
  call.console->object(codec::Json::object(
      {{"type", "help"}, {"verb", verb}, {"text", manual_page(verb, *call.console)}}));
  return 0;
}

int command_completion(const Call& call) {
  std::vector<std::string> words;
  Options options(call.verb);
  options.positional(words);
  options.parse(call.arguments);
  const auto usage = [](std::string message) {
    return base::Error(base::ErrorCode::invalid_input, std::move(message))
        .hint("for example: provrun completion bash");
  };
  if (words.size() != 1) throw usage("completion takes one shell: bash, zsh or fish");
  for (const auto& script : completion_scripts())
    if (script.shell == words[0]) {
      call.console->raw_result(script.text);
      call.console->object(codec::Json::object(
          {{"type", "completion"}, {"shell", script.shell}, {"text", script.text}}));
      return 0;
    }
  throw usage(base::format("no completion for '{}': bash, zsh and fish have one",
                           base::printable(words[0])));
}

int command_init(const Call& call) {
  std::optional<std::string> template_name;
  std::vector<std::string> words;
  Options options(call.verb);
  std::optional<std::string> parity_text;
  options.value("template", template_name).value("parity", parity_text).positional(words);
  options.parse(call.arguments);
  const auto parity = parity_text ? parity_percent_of(call, *parity_text) : app::kDefaultParity;
  if (words.size() > 1) throw base::Error(base::ErrorCode::invalid_input, "init takes one folder");
  auto& console = *call.console;
  app::InitializeReport report;
  if (call.global.repository) {
    if (template_name || !words.empty())
      throw base::Error(base::ErrorCode::invalid_input,
                        "with --repo, init makes only that repository")
          .hint("make the workspace by a call of its own: provrun init DIR");
    report = app::initialize_repository(*call.global.repository, parity);
  } else {
    report = app::initialize_workspace(words.empty() ? "." : words[0], template_name, parity);
  }
  codec::Json files = codec::Json::array();
  for (const auto& file : report.files) {
    files.push_back(file);
    console.note("  " + base::printable(file));
  }
  console.object(codec::Json::object(
      {{"type", "summary"},
       {"workspace", report.directory.empty() ? codec::Json() : codec::Json(report.directory)},
       {"repository", report.repository.empty() ? codec::Json() : codec::Json(report.repository)},
       {"files", files.as_array().size()},
       {"made", std::move(files)}}));
  if (report.repository.empty() && parity_text)
    console.warning("provrun: its parity is as it was; 'provrun parity --set' changes it");
  if (!report.repository.empty())
    console.note("provrun: made the repository " + base::printable(report.repository));
  else
    console.note("provrun: there is a repository already");
  if (template_name)
    console.note("provrun: run it with: provrun " +
                 (words.empty() ? std::string() : "-C " + base::shell_quote(words[0]) + " ") +
                 "run");
  return 0;
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all{{"run", command_run},
                                        {"plan", command_plan},
                                        {"status", command_status},
                                        {"why", command_why},
                                        {"exec", command_exec},
                                        {"sbatch", command_sbatch},
                                        {"make", command_make},
                                        {"log", command_log},
                                        {"show", command_show},
                                        {"env", command_env},
                                        {"diff", command_diff},
                                        {"lineage", command_lineage},
                                        {"graph", command_graph},
                                        {"backup", command_backup},
                                        {"lint", command_lint},
                                        {"clean", command_clean},
                                        {"snapshots", command_snapshots},
                                        {"find", command_find},
                                        {"stats", command_stats},
                                        {"mount", command_mount},
                                        {"export", command_export},
                                        {"import", command_import},
                                        {"check", command_check},
                                        {"ls", command_ls},
                                        {"cat", command_cat},
                                        {"restore", command_restore},
                                        {"reproduce", command_reproduce},
                                        {"verify", command_verify},
                                        {"repair", command_repair},
                                        {"forget", command_forget},
                                        {"undelete", command_undelete},
                                        {"hold", command_hold},
                                        {"prune", command_prune},
                                        {"parity", command_parity},
                                        {"init", command_init},
                                        {"doctor", command_doctor},
                                        {"help", command_help},
                                        {"completion", command_completion}};
  return all;
}

const Command* find_command(std::string_view name) {
  for (const auto& command : commands())
    if (command.name == name) return &command;
  return nullptr;
}

}  // namespace provrun::cli
