#include <algorithm>

#include "command.hpp"
#include "commands.hpp"
#include "entry_view.hpp"
#include "options.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/os/terminal.hpp"

namespace provrun::cli {

namespace {

codec::Json to_json(const app::SnapshotSummary& snapshot) {
  const auto id_or_null = [](const std::string& id) {
    return id.empty() ? codec::Json() : codec::Json(id);
  };
  return codec::Json::object({{"type", "snapshot"},
                              {"snapshot", snapshot.id},
                              {"time", snapshot.time.to_rfc3339()},
                              {"user", snapshot.user},
                              {"host", snapshot.host},
                              {"paths", texts(snapshot.paths)},
                              {"tags", texts(snapshot.tags)},
                              {"run", id_or_null(snapshot.run)},
                              {"parent", id_or_null(snapshot.parent)},
                              {"files", snapshot.files},
                              {"directories", snapshot.directories},
                              {"bytes", snapshot.bytes},
                              {"stored_bytes", snapshot.stored_bytes}});
}

// What tells one snapshot from the next: its tags, then the run or the paths.
std::string what_of(const app::SnapshotSummary& snapshot) {
  std::string text;
  for (const auto& tag : snapshot.tags) text += "[" + base::printable(tag) + "] ";
  if (!snapshot.run.empty()) return text + "run " + snapshot.run;
  for (const auto& path : snapshot.paths)
    text += (&path == snapshot.paths.data() ? "" : " ") + base::printable(path);
  return text;
}

void print_table(Console& console, const std::vector<app::SnapshotSummary>& rows) {
  std::size_t who = 4;
  const auto who_of = [](const app::SnapshotSummary& row) {
    return base::printable(row.user) + "@" + base::printable(row.host);
  };
  for (const auto& row : rows) who = std::max(who, who_of(row).size());
  if (!rows.empty())
    console.result(console.paint(
        Colour::bold, base::format("{:<16}  {:<19}  {:<{}}  {:>9}  {:>9}  {:>9}  {}", "ID",
                                   "TIME (UTC)", "WHO", who, "FILES", "SIZE", "ADDED", "WHAT")));
  for (const auto& row : rows)
    console.result(base::format("{}  {}  {:<{}}  {:>9}  {:>9}  {:>9}  {}", short_id(row.id),
                                short_time(row.time), who_of(row), who,
                                base::format_count(row.files), base::format_size(row.bytes),
                                base::format_size(row.stored_bytes), what_of(row)));
}

std::string group_of(const app::SnapshotSummary& row, const std::vector<std::string>& keys) {
  std::string group;
  for (const auto& key : keys) {
    if (!group.empty()) group += ", ";
    if (key == "host") group += "host " + base::printable(row.host);
    if (key == "run") group += row.run.empty() ? "backups" : "runs";
    const auto& list = key == "tags" ? row.tags : row.paths;
    if (key == "tags" || key == "paths") {
      group += key;
      for (const auto& item : list) group += " " + base::printable(item);
      if (list.empty()) group += " none";
    }
  }
  return group;
}

}  // namespace

int command_snapshots(const Call& call) {
  app::Shelf shelf{call.global.repository, {}};
  std::optional<std::string> group_by;
  std::optional<int> last;
  std::vector<std::string> words;
  Options options(call.verb);
  add_filter(options, shelf.filter);
  options.value("group-by", group_by).number("last,n", last).positional(words);
  options.parse(call.arguments);
  if (!words.empty()) throw usage(call, "snapshots takes no arguments");
  if (last && *last < 1) throw usage(call, "--last needs a number from 1");
  complete_filter(shelf.filter);
  std::vector<std::string> keys;
  if (group_by)
    for (const auto key : base::split(*group_by, ',')) {
      if (key != "host" && key != "paths" && key != "tags" && key != "run")
        throw usage(call, base::format("--group-by takes host, paths, tags and run, not '{}'",
                                       base::printable(key)));
      keys.emplace_back(key);
    }
  auto& console = *call.console;
  std::vector<std::pair<std::string, std::vector<app::SnapshotSummary>>> groups;
  bool any_damage = false;
  app::each_snapshot(
      shelf,
      [&](const app::SnapshotSummary& row) {
        const auto name = group_of(row, keys);
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const auto& known) { return known.first == name; });
        if (group == groups.end()) group = groups.insert(group, {name, {}});
        if (last && group->second.size() >= static_cast<std::size_t>(*last)) return;
        group->second.push_back(row);
        console.object(to_json(row));
      },
      [&](const std::string& id) {
        any_damage = true;
        console.warning(base::format("provrun: {} snapshot {}: its manifest cannot be read",
                                     console.paint_err(Colour::red, "damaged:"), short_id(id)));
      });
  for (const auto& [name, rows] : groups) {
    if (!name.empty()) {
      if (&name != &groups.front().first) console.result("");
      console.result(name + ":");
    }
    print_table(console, rows);
  }
  if (groups.empty() && !any_damage) console.note("provrun: no snapshots");
  return any_damage ? 5 : 0;
}

int command_ls(const Call& call) {
  app::ListRequest request;
  request.shelf.repository = call.global.repository;
  EntryStyle style;
  std::optional<int> depth;
  std::vector<std::string> words;
  Options options(call.verb);
  add_filter(options, request.shelf.filter);
  options.flag("long,l", style.owner)
      .flag("bytes,b", style.bytes)
      .flag("directory,d", request.directory)
      .number("depth", depth)
      .positional(words);
  options.parse(call.arguments);
  if (words.size() != 1) throw usage(call, "ls takes one SNAPSHOT or SNAPSHOT:PATH");
  if (depth && *depth < 1) throw usage(call, "--depth needs a number from 1");
  complete_filter(request.shelf.filter);
  request.what = words[0];
  request.depth = depth.value_or(0);
  auto& console = *call.console;
  app::list_files(request, [&](const snapshot::Entry& entry) {
    if (console.json()) {
      codec::Json line = codec::Json::object({{"type", "entry"}});
      set_entry(line, entry);
      console.object(std::move(line));
    } else {
      console.result(entry_line(entry, style));
    }
  });
  return 0;
}

int command_cat(const Call& call) {
  app::Shelf shelf{call.global.repository, {}};
  std::vector<std::string> words;
  Options options(call.verb);
  add_filter(options, shelf.filter);
  options.positional(words);
  options.parse(call.arguments);
  if (words.size() != 1) throw usage(call, "cat takes one SNAPSHOT:PATH");
  complete_filter(shelf.filter);
  auto& console = *call.console;
  console.flush();
  if (!console.json()) {
    app::read_file(shelf, words[0], os::write_standard_output);
    return 0;
  }
  // A file's bytes need not be text: they come in base64, piece by piece.
  constexpr std::size_t kPiece = 48U << 10U;
  std::uint64_t offset = 0;
  app::read_file(shelf, words[0], [&](std::string_view bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kPiece))) {
      const auto piece = bytes.substr(0, kPiece);
      console.object(codec::Json::object(
          {{"type", "bytes"}, {"offset", offset}, {"base64", codec::to_base64(piece)}}));
      offset += piece.size();
    }
    console.flush();
  });
  console.object(codec::Json::object({{"type", "summary"}, {"bytes", offset}}));
  return 0;
}

}  // namespace provrun::cli
