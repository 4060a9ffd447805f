#include "entry_view.hpp"

#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/core/record.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::cli {

namespace {

char letter_of(const snapshot::Entry& entry) {
  const auto letter = static_cast<char>(entry.type);
  return letter == 'f' ? '-' : letter;
}

std::string owner_of(const std::string& name, std::uint32_t number) {
  return name.empty() ? base::format("{}", number) : base::printable(name);
}

}  // namespace

void add_filter(Options& options, app::SnapshotFilter& filter) {
  options.list("host", filter.hosts)
      .list("tag", filter.tags)
      .list("path", filter.paths)
      .list("run", filter.runs);
}

void complete_filter(app::SnapshotFilter& filter) {
  for (auto& path : filter.paths)
    path = os::normalize_path(os::join_path(os::current_directory(), path));
}

std::string kind_of(const snapshot::Entry& entry) {
  switch (static_cast<char>(entry.type)) {
    case 'f':
      return "file";
    case 'd':
      return "directory";
    case 'l':
      return "symlink";
    case 'p':
      return "fifo";
    case 's':
      return "socket";
    case 'b':
      return "block_device";
    case 'c':
      return "character_device";
    default:
      return "other";
  }
}

void set_entry(codec::Json& line, const snapshot::Entry& entry) {
  core::set_path(line, entry.path);
  line.set("kind", kind_of(entry));
  line.set("mode", base::format("{:04o}", entry.mode));
  line.set("modified", base::Timestamp{entry.mtime_ns}.to_rfc3339());
  line.set("uid", static_cast<std::int64_t>(entry.uid));
  line.set("gid", static_cast<std::int64_t>(entry.gid));
  if (!entry.user.empty()) line.set("user", entry.user);
  if (!entry.group.empty()) line.set("group", entry.group);
  if (entry.type == snapshot::EntryType::file)
    line.set("size", entry.content.size).set("content", entry.content.id.to_string());
  if (entry.type == snapshot::EntryType::directory && !entry.path.empty())
    line.set("tree", entry.tree.to_hex());
  if (entry.type == snapshot::EntryType::symlink) line.set("target", entry.target);
}

std::string entry_line(const snapshot::Entry& entry, const EntryStyle& style) {
  std::string size;
  if (entry.type == snapshot::EntryType::file)
    size = style.bytes ? base::format("{}", entry.content.size)
                       : base::format_size(entry.content.size);
  std::string owner;
  if (style.owner)
    owner = base::format("  {:<8}  {:<8}", owner_of(entry.user, entry.uid),
                         owner_of(entry.group, entry.gid));
  std::string tail;
  if (entry.type == snapshot::EntryType::directory) tail = "/";
  if (entry.type == snapshot::EntryType::symlink && style.owner)
    tail = " -> " + base::printable(entry.target);
  return base::format("{}{:04o}{}  {:>{}}  {}  {}{}", letter_of(entry), entry.mode, owner, size,
                      style.bytes ? 14 : 10,
                      base::Timestamp{entry.mtime_ns}.to_rfc3339().substr(0, 19),
                      base::printable(entry.path.empty() ? "." : entry.path), tail);
}

std::string short_id(const std::string& id) {
  return id.substr(0, 16);
}

std::string short_time(base::Timestamp time) {
  auto text = time.to_rfc3339().substr(0, 19);
  text[10] = ' ';
  return text;
}

}  // namespace provrun::cli
