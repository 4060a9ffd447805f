#include <chrono>

#include "command.hpp"
#include "commands.hpp"
#include "entry_view.hpp"
#include "options.hpp"
#include "provrun/app/archive.hpp"
#include "provrun/app/check.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/signals.hpp"

namespace provrun::cli {

namespace {

constexpr std::size_t kShownFiles = 10;  // to people; --json has them all

void print_damage(Console& console, const app::CheckDamage& damage) {
  if (console.json()) {
    const auto texts = [](const std::vector<std::string>& items) {
      codec::Json list = codec::Json::array();
      for (const auto& item : items) list.push_back(item);
      return list;
    };
    codec::Json line = codec::Json::object({{"type", "damage"},
                                            {"object", damage.object},
                                            {"problem", damage.problem},
                                            {"files", texts(damage.files)},
                                            {"snapshots", texts(damage.snapshots)}});
    if (damage.files_omitted > 0) line.set("files_omitted", damage.files_omitted);
    if (!damage.repaired.empty()) line.set("repaired", damage.repaired);
    console.object(std::move(line));
    return;
  }
  if (!damage.repaired.empty()) {
    console.result(base::format("{} {}: {}; by {}", console.paint(Colour::green, "repaired:"),
                                damage.object, damage.problem, damage.repaired));
    return;
  }
  console.result(base::format("{} {}: {}", console.paint(Colour::red, "damaged:"), damage.object,
                              damage.problem));
  std::size_t shown = 0;
  for (const auto& file : damage.files)
    if (shown++ < kShownFiles) console.result("  needed by " + base::printable(file));
  const auto more =
      damage.files.size() + damage.files_omitted - std::min(damage.files.size(), kShownFiles);
  if (more > 0) console.result(base::format("  and {} more files", base::format_count(more)));
  if (!damage.snapshots.empty())
    console.result(base::format(
        "  in {} snapshot{}, {}{}", base::format_count(damage.snapshots.size()),
        damage.snapshots.size() == 1 ? "" : "s", short_id(damage.snapshots.front()),
        damage.snapshots.size() > 1 ? " to " + short_id(damage.snapshots.back()) : ""));
}

class CheckLine {
 public:
  explicit CheckLine(Console& console) : console_(console), started_(os::steady_now()) {}
  void operator()(const app::CheckProgress& progress) {
    const auto now = os::steady_now();
    if (!console_.options().live || now - drawn_ < std::chrono::milliseconds(200)) return;
    drawn_ = now;
    std::string line = progress.phase;
    if (progress.bytes) {
      const double seconds = std::chrono::duration<double>(now - started_).count();
      const double rate = seconds > 0 ? static_cast<double>(progress.done) / seconds : 0;
      line += base::format(": {} of {}, {}/s", base::format_size(progress.done),
                           base::format_size(progress.total),
                           base::format_size(static_cast<std::uint64_t>(rate)));
      if (rate > 0 && progress.total > progress.done)
        line += ", " +
                base::format_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(
                    static_cast<double>(progress.total - progress.done) / rate * 1e9))) +
                " left";
    } else if (progress.done > 0) {
      line += ": " + base::format_count(progress.done);
    }
    console_.status(line);
  }

 private:
  Console& console_;
  std::chrono::nanoseconds started_;
  std::chrono::nanoseconds drawn_{};
};

std::chrono::nanoseconds duration_of(const Call& call, const char* option,
                                     const std::string& text) {
  const auto duration = base::parse_duration(text);
  if (!duration)
    throw usage(call, base::format("{} takes a time such as 30min, not '{}'", option,
                                   base::printable(text)));
  return *duration;
}

}  // namespace

