#include "provrun/app/browse.hpp"

#include <algorithm>

#include "provrun/app/archive.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/tree_reader.hpp"

namespace provrun::app {

std::unique_ptr<store::Repository> open_shelf(const Shelf& shelf) {
  return open_repository(locate_repository_here(shelf.repository), Missing::fail);
}

std::vector<core::RunRecord::Withheld> withheld_of(store::Repository& repository,
                                                   const snapshot::Manifest& manifest) {
  if (manifest.run.is_null()) return {};
  const auto entry = snapshot::find_entry(repository, manifest.root, kRunFile);
  if (!entry || entry->type != snapshot::EntryType::file) return {};
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 30U;
  return core::run_record_from_json(
             codec::parse_json(repository.read_content(entry->content, kLimit)))
      .withheld;
}

snapshot::Entry require_entry(store::Repository& repository, const snapshot::Manifest& manifest,
                              const std::string& name, const std::string& path) {
  auto entry = snapshot::find_entry(repository, manifest.root, path);
  if (!entry)
    for (const auto& withheld : withheld_of(repository, manifest))
      if (withheld.file.path == path)
        throw base::Error(
            base::ErrorCode::not_found,
            base::format("{} was not stored: it holds {}", base::printable(path), withheld.holds))
            .hint("its content id stands in the run's record");
  if (!entry)
    throw base::Error(base::ErrorCode::not_found,
                      base::format("{} has no {}", name, base::printable(path)))
        .hint(base::format("'provrun ls {}' lists its files", name));
  return std::move(*entry);
}

snapshot::SnapshotName find_snapshot(store::Repository& repository, const Shelf& shelf,
                                     const std::string& name) {
  try {
    return snapshot::select_snapshot(repository, name, shelf.filter);
  } catch (const base::Error& error) {
    if (!shelf.filter.empty() || (error.code() != base::ErrorCode::not_found &&
                                  error.code() != base::ErrorCode::invalid_input))
      throw;
    const auto loaded = snapshot::load_snapshots(repository, {{}, {}, {}, {name}});
    if (loaded.size() > 1)
      throw base::Error(
          base::ErrorCode::invalid_input,
          base::format("'{}' is the beginning of {} runs", base::printable(name), loaded.size()))
          .hint("give more digits");
    if (loaded.empty() || name.empty() || name == "any" || name == "none") throw;
    return loaded.front().name;
  }
}

void each_snapshot(const Shelf& shelf, const std::function<void(const SnapshotSummary&)>& visit,
                   const std::function<void(const std::string& id)>& damaged) {
  const auto opened = open_shelf(shelf);
  std::vector<snapshot::SnapshotName> unreadable;
  const auto loaded = snapshot::load_snapshots(*opened, shelf.filter, &unreadable);
  for (auto at = loaded.rbegin(); at != loaded.rend(); ++at) {
    const auto& manifest = at->manifest;
    visit({at->name.id.to_hex(), at->name.time, manifest.user, manifest.host, manifest.paths,
           manifest.tags, snapshot::run_of(manifest),
           manifest.parent ? manifest.parent->to_hex() : std::string(), manifest.counts.files,
           manifest.counts.directories, manifest.counts.bytes, manifest.stored.stored_bytes});
  }
  for (const auto& name : unreadable) damaged(name.id.to_hex());
}

void list_files(const ListRequest& request,
                const std::function<void(const snapshot::Entry&)>& visit) {
  const auto opened = open_shelf(request.shelf);
  const auto [name, path] = snapshot::split_snapshot_path(request.what);
  const auto manifest =
      snapshot::load_manifest(*opened, find_snapshot(*opened, request.shelf, name));
  const auto start = require_entry(*opened, manifest, name, path);
  if (start.type != snapshot::EntryType::directory || request.directory) {
    visit(start);
    return;
  }
  const std::string prefix = start.path.empty() ? std::string() : start.path + "/";
  snapshot::walk_tree(*opened, start.tree, [&](const snapshot::Entry& entry) {
    const auto depth = 1 + std::count(entry.path.begin(), entry.path.end(), '/');
    if (prefix.empty()) {
      visit(entry);
    } else {
      auto whole = entry;
      whole.path.insert(0, prefix);
      visit(whole);
    }
    return request.depth == 0 || depth < request.depth ? snapshot::Walk::into
                                                       : snapshot::Walk::over;
  });
}

void read_file(const Shelf& shelf, const std::string& what,
               const std::function<void(std::string_view)>& sink) {
  const auto [name, path] = snapshot::split_snapshot_path(what);
  if (path.empty())
    throw base::Error(base::ErrorCode::invalid_input, "a file is named as SNAPSHOT:PATH");
  const auto opened = open_shelf(shelf);
  const auto manifest = snapshot::load_manifest(*opened, find_snapshot(*opened, shelf, name));
  const auto entry = require_entry(*opened, manifest, name, path);
  if (entry.type != snapshot::EntryType::file)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("{} is no file", base::printable(path)));
  opened->read_content(entry.content, [&](std::span<const std::uint8_t> bytes) {
    sink({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  });
}

bool are_runs(const Shelf& shelf, const std::string& before, const std::string& after) {
  const auto opened = open_shelf(shelf);
  for (const auto* what : {&before, &after}) {
    const auto [name, path] = snapshot::split_snapshot_path(*what);
    if (!path.empty() || what->ends_with(':')) return false;
    const auto manifest = snapshot::load_manifest(*opened, find_snapshot(*opened, shelf, name));
    if (manifest.run.is_null()) return false;
  }
  return true;
}

DiffSummary diff_snapshots(const Shelf& shelf, const std::string& before, const std::string& after,
                           const std::function<void(const snapshot::TreeChange&)>& visit) {
  const auto opened = open_shelf(shelf);
  DiffSummary summary;
  const auto start = [&](const std::string& what, std::string& id) {
    const auto [name, path] = snapshot::split_snapshot_path(what);
    const auto found = find_snapshot(*opened, shelf, name);
    id = found.id.to_hex();
    return require_entry(*opened, snapshot::load_manifest(*opened, found), name, path);
  };
  const auto a = start(before, summary.before);
  const auto b = start(after, summary.after);
  const auto count = [&](const snapshot::TreeChange& change) {
    using snapshot::Change;
    const auto size = [](const std::optional<snapshot::Entry>& entry) {
      return entry && entry->type == snapshot::EntryType::file ? entry->content.size : 0;
    };
    if (change.change == Change::added) ++summary.added;
    if (change.change == Change::removed) ++summary.removed;
    if (change.change == Change::content || change.change == Change::kind) ++summary.changed;
    if (change.change == Change::metadata) ++summary.metadata;
    if (change.change != Change::metadata) {
      summary.added_bytes += size(change.after);
      summary.removed_bytes += size(change.before);
    }
    visit(change);
  };
  const bool folders = a.type == snapshot::EntryType::directory;
  if (a.type != b.type) {
    count({snapshot::Change::kind, a, b, {}});
  } else if (folders) {
    snapshot::diff_trees(*opened, a.tree, b.tree, count);
  } else if (auto fields = snapshot::differing_fields(a, b); !fields.empty()) {
    const bool content = fields.front() == "content" || fields.front() == "target";
    count({content ? snapshot::Change::content : snapshot::Change::metadata, a, b,
           std::move(fields)});
  }
  return summary;
}

}  // namespace provrun::app
