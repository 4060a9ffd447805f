#include "command.hpp"
#include "commands.hpp"
#include "entry_view.hpp"
#include "options.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/core/record.hpp"

namespace provrun::cli {

namespace {

using snapshot::Change;

struct Look {
  const char* name;
  const char* sign;
  Colour colour;
};

Look look_of(Change change) {
  switch (change) {
    case Change::added:
      return {"added", "+", Colour::green};
    case Change::removed:
      return {"removed", "-", Colour::red};
    case Change::content:
      return {"content", "M", Colour::yellow};
    case Change::metadata:
      return {"metadata", "U", Colour::blue};
    case Change::kind:
      return {"kind", "T", Colour::yellow};
  }
  return {"", "", Colour::none};
}

void print_change(Console& console, const snapshot::TreeChange& change) {
  const auto look = look_of(change.change);
  const auto& one = change.after ? *change.after : *change.before;
  if (console.json()) {
    codec::Json line = codec::Json::object({{"type", "change"}});
    core::set_path(line, one.path);
    line.set("change", look.name);
    if (!change.fields.empty()) {
      codec::Json fields = codec::Json::array();
      for (const auto& field : change.fields) fields.push_back(field);
      line.set("fields", std::move(fields));
    }
    const auto side = [&](const char* key, const std::optional<snapshot::Entry>& entry) {
      if (!entry) return;
      codec::Json json = codec::Json::object();
      set_entry(json, *entry);
      line.set(key, std::move(json));
    };
    side("before", change.before);
    side("after", change.after);
    console.object(std::move(line));
    return;
  }
  std::string detail;
  if (change.change == Change::content && one.type == snapshot::EntryType::file)
    detail = base::format("  {} -> {}", base::format_size(change.before->content.size),
                          base::format_size(change.after->content.size));
  if (change.change == Change::metadata) detail = "  " + base::join(change.fields, ", ");
  if (change.change == Change::kind)
    detail = base::format("  {} -> {}", kind_of(*change.before), kind_of(*change.after));
  const bool folder = one.type == snapshot::EntryType::directory && change.change != Change::kind;
  console.result(
      console.paint(look.colour, base::format("{} {}{}", look.sign, base::printable(one.path),
                                              folder ? "/" : "")) +
      detail);
}

}  // namespace

int command_diff(const Call& call) {
  bool exit_code = false;
  bool files = false;
  app::Shelf shelf{call.global.repository, {}};
  std::vector<std::string> words;
  Options options(call.verb);
  add_filter(options, shelf.filter);
  options.flag("exit-code", exit_code).flag("files", files).positional(words);
  options.parse(call.arguments);
  if (words.size() != 2)
    throw base::Error(base::ErrorCode::invalid_input, "diff takes two runs or two snapshots")
        .hint("'provrun help diff' lists what it takes");
  complete_filter(shelf.filter);
  if (!files) {
    bool runs = true;
    try {
      runs = app::are_runs(shelf, words[0], words[1]);
    } catch (const base::Error& error) {
      // Not a snapshot's name: it is for the list of runs to say so.
      if (!shelf.filter.empty() || (error.code() != base::ErrorCode::not_found &&
                                    error.code() != base::ErrorCode::invalid_input))
        throw;
    }
    if (runs && shelf.filter.empty()) return diff_of_runs(call, words, exit_code);
  }
  auto& console = *call.console;
  const auto summary = app::diff_snapshots(
      shelf, words[0], words[1],
      [&](const snapshot::TreeChange& change) { print_change(console, change); });
  console.object(codec::Json::object({{"type", "summary"},
                                      {"before", summary.before},
                                      {"after", summary.after},
                                      {"different", summary.different()},
                                      {"added", summary.added},
                                      {"removed", summary.removed},
                                      {"changed", summary.changed},
                                      {"metadata", summary.metadata},
                                      {"added_bytes", summary.added_bytes},
                                      {"removed_bytes", summary.removed_bytes}}));
  if (!summary.different()) {
    console.note("provrun: no difference");
  } else {
    console.note(base::format(
        "provrun: {} added, {} removed, {} changed, {} with other metadata; {} in, {} out",
        base::format_count(summary.added), base::format_count(summary.removed),
        base::format_count(summary.changed), base::format_count(summary.metadata),
        base::format_size(summary.added_bytes), base::format_size(summary.removed_bytes)));
  }
  return exit_code && summary.different() ? 4 : 0;
}

}  // namespace provrun::cli
