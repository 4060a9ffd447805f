#include "provrun/app/tar_exchange.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "provrun/app/archive.hpp"
#include "provrun/app/parity.hpp"
#include "provrun/app/version.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "tar_entries.hpp"

namespace provrun::app {

namespace {

constexpr std::string_view kOwnFolder = ".provrun-archive";
constexpr std::string_view kInfoName = ".provrun-archive/snapshot.json";
constexpr std::string_view kDeletedName = ".provrun-archive/deleted";
constexpr std::uint64_t kOwnLimit = std::uint64_t{1} << 30U;

void add_text(interchange::TarWriter& writer, std::string_view name, const std::string& text,
              std::int64_t mtime_ns) {
  interchange::TarMember member;
  member.path = name;
  member.mtime_ns = mtime_ns;
  member.size = text.size();
  writer.add(member);
  writer.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

class Exporter {
 public:
  Exporter(store::Repository& repository, interchange::TarWriter& writer, TarExportSummary& summary)
      : repository_(repository), writer_(writer), summary_(summary) {}

  void add(const snapshot::Entry& entry) {
    const auto letter = static_cast<char>(entry.type);
    if (letter == 's') {
      summary_.left_out.push_back(entry.path);
      return;
    }
    interchange::TarMember member;
    member.path = entry.path;
    member.type = letter;
    member.mode = entry.mode;
    member.mtime_ns = entry.mtime_ns;
    member.uid = entry.uid;
    member.gid = entry.gid;
    member.user = entry.user;
    member.group = entry.group;
    member.target = entry.target;
    member.size = entry.content.size;
    copy_extras(entry, member);
    if (const auto group = link_group(entry); !group.empty()) {
      const auto [first, added] = links_.emplace(group, entry.path);
      if (!added) {
        member.type = 'h';
        member.target = first->second;
      }
    }
    writer_.add(member);
    if (letter != 'f') return;
    ++summary_.files;
    if (member.type == 'h') return;
    summary_.bytes += entry.content.size;
    repository_.read_content(entry.content,
                             [&](std::span<const std::uint8_t> bytes) { writer_.write(bytes); });
  }

 private:
  store::Repository& repository_;
  interchange::TarWriter& writer_;
  TarExportSummary& summary_;
  std::map<std::string, std::string> links_;  ///< group -> the first path of it
};

// An archive as it was read: entries sorted by path, each path once, the last one counting.
struct ReadArchive {
  codec::Json info;
  std::set<std::string> deleted;
  std::vector<snapshot::Entry> entries;
  std::vector<std::string> left_out;
};

// "./a//b/" is a/b; Error(invalid_input) for one that leads out.
std::string clean_path(const std::string& path, const std::string& archive) {
  std::string clean;
  for (const auto part : base::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (!snapshot::is_valid_name(part))
      throw base::Error(base::ErrorCode::invalid_input,
                        base::format("{} has a member {} that leads out of it",
                                     base::printable(archive), base::printable(path)));
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  return clean;
}

std::string read_own(interchange::TarReader& reader, std::uint64_t size) {
  if (size > kOwnLimit)
    throw base::Error(base::ErrorCode::invalid_input, "the archive's description is too long");
  std::string text;
  std::vector<std::uint8_t> buffer(1 << 16);
  while (const auto n = reader.read(buffer)) {
    text.append(reinterpret_cast<const char*>(buffer.data()), n);
    if (text.size() > kOwnLimit)
      throw base::Error(base::ErrorCode::invalid_input, "the archive's description is too long");
  }
  return text;
}

ReadArchive read_archive(interchange::TarReader& reader, store::WriteSession& session,
                         const std::string& name) {
  ReadArchive archive;
  std::map<std::string, std::size_t> places;  // path -> in entries
  interchange::TarMember member;
  while (reader.next(member)) {
    const auto path = clean_path(member.path, name);
    if (path == kInfoName) {
      archive.info = codec::parse_json(read_own(reader, member.size));
      continue;
    }
    if (path == kDeletedName) {
      const auto text = read_own(reader, member.size);
      for (const auto one : base::split(text, '\0'))
        if (!one.empty()) archive.deleted.insert(clean_path(std::string(one), name));
      continue;
    }
    if (path.empty() || path == kOwnFolder) continue;
    snapshot::Entry entry;
    if (member.type == 'h') {
      const auto target = clean_path(member.target, name);
      const auto first = places.find(target);
      if (first == places.end())
        throw base::Error(
            base::ErrorCode::invalid_input,
            base::format("{}: {} is a link to {}, which did not come before it",
                         base::printable(name), base::printable(path), base::printable(target)));
      auto& same = archive.entries[first->second];
      if (link_group(same).empty()) set_link_group(same, target);
      entry = same;
      entry.path = path;
    } else if (!has_entries_of(member.type)) {
      archive.left_out.push_back(path);
      continue;
    } else {
      entry.path = path;
      entry.type = static_cast<snapshot::EntryType>(member.type);
      entry.mode = member.mode;
      entry.mtime_ns = member.mtime_ns;
      entry.uid = member.uid;
      entry.gid = member.gid;
      entry.user = member.user;
      entry.group = member.group;
      entry.target = member.target;
      copy_extras(member, entry);
      if (member.type == 'f')
        entry.content =
            session.put_stream([&](std::span<std::uint8_t> buffer) { return reader.read(buffer); });
    }
    const auto [at, added] = places.emplace(path, archive.entries.size());
    if (added) {
      archive.entries.push_back(std::move(entry));
    } else {
      archive.entries[at->second] = std::move(entry);
    }
  }
  std::sort(archive.entries.begin(), archive.entries.end(),
            [](const auto& a, const auto& b) { return snapshot::path_less(a.path, b.path); });
  return archive;
}

// The tree of the base with what the archive deletes and brings.
void merge(store::Repository& repository, const std::optional<store::ChunkId>& base,
           const ReadArchive& archive, snapshot::TreeWriter& writer) {
  std::size_t next = 0;
  const auto& changed = archive.entries;
  if (base)
    snapshot::walk_tree(repository, *base, [&](const snapshot::Entry& entry) {
      while (next < changed.size() && snapshot::path_less(changed[next].path, entry.path))
        writer.add(changed[next++]);
      if (next < changed.size() && changed[next].path == entry.path) {
        const auto& one = changed[next++];
        writer.add(one);
        return one.type == snapshot::EntryType::directory ? snapshot::Walk::into
                                                          : snapshot::Walk::over;
      }
      if (archive.deleted.contains(entry.path)) return snapshot::Walk::over;
      writer.add(entry);
      return snapshot::Walk::into;
    });
  while (next < changed.size()) writer.add(changed[next++]);
}

std::optional<snapshot::LoadedSnapshot> base_of(store::Repository& repository,
                                                const codec::Json& info, const std::string& name) {
  const auto* since = info.find("since");
  if (since == nullptr) return std::nullopt;
  const auto root = hash::parse_digest(since->at("root").as_string());
  const auto id = since->at("snapshot").as_string();
  auto loaded = snapshot::load_snapshots(repository, {});
  for (auto at = loaded.rbegin(); at != loaded.rend(); ++at)
    if (at->name.id.to_hex() == id || (root && at->manifest.root.digest == *root) ||
        (at->manifest.origin && at->manifest.origin->to_hex() == id))
      return std::move(*at);
  throw base::Error(base::ErrorCode::not_found,
                    base::format("{} has what changed since snapshot {}, and that is not here",
                                 base::printable(name), base::printable(id.substr(0, 16))))
      .hint("import the archives before it first, in their order");
}

snapshot::Manifest manifest_from(const codec::Json& info, const std::string& name) {
  if (const auto* told = info.find("manifest"))
    return snapshot::parse_manifest(told->dump() + "\n");
  snapshot::Manifest manifest;
  manifest.host = os::host_name();
  manifest.user = os::user_name();
  manifest.paths = {name == "-" ? name : os::absolute_path(name)};
  manifest.started = os::now();
  return manifest;
}

}  // namespace

TarExportSummary export_tar(const TarExportRequest& request,
                            const std::function<void(std::string_view)>& sink) {
  const auto opened = open_shelf(request.shelf);
  const auto name = find_snapshot(*opened, request.shelf, request.snapshot);
  const auto manifest = snapshot::load_manifest(*opened, name);
  TarExportSummary summary;
  summary.snapshot = name.id.to_hex();
  if (snapshot::find_entry(*opened, manifest.root, kOwnFolder))
    throw base::Error(
        base::ErrorCode::conflict,
        base::format("the snapshot has a folder {}, a name that archives need", kOwnFolder));
  codec::Json info = codec::Json::object(
      {{"provrun_archive", 1}, {"snapshot", summary.snapshot}, {"root", manifest.root.to_hex()}});
  std::optional<store::ChunkId> since;
  if (request.since) {
    const auto before = find_snapshot(*opened, request.shelf, *request.since);
    since = snapshot::load_manifest(*opened, before).root;
    info.set("since",
             codec::Json::object({{"snapshot", before.id.to_hex()}, {"root", since->to_hex()}}));
  }
  info.set("manifest", codec::parse_json(manifest.to_json()));
  interchange::TarWriter writer(sink);
  const auto time = name.time.nanoseconds;
  add_text(writer, kInfoName, info.dump() + "\n", time);
  Exporter exporter(*opened, writer, summary);
  if (!since) {
    snapshot::walk_tree(*opened, manifest.root, [&](const snapshot::Entry& entry) {
      exporter.add(entry);
      return snapshot::Walk::into;
    });
  } else {
    std::string deleted;
    std::string above;  // a deleted folder: what lay in it need not be named
    const auto options = snapshot::FolderTimes::report;
    snapshot::diff_trees(
        *opened, *since, *opened, manifest.root,
        [&](const snapshot::TreeChange& change) {
          const bool gone =
              change.change == snapshot::Change::removed || change.change == snapshot::Change::kind;
          if (!gone) return;
          const auto& path = change.before->path;
          if (!above.empty() && path.starts_with(above)) return;
          above = change.before->type == snapshot::EntryType::directory ? path + "/" : "";
          deleted += path;
          deleted += '\0';
          ++summary.deleted;
        },
        options);
    add_text(writer, kDeletedName, deleted, time);
    // A name of a file that has others needs them in the archive, changed or not, to be one of them
    // again.
    std::set<std::string> groups;
    std::set<std::string> changed;
    snapshot::diff_trees(
        *opened, *since, *opened, manifest.root,
        [&](const snapshot::TreeChange& change) {
          if (!change.after) return;
          if (const auto group = link_group(*change.after); !group.empty()) {
            groups.insert(group);
            changed.insert(change.after->path);
          }
          exporter.add(*change.after);
        },
        options);
    if (!groups.empty())
      snapshot::walk_tree(*opened, manifest.root, [&](const snapshot::Entry& entry) {
        if (groups.contains(link_group(entry)) && !changed.contains(entry.path))
          exporter.add(entry);
        return snapshot::Walk::into;
      });
  }
  writer.finish();
  return summary;
}

void import_tar(const TarImportRequest& request,
                const std::function<void(const TarImport&)>& visit) {
  const auto workspace = Workspace::find_upwards(os::current_directory());
  const auto opened =
      open_repository(locate_repository(request.shelf.repository, workspace), Missing::create);
  for (const auto& path : request.archives) {
    const auto file = os::open_for_reading(path == "-" ? "/dev/stdin" : path);
    const auto shown = path == "-" ? std::string("standard input") : path;
    interchange::TarReader reader(
        [&](std::span<std::uint8_t> buffer) { return os::read_some(file, buffer, shown); }, shown);
    const auto session = opened->begin_session();
    auto archive = read_archive(reader, *session, shown);
    TarImport result;
    result.archive = path;
    result.left_out = std::move(archive.left_out);
    auto manifest = manifest_from(archive.info, path);
    const auto base = base_of(*opened, archive.info, shown);
    snapshot::TreeWriter writer(*session);
    merge(*opened, base ? std::optional(base->manifest.root) : std::nullopt, archive, writer);
    manifest.root = writer.finish();
    manifest.counts = writer.counts();
    manifest.parent = base ? std::optional(base->name.id) : std::nullopt;
    manifest.tool_version = kVersion;
    if (archive.info.is_null()) manifest.ended = os::now();
    if (archive.info.is_object())
      if (const auto origin = hash::parse_digest(archive.info.get_string("snapshot")))
        manifest.origin = snapshot::SnapshotId{*origin};
    for (const auto& tag : request.tags)
      if (std::find(manifest.tags.begin(), manifest.tags.end(), tag) == manifest.tags.end())
        manifest.tags.push_back(tag);
    if (archive.info.is_object())
      result.identical = archive.info.get_string("root") == manifest.root.to_hex();
    result.files = manifest.counts.files;
    result.bytes = manifest.counts.bytes;
    result.snapshot = snapshot::commit_snapshot(*session, std::move(manifest)).id.to_hex();
    follow_with_parity(session->repository());
    visit(result);
  }
}

}  // namespace provrun::app
