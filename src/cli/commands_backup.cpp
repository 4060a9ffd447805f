#include "backup_view.hpp"
#include "command.hpp"
#include "commands.hpp"
#include "options.hpp"
#include "provrun/app/backup.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/piped_program.hpp"
#include "watched_interrupts.hpp"

namespace provrun::cli {

namespace {

constexpr std::uint64_t kListLimit = std::uint64_t{1} << 30U;

struct Words {
  std::vector<std::string> excludes, exclude_files, if_present, files_from, files_from0, tags;
  std::vector<std::string> changed_from, changed_from0;
  std::optional<std::string> larger_than, host, parent, stdin_name, limit_read, limit_write;
  std::optional<int> threads, nice;
  bool from_stdin = false;
  bool from_command = false;
};

std::optional<std::uint64_t> size_of(const std::optional<std::string>& text, const char* option) {
  if (!text) return std::nullopt;
  const auto size = base::parse_size(*text, false);
  if (!size || *size == 0)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("{} needs a size, not '{}'", option, base::printable(*text)))
        .hint("sizes are written as 512, 100kB, 20MB or 1.5GiB");
  return size;
}

std::string read_list(const std::string& path) {
  return path == "-" ? os::read_all_standard_input(kListLimit) : os::read_file(path, kListLimit);
}

void add_paths(std::vector<std::string>& paths, const std::string& list, char separator) {
  for (const auto path : base::split(list, separator))
    if (!path.empty()) paths.emplace_back(path);
}

app::BackupRequest request_of(const Call& call, const Words& words, app::BackupRequest request) {
  using snapshot::ExcludeRules;
  auto& selection = request.selection;
  for (const auto& pattern : words.excludes)
    selection.excludes.add(pattern, ExcludeRules::Style::anywhere);
  for (const auto& path : words.exclude_files)
    selection.excludes.add_lines(read_list(path), ExcludeRules::Style::anywhere);
  for (const auto& name : words.if_present) {
    if (name.empty() || name.find('/') != std::string::npos)
      throw usage(call, "--exclude-if-present takes the name of a file, without a folder");
    selection.exclude_if_present.push_back(name);
  }
  selection.exclude_larger_than = size_of(words.larger_than, "--exclude-larger-than");
  for (const auto& path : words.files_from) add_paths(request.paths, read_list(path), '\n');
  for (const auto& path : words.files_from0) add_paths(request.paths, read_list(path), '\0');
  if (!words.changed_from.empty() || !words.changed_from0.empty()) {
    auto& changed = request.changed.emplace();
    for (const auto& path : words.changed_from) add_paths(changed, read_list(path), '\n');
    for (const auto& path : words.changed_from0) add_paths(changed, read_list(path), '\0');
    if (request.force) throw usage(call, "--force and --changed-from exclude each other");
    if (selection.gitignore || selection.exclude_caches || selection.one_file_system ||
        !selection.exclude_if_present.empty())
      throw usage(
          call,
          "--changed-from looks into no other folders, which --gitignore, --exclude-caches, "
          "--exclude-if-present and --one-file-system need");
  }
  request.tags = words.tags;
  for (const auto& tag : request.tags)
    if (tag.empty() || tag.find(',') != std::string::npos)
      throw usage(call, "a tag is not empty and has no comma; give --tag several times");
  request.host = words.host;
  request.parent = words.parent;
  request.read_limit = size_of(words.limit_read, "--limit-read");
  request.write_limit = size_of(words.limit_write, "--limit-write");
  if (words.threads) {
    if (*words.threads < 1 || *words.threads > 256)
      throw usage(call, "--threads takes a number from 1 to 256");
    request.threads = static_cast<unsigned>(*words.threads);
  }
  return request;
}

}  // namespace

int command_backup(const Call& call) {
  Words words;
  app::BackupRequest request;
  std::vector<std::string> paths;
  Options options(call.verb);
  options.list("exclude,e", words.excludes)
      .list("exclude-file", words.exclude_files)
      .flag("exclude-caches", request.selection.exclude_caches)
      .list("exclude-if-present", words.if_present)
      .value("exclude-larger-than", words.larger_than)
      .flag("gitignore", request.selection.gitignore)
      .flag("one-file-system,x", request.selection.one_file_system)
      .list("files-from", words.files_from)
      .list("files-from0", words.files_from0)
      .list("changed-from", words.changed_from)
      .list("changed-from0", words.changed_from0)
      .flag("stdin", words.from_stdin)
      .flag("stdin-from-command", words.from_command)
      .value("stdin-filename", words.stdin_name)
      .list("tag", words.tags)
      .value("host", words.host)
      .value("parent", words.parent)
      .flag("force", request.force)
      .flag("skip-if-unchanged", request.skip_if_unchanged)
      .flag("dry-run,n", request.dry_run)
      .value("limit-read", words.limit_read)
      .value("limit-write", words.limit_write)
      .number("threads", words.threads)
      .number("nice", words.nice)
      .positional(paths);
  options.parse(call.arguments);
  const bool lists = !words.files_from.empty() || !words.files_from0.empty();
  const bool stream = words.from_stdin || words.from_command;
  if (stream && (!words.changed_from.empty() || !words.changed_from0.empty()))
    throw usage(call, "a stream has no list of what has changed");
  if (call.has_command && !words.from_command)
    for (const auto& path : call.command) paths.push_back(path);  // `backup -- -odd-name`
  if (stream && (!paths.empty() || lists))
    throw usage(call, "a stream is backed up by itself, without paths");
  if (words.from_stdin && words.from_command)
    throw usage(call, "--stdin and --stdin-from-command exclude each other");
  if (words.from_command && call.command.empty())
    throw usage(call, "--stdin-from-command needs the command after '--'");
  if (words.stdin_name && !stream)
    throw usage(call, "--stdin-filename goes with --stdin or --stdin-from-command");
  if (stream && (request.dry_run || request.skip_if_unchanged))
    throw usage(call, "a stream cannot be read without storing it");
  if (!stream && !lists && paths.empty())
    throw base::Error(base::ErrorCode::invalid_input, "backup needs a path")
        .hint("'provrun backup .' backs up this folder");
  if (request.force && words.parent) throw usage(call, "--force and --parent exclude each other");
  request.repository = call.global.repository;
  request.paths = paths;
  request = request_of(call, words, std::move(request));
  if (!stream && request.paths.empty())
    throw base::Error(base::ErrorCode::invalid_input, "the lists name no path");
  if (words.nice) os::lower_priority(*words.nice);

  auto& console = *call.console;
  BackupView view(console, request.dry_run);
  const WatchedInterrupts interrupts;
  app::BackupSummary summary;
  try {
    if (stream) {
      app::StreamRequest streamed;
      streamed.common = request;
      streamed.stored_as = words.stdin_name.value_or("stdin");
      if (words.from_command) streamed.command = call.command;
      summary = app::back_up_stream(streamed, view.sink(), interrupts.cancellation());
    } else {
      summary = app::back_up(request, view.sink(), interrupts.cancellation());
    }
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::cancelled) throw;
    view.interrupted();
    return interrupts.exit_code();
  }
  view.finished(summary);
  return summary.report.problems.empty() ? 0 : 3;
}

}  // namespace provrun::cli
