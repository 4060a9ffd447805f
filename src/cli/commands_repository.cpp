#include <algorithm>

#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/terminal.hpp"
#include "provrun/snapshot/restorer.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "provrun/snapshot/verifier.hpp"
#include "provrun/store/repair.hpp"

namespace provrun::cli {

namespace {

base::Error usage(const Call& call, std::string message) {
  return base::Error(base::ErrorCode::invalid_input, std::move(message))
      .hint(base::format("'provrun help {}' lists what it takes", call.verb));
}

// RUN and SNAPSHOT share their names: a run's id or prefix means its snapshot.
snapshot::SnapshotName resolve(const Call& call, store::Repository& repository,
                               const std::string& name) {
  try {
    return snapshot::resolve_snapshot(repository, name);
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::not_found &&
        error.code() != base::ErrorCode::invalid_input)
      throw;
    const auto archive = open_archive(call, app::Archive::Mode::look);
    return archive->snapshot_of(archive->catalog().find_run(name));
  }
}

std::unique_ptr<store::Repository> open_for_looking(const Call& call) {
  return app::open_repository(app::locate_repository(call.global.repository, workspace_here()),
                              app::Missing::fail);
}

// Progress of a long operation, at most a few times a second.
class ProgressLine : public snapshot::Progress {
 public:
  ProgressLine(Console& console, std::string verb, std::uint64_t total_bytes)
      : console_(console),
        verb_(std::move(verb)),
        total_(total_bytes),
        started_(os::steady_now()) {}
  ~ProgressLine() override { console_.status(""); }

  void entry_done(const snapshot::Entry&) override {
    ++entries_;
    draw();
  }
  void bytes_done(std::uint64_t bytes) override {
    bytes_ += bytes;
    draw();
  }

 private:
  void draw() {
    const auto now = os::steady_now();
    if (!console_.options().live || now - drawn_ < std::chrono::milliseconds(200)) return;
    drawn_ = now;
    const double seconds = std::chrono::duration<double>(now - started_).count();
    const double rate = seconds > 0 ? static_cast<double>(bytes_) / seconds : 0;
    std::string line =
        base::format("{} {} files, {} of {}, {}/s", verb_, base::format_count(entries_),
                     base::format_size(bytes_), base::format_size(total_),
                     base::format_size(static_cast<std::uint64_t>(rate)));
    if (rate > 0 && total_ > bytes_)
      line += ", " +
              base::format_duration(std::chrono::nanoseconds(
                  static_cast<std::int64_t>(static_cast<double>(total_ - bytes_) / rate * 1e9))) +
              " left";
    console_.status(line);
  }

