#include <algorithm>
#include <charconv>

#include "command.hpp"
#include "commands.hpp"
#include "entry_view.hpp"
#include "options.hpp"
#include "provrun/app/upkeep.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"

namespace provrun::cli {

namespace {

std::string brief(std::string_view id) {
  return std::string(id.substr(0, 16));
}
std::string day_and_time(base::Timestamp time) {
  auto text = time.to_rfc3339().substr(0, 19);
  text[10] = ' ';
  return text;
}

std::chrono::nanoseconds duration_or(const Call& call, const char* option,
                                     const std::optional<std::string>& text,
                                     std::chrono::nanoseconds fallback) {
  if (!text) return fallback;
  if (*text == "0") return std::chrono::nanoseconds(0);
  const auto duration = base::parse_duration(*text);
  if (!duration)
    throw usage(call, base::format("--{} takes a duration like 12h or 7d, not '{}'", option,
                                   base::printable(*text)));
  return *duration;
}

int kept_count(const Call& call, const char* option, const std::optional<std::string>& text) {
  if (!text) return 0;
  if (*text == "all") return policy::RetentionRules::kAll;
  int count = 0;
  const auto end = text->data() + text->size();
  const auto result = std::from_chars(text->data(), end, count);
  if (result.ec != std::errc() || result.ptr != end || count < 1)
    throw usage(call, base::format("--{} takes a number from 1, or 'all', not '{}'", option,
                                   base::printable(*text)));
  return count;
}

void group_by(const Call& call, const std::string& text, policy::RetentionRules& rules) {
  rules.group_by_host = rules.group_by_paths = rules.group_by_tags = false;
  for (const auto key : base::split(text, ',')) {
    if (key == "host") {
      rules.group_by_host = true;
    } else if (key == "paths") {
      rules.group_by_paths = true;
    } else if (key == "tags") {
      rules.group_by_tags = true;
    } else if (!key.empty()) {
      throw usage(call, base::format("--group-by takes host, paths and tags, not '{}'",
                                     base::printable(key)));
    }
  }
}

void print_report(Console& console, const app::ForgetReport& report) {
  std::string group;
  for (const auto& row : report.rows) {
    console.object(
        codec::Json::object({{"type", "retention"},
                             {"snapshot", row.id},
                             {"keep", row.keep},
                             {"reasons", texts(row.reasons)},
                             {"group", row.group},
                             {"time", row.time.to_rfc3339()},
                             {"host", row.host},
                             {"paths", texts(row.paths)},
                             {"tags", texts(row.tags)},
                             {"run", row.run.empty() ? codec::Json() : codec::Json(row.run)}}));
    if (row.group != group) {
      if (row.group != "named") console.result(base::printable(row.group) + ":");
      group = row.group;
    }
    std::string tags;
    for (const auto& tag : row.tags) tags += "[" + base::printable(tag) + "] ";
    console.result(base::format("  {}  {}  {}  {}{}",
                                row.keep ? "keep  " : console.paint(Colour::yellow, "forget"),
                                brief(row.id), day_and_time(row.time), tags,
                                base::printable(base::join(row.reasons, ", "))));
  }
  for (const auto& orphaned : report.orphaned) {
    console.object(codec::Json::object(
        {{"type", "orphan"}, {"snapshot", orphaned.id}, {"loses", texts(orphaned.loses)}}));
    std::vector<std::string> lost;
    for (const auto& id : orphaned.loses) lost.push_back(brief(id));
    console.warning(base::format(
        "provrun: {} {} stays, but not the record of what made its inputs: {}",
        console.paint_err(Colour::yellow, "orphan:"), brief(orphaned.id), base::join(lost, ", ")));
  }
}

// The line of a prune, redrawn a few times a second; plain lines where it is not live.
class PruneLine {
 public:
  explicit PruneLine(Console& console) : console_(console) {}
  void operator()(std::string_view what, std::uint64_t done, std::uint64_t total) {
    const auto now = os::steady_now();
    if (!console_.options().live || now - drawn_ < std::chrono::milliseconds(200)) return;
    drawn_ = now;
    console_.status(
        base::format("{}: {} of {}", what, base::format_count(done), base::format_count(total)));
  }

