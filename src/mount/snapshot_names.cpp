#include "snapshot_names.hpp"

#include <algorithm>

#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"

namespace provrun::mount {

namespace {

constexpr std::chrono::seconds kLookInterval{2};  // a listing each time would be one for each name

// A tag or host as the name of a folder.
std::string folder_name(std::string text) {
  for (auto& c : text)
    if (c == '/' || c == '\0') c = '_';
  if (text.empty() || text == "." || text == ".." || text == "latest") text.insert(0, "_");
  return text;
}

}  // namespace

void SnapshotNames::refresh() {
  const auto now = os::steady_now();
  if (looked_ >= std::chrono::nanoseconds(0) && now - looked_ < kLookInterval) return;
  looked_ = now;
  auto names = snapshot::list_snapshots(repository_);
  if (names == known_ && !top_.folders.empty()) return;
  known_ = std::move(names);
  std::vector<snapshot::SnapshotName> damaged;
  Folder top;
  for (const char* name : {"ids", "times", "tags", "hosts"}) top.folders[name];
  for (const auto& one : snapshot::load_snapshots(repository_, filter_, &damaged)) {
    const auto id = one.name.id.to_hex();
    const auto entry = std::pair(one.manifest.root, one.name.time.nanoseconds);
    auto time = one.name.time.to_rfc3339().substr(0, 19) + "Z";
    if (top.folders["times"].snapshots.contains(time)) time += "-" + id.substr(0, 8);
    const auto put = [&](Folder& folder) {
      folder.snapshots.emplace(time, entry);
      folder.latest = time;
    };
    top.folders["ids"].snapshots.emplace(id.substr(0, 16), entry);
    put(top.folders["times"]);
    top.folders["times"].latest.clear();
    top.latest = "times/" + time;
    put(top.folders["hosts"].folders[folder_name(one.manifest.host)]);
    for (const auto& tag : one.manifest.tags) put(top.folders["tags"].folders[folder_name(tag)]);
  }
  top_ = std::move(top);
}

std::optional<SnapshotNames::Place> SnapshotNames::find(const std::string& path) {
  const std::lock_guard lock(mutex_);
  refresh();
  const Folder* folder = &top_;
  std::size_t at = 0;
  Place place;
  while (true) {
    while (at < path.size() && path[at] == '/') ++at;
    if (at == path.size()) break;
    const auto end = std::min(path.find('/', at), path.size());
    const auto name = path.substr(at, end - at);
    at = end;
    if (name == "latest" && !folder->latest.empty()) {
      if (at != path.size()) return std::nullopt;
      place.kind = Place::Kind::link;
      place.target = folder->latest;
      return place;
    }
    if (const auto found = folder->snapshots.find(name); found != folder->snapshots.end()) {
      place.kind = Place::Kind::snapshot;
      place.root = found->second.first;
      place.time_ns = found->second.second;
      place.rest = at < path.size() ? path.substr(at + 1) : std::string();
      return place;
    }
    const auto next = folder->folders.find(name);
    if (next == folder->folders.end()) return std::nullopt;
    folder = &next->second;
  }
  for (const auto& [name, below] : folder->folders) place.names.push_back(name);
  for (const auto& [name, below] : folder->snapshots) place.names.push_back(name);
  if (!folder->latest.empty()) place.names.emplace_back("latest");
  std::sort(place.names.begin(), place.names.end());
  return place;
}

}  // namespace provrun::mount