namespace {

// Looks, repairs if asked to, and tells.
int check_and_tell(const Call& call, app::CheckRequest& request) {
  auto& console = *call.console;
  os::InterruptCounter interrupts;
  request.interrupted = [&] { return interrupts.count() > 0; };
  const auto summary = app::check_repository(
      request,
      [&](const app::CheckDamage& damage) {
        console.status("");
        print_damage(console, damage);
      },
      CheckLine(console));
  console.status("");
  console.object(codec::Json::object({{"type", "summary"},
                                      {"damaged", summary.damaged},
                                      {"repaired", summary.repaired},
                                      {"snapshots", summary.snapshots},
                                      {"objects", summary.objects},
                                      {"packs", summary.packs},
                                      {"verified_packs", summary.verified_packs},
                                      {"remaining_packs", summary.remaining_packs},
                                      {"verified_recently", summary.verified_recently},
                                      {"verified_bytes", summary.verified_bytes}}));
  const auto packs = base::format(
      "{} of {} packs read{}; {} verified within 30 days",
      base::format_count(summary.verified_packs), base::format_count(summary.packs),
      summary.remaining_packs > 0
          ? base::format(", {} left for the next time", base::format_count(summary.remaining_packs))
          : std::string(),
      base::format_count(summary.verified_recently));
  if (summary.damaged > summary.repaired) {
    console.flush();
    const auto repaired = request.repair
                              ? base::format(", {} repaired", base::format_count(summary.repaired))
                              : std::string();
    console.warning(base::format("provrun: {} damaged object{}{}; {}",
                                 base::format_count(summary.damaged),
                                 summary.damaged == 1 ? "" : "s", repaired, packs));
    return 5;
  }
  if (summary.repaired > 0) {
    console.flush();
    console.note(base::format("provrun: {} damaged object{}, all repaired; {}",
                              base::format_count(summary.damaged), summary.damaged == 1 ? "" : "s",
                              packs));
    return 0;
  }
  console.note(base::format(
      "provrun: no damage in {} snapshot{}, {} objects; {}", base::format_count(summary.snapshots),
      summary.snapshots == 1 ? "" : "s", base::format_count(summary.objects), packs));
  return 0;
}

}  // namespace

int command_check(const Call& call) {
  app::CheckRequest request;
  request.repository = call.global.repository;
  std::optional<std::string> subset;
  std::optional<std::string> maximum_duration;
  std::optional<std::string> maximum_age;
  std::optional<int> threads;
  std::vector<std::string> words;
  Options options(call.verb);
  options.flag("read-data", request.read_data)
      .flag("repair", request.repair)
      .value("subset", subset)
      .value("max-duration", maximum_duration)
      .value("max-age", maximum_age)
      .number("threads", threads)
      .positional(words);
  options.parse(call.arguments);
  if (!words.empty()) throw usage(call, "check takes no arguments; 'verify' checks one snapshot");
  if (subset) {
    request.subset = app::parse_subset(*subset);
    if (!request.subset)
      throw usage(call, base::format("--subset takes 3/30, 5% or 100GiB, not '{}'",
                                     base::printable(*subset)));
  }
  if (maximum_duration)
    request.maximum_duration = duration_of(call, "--max-duration", *maximum_duration);
  if (maximum_age) request.maximum_age = duration_of(call, "--max-age", *maximum_age);
  if (threads && (*threads < 1 || *threads > 256))
    throw usage(call, "--threads takes a number from 1 to 256");
  request.threads = static_cast<unsigned>(threads.value_or(0));
  // Each of these is about reading.
  request.read_data =
      request.read_data || request.repair || subset || maximum_duration || maximum_age;
  return check_and_tell(call, request);
}

int command_repair(const Call& call) {
  bool catalog = false;
  bool index = false;
  bool spool = false;
  std::vector<std::string> words;
  Options options(call.verb);
  options.flag("catalog", catalog).flag("index", index).flag("spool", spool).positional(words);
  options.parse(call.arguments);
  if (!words.empty()) throw usage(call, "repair takes no arguments");
  if (static_cast<int>(catalog) + static_cast<int>(index) + static_cast<int>(spool) > 1)
    throw usage(call, "repair takes one of --catalog, --index and --spool");
  if (!catalog && !index && !spool) {
    app::CheckRequest request;
    request.repository = call.global.repository;
    request.read_data = request.repair = request.run_steps = true;
    return check_and_tell(call, request);
  }
  auto& console = *call.console;
  if (spool) {
    const os::InterruptCounter interrupts;
    const auto report =
        app::take_up_spool(call.global.repository, [&] { return interrupts.count() == 0; });
    show_spool_report(console, report, true);
    return report.notices.empty() ? 0 : 1;
  }
  if (index) {
    const auto report =
        app::repair_index(call.global.repository,
                          [&](const app::CheckDamage& damage) { print_damage(console, damage); });
    console.object(codec::Json::object({{"type", "summary"},
                                        {"packs", report.packs},
                                        {"chunks", report.chunks},
                                        {"published_snapshots", report.published_snapshots},
                                        {"damaged", report.damaged}}));
    console.flush();
    console.note(base::format("provrun: {} chunks of {} packs indexed",
                              base::format_count(report.chunks), base::format_count(report.packs)));
    return report.damaged == 0 ? 0 : 5;
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
