#include "commands.hpp"
#include "options.hpp"
#include "provrun/app/diagnose.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"

namespace provrun::cli {

int command_doctor(const Call& call) {
  std::vector<std::string> words;
  Options options(call.verb);
  options.positional(words);
  options.parse(call.arguments);
  if (!words.empty())
    throw base::Error(base::ErrorCode::invalid_input, "doctor takes no arguments")
        .hint("'provrun help doctor' shows how it is used");
  auto& console = *call.console;
  bool failed = false;
  for (const auto& check : app::diagnose(call.global.repository)) {
    failed = failed || check.state == app::Check::State::failed;
    auto line = codec::Json::object({{"type", "check"},
                                     {"name", check.name},
                                     {"state", app::name_of(check.state)},
                                     {"detail", check.detail}});
    if (!check.hint.empty()) line.set("hint", check.hint);
    console.object(std::move(line));
    const auto colour = check.state == app::Check::State::ok         ? Colour::green
                        : check.state == app::Check::State::degraded ? Colour::yellow
                                                                     : Colour::red;
    console.result(base::format(
        "{}  {}: {}", console.paint(colour, base::format("{:<8}", app::name_of(check.state))),
        check.name, check.detail));
    if (!check.hint.empty()) console.result(base::format("{:<8}  hint: {}", "", check.hint));
  }
  return failed ? 1 : 0;
}

}  // namespace provrun::cli