 private:
  Console& console_;
  std::chrono::nanoseconds drawn_{};
};

int run_prune(const Call& call, const app::PruneRequest& request) {
  auto& console = *call.console;
  const auto report = app::prune_repository(request, PruneLine(console));
  console.status("");
  const auto& n = report.numbers;
  using State = store::PruneOutcome::State;
  const bool overtaken = report.outcome.state == State::overtaken;
  console.object(codec::Json::object(
      {{"type", "summary"},
       {"dry_run", request.dry_run},
       {"snapshots", n.snapshots},
       {"objects", n.chunks},
       {"packs", n.packs},
       {"pack_bytes", n.bytes},
       {"needed_bytes", n.needed_bytes},
       {"unneeded_packs", n.unneeded_packs},
       {"unneeded_bytes", n.unneeded_bytes},
       {"repacked_packs", n.repacked_packs},
       {"repacked_bytes", n.repacked_bytes},
       {"unused_bytes", n.left_bytes},
       {"busy_packs", n.busy_packs},
       {"expired", report.expired},
       {"removed_packs", static_cast<std::int64_t>(report.outcome.removed.size())},
       {"fenced", report.outcome.fenced},
       {"overtaken", overtaken},
       {"freed_packs", report.freed_packs},
       {"freed_bytes", report.freed_bytes},
       {"trash_bytes", report.trash_bytes}}));
  const auto plural = [](std::uint64_t count, const char* noun) {
    return base::format("{} {}{}", base::format_count(count), noun, count == 1 ? "" : "s");
  };
  console.note(base::format("provrun: {} need {} of {} in {}", plural(n.snapshots, "snapshot"),
                            base::format_size(n.needed_bytes), base::format_size(n.bytes),
                            plural(n.packs, "pack")));
  if (n.repacked_packs > 0)
    console.note(
        base::format("provrun: {} {} copied out of {}", base::format_size(n.repacked_bytes),
                     request.dry_run ? "would be" : "were", plural(n.repacked_packs, "pack")));
  if (request.dry_run) {
    console.note(base::format("provrun: {} would be removed; nothing was changed",
                              plural(report.outcome.proposed.size(), "pack")));
    return 0;
  }
  if (overtaken) console.note("provrun: another prune was under way; its decision was carried out");
  console.note(
      base::format("provrun: {} removed, {} freed{}", plural(report.outcome.removed.size(), "pack"),
                   base::format_size(report.freed_bytes),
                   report.trash_bytes > 0 ? base::format(", {} in the trash until its time is over",
                                                         base::format_size(report.trash_bytes))
                                          : std::string()));
  return 0;
}

constexpr auto kDay = std::chrono::hours(24);

}  // namespace

int command_forget(const Call& call) {
  app::ForgetRequest request;
  request.shelf.repository = call.global.repository;
  std::optional<std::string> last, hourly, daily, weekly, monthly, yearly, within, max_size,
      grouping, keep_forgotten, reason;
  std::vector<std::string> tags;
  bool prune = false;
  Options options(call.verb);
  add_filter(options, request.shelf.filter);
  options.value("keep-last", last)
      .value("keep-hourly", hourly)
      .value("keep-daily", daily)
      .value("keep-weekly", weekly)
      .value("keep-monthly", monthly)
      .value("keep-yearly", yearly)
      .value("keep-within", within)
      .list("keep-tag", tags)
      .flag("keep-lineage", request.rules.lineage)
      .value("max-size", max_size)
      .value("group-by", grouping)
      .flag("allow-empty", request.rules.allow_empty)
      .value("keep-forgotten", keep_forgotten)
      .value("reason", reason)
      .flag("dry-run,n", request.dry_run)
      .flag("prune", prune)
      .positional(request.snapshots);
  options.parse(call.arguments);
  complete_filter(request.shelf.filter);
  auto& rules = request.rules;
  rules.last = kept_count(call, "keep-last", last);
  rules.hourly = kept_count(call, "keep-hourly", hourly);
  rules.daily = kept_count(call, "keep-daily", daily);
  rules.weekly = kept_count(call, "keep-weekly", weekly);
  rules.monthly = kept_count(call, "keep-monthly", monthly);
  rules.yearly = kept_count(call, "keep-yearly", yearly);
  if (within) rules.within = duration_or(call, "keep-within", within, {});
  for (const auto& list : tags) {
    std::vector<std::string> all;
    for (const auto tag : base::split(list, ',')) {
      if (tag.empty()) throw usage(call, "--keep-tag has an empty tag");
      all.emplace_back(tag);
    }
    rules.tags.push_back(std::move(all));
  }
  if (max_size) {
    rules.max_size = base::parse_size(*max_size, true);
    if (!rules.max_size)
      throw usage(call, base::format("--max-size takes a size like 500GB or 2TiB, not '{}'",
                                     base::printable(*max_size)));
  }
  if (grouping) group_by(call, *grouping, rules);
  if (!request.snapshots.empty() && (rules.any() || rules.lineage))
    throw usage(call, "forget takes either snapshots or --keep rules, not both");
  request.keep = duration_or(call, "keep-forgotten", keep_forgotten, 7 * kDay);
  request.reason = reason.value_or("");

  auto& console = *call.console;
  const auto report = app::forget_snapshots(request);
  print_report(console, report);
  const auto going = static_cast<std::uint64_t>(std::count_if(
      report.rows.begin(), report.rows.end(), [](const auto& row) { return !row.keep; }));
  console.object(
      codec::Json::object({{"type", "summary"},
                           {"dry_run", request.dry_run},
                           {"forgotten", request.dry_run ? going : report.forgotten},
                           {"kept", static_cast<std::int64_t>(report.rows.size() - going)},
                           {"orphaned", static_cast<std::int64_t>(report.orphaned.size())},
                           {"keep_until", report.keep_until.to_rfc3339()}}));
  if (request.dry_run) {
    console.note(base::format("provrun: would forget {} of {} snapshots; nothing was changed",
                              going, report.rows.size()));
  } else if (going == 0) {
    console.note("provrun: nothing to forget");
  } else {
    console.note(base::format(
        "provrun: forgot {} snapshot{}; 'provrun undelete' brings {} back "
        "until {}",
        going, going == 1 ? "" : "s", going == 1 ? "it" : "them", day_and_time(report.keep_until)));
  }
  if (prune && !request.dry_run) return run_prune(call, {call.global.repository, {}, kDay, false});
  return 0;
}

int command_undelete(const Call& call) {
  std::vector<std::string> names;
  Options options(call.verb);
  options.positional(names);
  options.parse(call.arguments);
  auto& console = *call.console;
  if (names.empty()) {
    const auto rows = app::list_forgotten(call.global.repository);
    for (const auto& row : rows) {
      console.object(codec::Json::object({{"type", "forgotten"},
                                          {"snapshot", row.id},
                                          {"time", row.time.to_rfc3339()},
                                          {"forgotten", row.forgotten.to_rfc3339()},
                                          {"keep_until", row.keep_until.to_rfc3339()},
                                          {"user", row.user},
                                          {"reason", row.reason}}));
      console.result(base::format("{}  {}  forgotten {} by {}, kept until {}{}", brief(row.id),
                                  day_and_time(row.time), day_and_time(row.forgotten),
                                  base::printable(row.user), day_and_time(row.keep_until),
                                  row.reason.empty() ? "" : ": " + base::printable(row.reason)));
    }
    if (rows.empty()) console.note("provrun: nothing is in the trash");
    return 0;
  }
  const auto ids = app::undelete_snapshots(call.global.repository, names);
  console.object(codec::Json::object(
      {{"type", "summary"}, {"undeleted", static_cast<std::int64_t>(ids.size())}}));
  for (const auto& id : ids) console.note("provrun: brought back snapshot " + brief(id));
  return 0;
}

namespace {

void print_hold(Console& console, const app::HoldRow& row) {
  const auto& hold = row.hold;
  console.object(
      codec::Json::object({{"type", "hold"},
                           {"hold", hold.id},
                           {"reason", hold.reason},
                           {"created", hold.created.to_rfc3339()},
                           {"user", hold.user},
                           {"host", hold.host},
                           {"snapshots", texts(row.keeps)},
                           {"filter", codec::Json::object({{"hosts", texts(hold.filter.hosts)},
                                                           {"tags", texts(hold.filter.tags)},
                                                           {"paths", texts(hold.filter.paths)},
                                                           {"runs", texts(hold.filter.runs)}})}}));
  std::string what;
  for (const auto& host : hold.filter.hosts) what += " host " + host;
  for (const auto& tag : hold.filter.tags) what += " tag " + tag;
  for (const auto& path : hold.filter.paths) what += " path " + path;
  for (const auto& run : hold.filter.runs) what += " run " + run;
  console.result(base::format(
      "{}  {}  {}@{}  {} snapshot{}{}: {}", hold.id, day_and_time(hold.created),
      base::printable(hold.user), base::printable(hold.host), row.keeps.size(),
      row.keeps.size() == 1 ? "" : "s", what.empty() ? "" : ", and all of" + base::printable(what),
      base::printable(hold.reason)));
}

}  // namespace

int command_hold(const Call& call) {
  app::Shelf shelf{call.global.repository, {}};
  std::optional<std::string> reason;
  std::vector<std::string> words;
  Options options(call.verb);
  add_filter(options, shelf.filter);
  options.value("reason", reason).positional(words);
  options.parse(call.arguments);
  complete_filter(shelf.filter);
  if (words.empty()) throw usage(call, "hold needs one of add, list and release");
  const auto verb = words.front();
  words.erase(words.begin());
  auto& console = *call.console;
  if (verb == "add") {
    if (words.empty() && shelf.filter.empty())
      throw usage(call, "hold add needs a snapshot, or --tag, --host, --path or --run");
    if (!reason || base::trim(*reason).empty()) throw usage(call, "hold add needs --reason TEXT");
    const auto row = app::add_hold(shelf, words, *reason);
    print_hold(console, row);
    console.note(base::format("provrun: hold {} keeps {} snapshot{}", row.hold.id, row.keeps.size(),
                              row.keeps.size() == 1 ? "" : "s"));
    return 0;
  }
  if (verb == "list") {
    if (!words.empty()) throw usage(call, "hold list takes no arguments");
    const auto rows = app::list_holds(call.global.repository);
    for (const auto& row : rows) print_hold(console, row);
    if (rows.empty()) console.note("provrun: no holds");
    return 0;
  }
  if (verb == "release") {
    if (words.size() != 1) throw usage(call, "hold release takes one hold");
    const auto hold =
        app::release_hold(call.global.repository, words[0], reason.value_or(std::string()));
    print_hold(console, {hold, {}});
    console.note("provrun: released hold " + hold.id);
    return 0;
  }
  throw usage(call,
              base::format("hold has add, list and release, not '{}'", base::printable(verb)));
}

int command_prune(const Call& call) {
  app::PruneRequest request;
  request.repository = call.global.repository;
  std::optional<std::string> max_unused, max_repack, keep_trash;
  std::vector<std::string> words;
  Options options(call.verb);
  options.value("max-unused", max_unused)
      .value("max-repack", max_repack)
      .value("keep-trash", keep_trash)
      .flag("dry-run,n", request.dry_run)
      .positional(words);
  options.parse(call.arguments);
  if (!words.empty()) throw usage(call, "prune takes no arguments");
  if (max_unused && *max_unused == "unlimited") {
    request.limits.max_unused_bytes = UINT64_MAX;
  } else if (max_unused && max_unused->ends_with('%')) {
    double percent = -1;
    const auto end = max_unused->data() + max_unused->size() - 1;
    const auto result = std::from_chars(max_unused->data(), end, percent);
    if (result.ec != std::errc() || result.ptr != end || percent < 0 || percent > 100)
      throw usage(call, "--max-unused takes a percentage from 0% to 100%");
    request.limits.max_unused = percent / 100;
  } else if (max_unused) {
    request.limits.max_unused_bytes = base::parse_size(*max_unused, false);
    if (!request.limits.max_unused_bytes)
      throw usage(call, base::format("--max-unused takes 5%, a size or 'unlimited', not '{}'",
                                     base::printable(*max_unused)));
  }
  if (max_repack) {
    const auto bytes = base::parse_size(*max_repack, false);
    if (!bytes)
      throw usage(call, base::format("--max-repack takes a size like 10GiB, not '{}'",
                                     base::printable(*max_repack)));
    request.limits.max_repack = *bytes;
  }
  request.keep_trash = duration_or(call, "keep-trash", keep_trash, kDay);
  return run_prune(call, request);
}

}  // namespace provrun::cli