  Console& console_;
  std::string verb_;
  std::uint64_t total_;
  std::chrono::nanoseconds started_;
  std::chrono::nanoseconds drawn_{};
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

codec::Json entry_line(const snapshot::Entry& entry) {
  codec::Json line = codec::Json::object({{"type", "entry"}});
  core::set_path(line, entry.path);
  const char* kind = entry.type == snapshot::EntryType::file        ? "file"
                     : entry.type == snapshot::EntryType::directory ? "directory"
                                                                    : "symlink";
  line.set("kind", kind);
  line.set("mode", base::format("{:04o}", entry.mode));
  line.set("modified", base::Timestamp{entry.mtime_ns}.to_rfc3339());
  if (entry.type == snapshot::EntryType::file) {
    line.set("size", entry.content.size);
    line.set("content", entry.content.id.to_string());
  }
  if (entry.type == snapshot::EntryType::symlink) line.set("target", entry.target);
  return line;
}

void print_entry(Console& console, const snapshot::Entry& entry) {
  console.object(entry_line(entry));
  if (console.json()) return;
  const char kind = entry.type == snapshot::EntryType::file        ? '-'
                    : entry.type == snapshot::EntryType::directory ? 'd'
                                                                   : 'l';
  console.result(base::format(
      "{}{:04o}  {:>10}  {}  {}{}", kind, entry.mode,
      entry.type == snapshot::EntryType::file ? base::format_size(entry.content.size) : "",
      base::Timestamp{entry.mtime_ns}.to_rfc3339().substr(0, 19), base::printable(entry.path),
      entry.type == snapshot::EntryType::directory ? "/" : ""));
}

}  // namespace

int command_snapshots(const Call& call) {
  std::vector<std::string> words;
  Options options(call.verb);
  options.positional(words);
  options.parse(call.arguments);
  if (!words.empty()) throw usage(call, "snapshots takes no arguments");
  const auto repository = open_for_looking(call);
  auto names = snapshot::list_snapshots(*repository);
  std::reverse(names.begin(), names.end());
  for (const auto& name : names) {
    const auto manifest = snapshot::load_manifest(*repository, name);
    const auto run = manifest.run.is_object() ? manifest.run.get_string("id") : std::string();
    call.console->object(
        codec::Json::object({{"type", "snapshot"},
                             {"snapshot", name.id.to_hex()},
                             {"time", name.time.to_rfc3339()},
                             {"user", manifest.user},
                             {"host", manifest.host},
                             {"run", run.empty() ? codec::Json() : codec::Json(run)},
                             {"files", manifest.counts.files},
                             {"bytes", manifest.counts.bytes},
                             {"stored_bytes", manifest.stored.stored_bytes}}));
    call.console->result(
        base::format("{}  {}  {}@{}  {} files, {}{}", name.id.to_hex().substr(0, 16),
                     name.time.to_rfc3339().substr(0, 19), manifest.user, manifest.host,
                     base::format_count(manifest.counts.files),
                     base::format_size(manifest.counts.bytes), run.empty() ? "" : "  run " + run));
  }
  return 0;
}

int command_ls(const Call& call) {
  std::vector<std::string> words;
  Options options(call.verb);
  options.positional(words);
  options.parse(call.arguments);
  if (words.size() != 1) throw usage(call, "ls takes one SNAPSHOT or SNAPSHOT:PATH");
  const auto repository = open_for_looking(call);
  const auto [snapshot_name, path] = snapshot::split_snapshot_path(words[0]);
  const auto manifest =
      snapshot::load_manifest(*repository, resolve(call, *repository, snapshot_name));
  auto root = manifest.root;
  std::string prefix;
  if (!path.empty()) {
    const auto entry = snapshot::find_entry(*repository, manifest.root, path);
    if (!entry)
      throw base::Error(base::ErrorCode::not_found,
                        base::format("{} has no {}", snapshot_name, base::printable(path)));
    if (entry->type != snapshot::EntryType::directory) {
      print_entry(*call.console, *entry);
      return 0;
    }
    root = entry->tree;
    if (!entry->path.empty()) prefix = entry->path + "/";
  }
  snapshot::walk_tree(*repository, root, [&](const snapshot::Entry& entry) {
    auto shown = entry;
    shown.path = prefix + entry.path;
    print_entry(*call.console, shown);
    return snapshot::Walk::into;
  });
  return 0;
}

int command_cat(const Call& call) {
  std::vector<std::string> words;
  Options options(call.verb);
  options.positional(words);
  options.parse(call.arguments);
  if (words.size() != 1) throw usage(call, "cat takes one SNAPSHOT:PATH");
  const auto [snapshot_name, path] = snapshot::split_snapshot_path(words[0]);
  if (path.empty()) throw usage(call, "cat needs a file: SNAPSHOT:PATH");
  const auto repository = open_for_looking(call);
  const auto manifest =
      snapshot::load_manifest(*repository, resolve(call, *repository, snapshot_name));
  const auto entry = snapshot::find_entry(*repository, manifest.root, path);
  if (!entry)
    throw base::Error(base::ErrorCode::not_found,
                      base::format("{} has no {}", snapshot_name, base::printable(path)))
        .hint("'provrun ls " + snapshot_name + "' lists its files");
  if (entry->type != snapshot::EntryType::file)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("{} is no file", base::printable(path)));
  call.console->flush();
  repository->read_content(entry->content, [](std::span<const std::uint8_t> bytes) {
    os::write_standard_output({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  });
  return 0;
}

int command_restore(const Call& call) {
  std::optional<std::string> run;
  std::optional<std::string> into;
  bool overwrite = false;
  std::vector<std::string> words;
  Options options(call.verb);
  options.value("run", run).value("into", into).flag("overwrite", overwrite).positional(words);
  options.parse(call.arguments);
  if (!into) throw usage(call, "restore needs --into DIR");
  if (!run && words.empty()) throw usage(call, "restore needs a snapshot, or --run RUN");
  const auto repository = open_for_looking(call);
  snapshot::SnapshotName name;
  if (run) {
    const auto archive = open_archive(call, app::Archive::Mode::look);
    name = archive->snapshot_of(archive->catalog().find_run(*run));
  } else {
    name = resolve(call, *repository, words[0]);
    words.erase(words.begin());
  }
  const auto manifest = snapshot::load_manifest(*repository, name);
  snapshot::RestoreOptions restore;
  restore.patterns = words;
  restore.overwrite = overwrite ? snapshot::Overwrite::yes : snapshot::Overwrite::no;
  ProgressLine progress(*call.console, "restoring", manifest.counts.bytes);
  restore.progress = &progress;
  for (const auto& pattern : words) {
    // A name that is not there is said before anything is written.
    if (pattern.find_first_of("*?[") == std::string::npos &&
        !snapshot::find_entry(*repository, manifest.root, pattern))
      throw base::Error(base::ErrorCode::not_found,
                        base::format("the snapshot has no {}", base::printable(pattern)))
          .hint(base::format("'provrun ls {}' lists its files", name.id.to_hex().substr(0, 16)));
  }
  const auto report = snapshot::restore_tree(*repository, manifest.root, *into, restore);
  if (!report.unmatched_patterns.empty())
    throw base::Error(
        base::ErrorCode::not_found,
        base::format("nothing matches {}", base::printable(report.unmatched_patterns[0])));
  call.console->status("");
  call.console->object(codec::Json::object({{"type", "summary"},
                                            {"snapshot", name.id.to_hex()},
                                            {"into", *into},
                                            {"files", report.files},
                                            {"bytes", report.bytes}}));
  call.console->note(base::format("provrun: {} files, {} restored into {}",
                                  base::format_count(report.files), base::format_size(report.bytes),
                                  base::printable(*into)));
  return 0;
}

int command_verify(const Call& call) {
  std::vector<std::string> words;
  Options options(call.verb);
  options.positional(words);
  options.parse(call.arguments);
  if (words.size() != 1) throw usage(call, "verify takes one run or snapshot");
  const auto repository = open_for_looking(call);
  const auto name = resolve(call, *repository, words[0]);
  std::uint64_t total = 0;
  try {
    total = snapshot::load_manifest(*repository, name).counts.bytes;
  } catch (const base::Error&) {
    total = 0;  // verify_snapshot reports the damaged manifest
  }
  ProgressLine progress(*call.console, "verifying", total);
  const auto report = snapshot::verify_snapshot(*repository, name, &progress);
  auto& console = *call.console;
  console.status("");
  for (const auto& damage : report.damage) {
    codec::Json files = codec::Json::array();
    for (const auto& file : damage.files) files.push_back(file);
    console.object(codec::Json::object({{"type", "damage"},
                                        {"object", damage.object},
                                        {"problem", damage.problem},
                                        {"files", std::move(files)}}));
    console.warning(base::format("provrun: {} {}: {}", console.paint_err(Colour::red, "damaged:"),
                                 damage.object, damage.problem));
    for (const auto& file : damage.files) console.warning("  needed by " + base::printable(file));
  }
  console.object(codec::Json::object({{"type", "summary"},
                                      {"snapshot", name.id.to_hex()},
                                      {"damaged", static_cast<std::int64_t>(report.damage.size())},
                                      {"files", report.files},
                                      {"verified_bytes", report.bytes}}));
  if (report.clean())
    console.note(base::format("provrun: {} files, {} read and as they were stored",
                              base::format_count(report.files), base::format_size(report.bytes)));
  return report.clean() ? 0 : 5;
}

int command_repair(const Call& call) {
  bool catalog = false;
  bool index = false;
  std::vector<std::string> words;
  Options options(call.verb);
  options.flag("catalog", catalog).flag("index", index).positional(words);
  options.parse(call.arguments);
  if (!words.empty()) throw usage(call, "repair takes no arguments");
  if (catalog == index) throw usage(call, "repair needs one of --catalog and --index");
  auto& console = *call.console;
  if (index) {
    const auto repository = open_for_looking(call);
    const auto report = store::rebuild_index(*repository);
    for (const auto& pack : report.damaged_packs)
      console.warning(base::format("provrun: {} pack {} has no readable footer",
                                   console.paint_err(Colour::red, "damaged:"), pack));
    console.object(
        codec::Json::object({{"type", "summary"},
                             {"packs", report.packs},
                             {"chunks", report.chunks},
                             {"damaged", static_cast<std::int64_t>(report.damaged_packs.size())}}));
    console.note(base::format("provrun: {} chunks of {} packs indexed",
                              base::format_count(report.chunks), base::format_count(report.packs)));
    return report.damaged_packs.empty() ? 0 : 5;
  }
  const auto count = app::rebuild_catalog(
      app::locate_repository(call.global.repository, workspace_here()), workspace_here());
  console.object(codec::Json::object({{"type", "summary"}, {"runs", count}}));
  console.note(base::format("provrun: the catalog has {} runs again", base::format_count(count)));
  return 0;
}

}  // namespace provrun::cli
