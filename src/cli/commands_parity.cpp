#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "parity_percent.hpp"
#include "provrun/app/parity.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/signals.hpp"

namespace provrun::cli {

int parity_percent_of(const Call& call, const std::string& text) {
  for (const auto percent : app::kParityChoices)
    if (text == std::to_string(percent)) return percent;
  throw usage(call,
              base::format("parity is 0, 3, 6, 12 or 25 percent, not '{}'", base::printable(text)));
}

int command_parity(const Call& call) {
  app::ParityRequest request;
  request.repository = call.global.repository;
  std::optional<std::string> percent;
  std::vector<std::string> words;
  Options options(call.verb);
  options.value("set", percent).flag("make", request.make).positional(words);
  options.parse(call.arguments);
  if (!words.empty()) throw usage(call, "parity takes no arguments");
  if (percent) request.percent = parity_percent_of(call, *percent);
  // What a larger share lacks is made, and what none has too much goes.
  request.make = request.make || percent;
  auto& console = *call.console;
  os::InterruptCounter interrupts;
  request.interrupted = [&] { return interrupts.count() > 0; };
  std::chrono::nanoseconds drawn{};
  const auto report = app::repository_parity(request, [&](std::uint64_t done, std::uint64_t total) {
    const auto now = os::steady_now();
    if (!console.options().live || now - drawn < std::chrono::milliseconds(200)) return;
    drawn = now;
    console.status(
        base::format("making parity: {} of {}", base::format_size(done), base::format_size(total)));
  });
  console.status("");
  codec::Json damaged = codec::Json::array();
  for (const auto& pack : report.damaged) damaged.push_back(pack);
  console.object(codec::Json::object({{"type", "summary"},
                                      {"parity_percent", report.percent},
                                      {"packs", report.packs},
                                      {"covered_packs", report.covered},
                                      {"waiting_bytes", report.waiting_bytes},
                                      {"parity_groups", report.groups},
                                      {"parity_bytes", report.parity_bytes},
                                      {"groups_made", report.made},
                                      {"groups_removed", report.removed},
                                      {"damaged_packs", std::move(damaged)}}));
  console.flush();
  if (report.percent == 0) {
    console.note("provrun: this repository has no parity; 'provrun parity --set 6' gives it some");
  } else {
    console.note(
        base::format("provrun: parity of {} %: {} of {} packs in {} group{}, {}{}", report.percent,
                     base::format_count(report.covered), base::format_count(report.packs),
                     base::format_count(report.groups), report.groups == 1 ? "" : "s",
                     base::format_size(report.parity_bytes),
                     report.waiting_bytes > 0
                         ? base::format("; {} waiting, 'provrun parity --make' makes theirs",
                                        base::format_size(report.waiting_bytes))
                         : std::string()));
  }
  if (report.damaged.empty()) return 0;
  for (const auto& pack : report.damaged)
    console.warning(base::format("provrun: {} is damaged, so it is in no group", pack));
  console.warning("hint: 'provrun check --repair' repairs it where that is possible");
  return 5;
}

}  // namespace provrun::cli
