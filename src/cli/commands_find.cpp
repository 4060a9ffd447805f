#include "command.hpp"
#include "commands.hpp"
#include "entry_view.hpp"
#include "options.hpp"
#include "provrun/app/find.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"

namespace provrun::cli {

namespace {

// "7d" is that long ago, anything else a time.
std::int64_t time_of(const Call& call, const char* option, const std::string& text) {
  if (const auto ago = base::parse_duration(text)) return os::now().nanoseconds - ago->count();
  const auto time = base::parse_timestamp(text);
  if (!time)
    throw usage(call, base::format("{} takes a time (2026-08-01T12:00) or an age (7d), not '{}'",
                                   option, base::printable(text)));
  return time->nanoseconds;
}

std::uint64_t size_argument(const Call& call, const char* option, const std::string& text) {
  const auto size = base::parse_size(text, false);
  if (!size)
    throw usage(call, base::format("{} takes a size such as 10MiB, not '{}'", option,
                                   base::printable(text)));
  return *size;
}

void print_match(Console& console, const snapshot::Match& match) {
  const auto first = match.first.id.to_hex();
  const auto last = match.last.id.to_hex();
  if (console.json()) {
    codec::Json line = codec::Json::object({{"type", "match"}});
    set_entry(line, match.entry);
    line.set("snapshots", match.snapshots);
    line.set("first", first).set("last", last);
    line.set("first_time", match.first.time.to_rfc3339());
    line.set("last_time", match.last.time.to_rfc3339());
    console.object(std::move(line));
    return;
  }
  auto where = short_id(first) + " " + short_time(match.first.time);
  if (match.snapshots > 1)
    where += base::format(" to {} {}, {} snapshots", short_id(last), short_time(match.last.time),
                          base::format_count(match.snapshots));
  console.result(base::format("{}  {}", entry_line(match.entry, {}),
                              console.paint(Colour::grey, "in " + where)));
}

}  // namespace

int command_find(const Call& call) {
  app::FindRequest request;
  request.shelf.repository = call.global.repository;
  auto& query = request.query;
  std::vector<std::string> types;
  std::vector<std::string> contents;
  std::optional<std::string> larger;
  std::optional<std::string> smaller;
  std::optional<std::string> newer;
  std::optional<std::string> older;
  Options options(call.verb);
  add_filter(options, request.shelf.filter);
  options.list("snapshot,s", request.snapshots)
      .flag("ignore-case,i", query.ignore_case)
      .list("type,t", types)
      .value("larger", larger)
      .value("smaller", smaller)
      .value("newer", newer)
      .value("older", older)
      .list("content", contents)
      .positional(query.patterns);
  options.parse(call.arguments);
  complete_filter(request.shelf.filter);
  for (const auto& type : types) {
    if (type.size() != 1 || std::string("fdlpsbc").find(type) == std::string::npos)
      throw usage(call, base::format("--type takes f, d, l, p, s, b or c, not '{}'",
                                     base::printable(type)));
    query.types += type;
  }
  if (larger) query.at_least = size_argument(call, "--larger", *larger);
  if (smaller) query.at_most = size_argument(call, "--smaller", *smaller);
  if (newer) query.newer = time_of(call, "--newer", *newer);
  if (older) query.older = time_of(call, "--older", *older);
  for (const auto& text : contents) {
    const auto id = core::parse_content_id(text.size() == 64 ? "sha256:" + text : text);
    if (!id)
      throw usage(call, base::format("--content takes a SHA-256, not '{}'", base::printable(text)));
    query.contents.push_back(*id);
  }
  const bool narrowed = !types.empty() || larger || smaller || newer || older || !contents.empty();
  if (query.patterns.empty() && !narrowed) throw usage(call, "find needs a PATTERN");
  for (const auto& pattern : query.patterns)
    if (pattern.find_first_not_of('/') == std::string::npos)
      throw usage(call, base::format("'{}' can match no name", base::printable(pattern)));
  auto& console = *call.console;
  const auto summary = app::find_files(
      request, [&](const snapshot::Match& match) { print_match(console, match); },
      [&](std::uint64_t trees) {
        console.status(base::format("reading folders: {}", base::format_count(trees)));
      });
  console.status("");
  for (const auto& object : summary.damaged)
    console.warning(base::format("provrun: {} {}: what it names is not searched",
                                 console.paint_err(Colour::red, "damaged:"), object));
  console.object(
      codec::Json::object({{"type", "summary"},
                           {"matches", summary.matches},
                           {"snapshots", summary.snapshots},
                           {"damaged", static_cast<std::int64_t>(summary.damaged.size())}}));
  if (!summary.damaged.empty()) return 5;
  if (summary.matches == 0)
    console.note(base::format("provrun: nothing in {} snapshot{} matches",
                              base::format_count(summary.snapshots),
                              summary.snapshots == 1 ? "" : "s"));
  return 0;
}

}  // namespace provrun::cli
