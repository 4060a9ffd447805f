#include "planned_files.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

namespace {

bool inside(std::string_view path, std::string_view directory) {
  if (directory == ".") return !path.starts_with('/');
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

constexpr std::size_t kMostIdentified = 1000;

[[noreturn]] void writes_nothing() {
  throw base::Error(base::ErrorCode::internal, "a plan writes nothing");
}

}  // namespace

void PlannedFiles::plan(const core::Artifact& artifact, std::optional<std::string> link) {
  planned_[artifact.path] = artifact;
  if (link) links_[artifact.path] = std::move(*link);
}

void PlannedFiles::plan_absence(const std::string& path) {
  planned_.erase(path);
  absent_.insert(path);
  identified_.erase(path);
}

// Whether it will not be there, or lies in a directory that is made anew.
bool PlannedFiles::goes_away(const std::string& path) const {
  if (!absent_.empty() && absent_.contains(path)) return true;
  if (directories_.empty()) return false;
  for (auto slash = path.rfind('/'); slash != std::string::npos && slash > 0;
       slash = path.rfind('/', slash - 1))
    if (directories_.contains(path.substr(0, slash))) return true;
  return false;
}

// Whether something will be made below the directory.
bool PlannedFiles::holds_planned(const std::string& directory) const {
  if (directory == ".") return !planned_.empty() || !directories_.empty();
  const auto below = directory + "/";
  const auto file = planned_.lower_bound(below);
  if (file != planned_.end() && file->first.starts_with(below)) return true;
  const auto made = directories_.lower_bound(below);
  return made != directories_.end() && made->starts_with(below);
}

bool PlannedFiles::touches(const std::string& directory) const {
  const auto gone = absent_.lower_bound(directory == "." ? "" : directory + "/");
  if (gone != absent_.end() && inside(*gone, directory)) return true;
  return directories_.contains(directory) || goes_away(directory) || holds_planned(directory);
}

std::optional<core::PathState> PlannedFiles::identify(const std::string& path,
                                                      core::PathKind kind) {
  if (kind == core::PathKind::directory && touches(path)) return planned_directory(path);
  if (kind == core::PathKind::file)
    if (const auto planned = planned_.find(path); planned != planned_.end())
      return core::PathState{planned->second.content, {planned->second}};
  if (kind == core::PathKind::file && goes_away(path)) return std::nullopt;
  if (kind != core::PathKind::file) return files_.identify(path, kind);
  if (const auto known = identified_.find(path); known != identified_.end()) return known->second;
  auto state = files_.identify(path, kind);
  if (identified_.size() == kMostIdentified) identified_.clear();
  identified_.emplace(path, state);
  return state;
}

core::PathState PlannedFiles::planned_directory(const std::string& path) {
  CachedFiles::Contents contents;
  try {
    contents = files_.contents_of(path);
  } catch (const base::Error&) {
    // Else what is there now does not matter.
    if (!directories_.contains(path) && !goes_away(path)) throw;
    contents = {};
  }
  const auto replaced = [&](const std::string& full) {
    return planned_.contains(full) || goes_away(full);
  };
  std::erase_if(contents.lines,
                [&](const auto& line) { return replaced(path + "/" + line.first); });
  std::erase_if(contents.files, [&](const auto& file) { return replaced(file.path); });
  std::map<std::string, std::string> lines(contents.lines.begin(), contents.lines.end());
  const auto add = [&](const std::string& full, const std::string& what) {
    auto name = full.substr(path.size() + 1);
    for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
      lines.insert_or_assign(name.substr(0, slash), "d");
    lines.insert_or_assign(std::move(name), what);
  };
  for (const auto& made : directories_)
    if (inside(made, path)) add(made, "d");
  for (auto entry = planned_.lower_bound(path + "/");
       entry != planned_.end() && inside(entry->first, path); ++entry) {
    const auto& [full, artifact] = *entry;
    const auto link = links_.find(full);
    add(full, link != links_.end() ? "l" + link->second : "f" + artifact.content.digest.to_hex());
    contents.files.push_back(artifact);
  }
  contents.lines.assign(lines.begin(), lines.end());
  return CachedFiles::state_of(std::move(contents));
}

bool PlannedFiles::unchanged(const std::string& path, core::PathKind kind) {
  return files_.unchanged(path, kind);
}

core::Sight PlannedFiles::look(const std::string& path, core::Look what) {
  if (const auto planned = planned_.find(path); planned != planned_.end()) {
    const auto link = links_.find(path);
    if (what == core::Look::target && link != links_.end())
      return {core::Presence::symlink, core::ContentId{hash::sha256(link->second)}};
    core::Sight sight{core::Presence::file, std::nullopt, (planned->second.mode & 0111U) != 0};
    if (what == core::Look::content) sight.content = planned->second.content;
    return sight;
  }
  if (directories_.contains(path) || holds_planned(path)) {
    core::Sight sight{core::Presence::directory, std::nullopt};
    if (what == core::Look::listing) sight.content = core::listing_content(list(path));
    return sight;
  }
  if (goes_away(path)) return {};
  return files_.look(path, what);
}

std::string PlannedFiles::real_path(const std::string& path) {
  if (planned_.contains(path) || directories_.contains(path) || holds_planned(path)) return path;
  return goes_away(path) ? std::string() : files_.real_path(path);
}

std::vector<core::ListingEntry> PlannedFiles::list(const std::string& path) {
  if (!touches(path)) return files_.list(path);
  std::map<std::string, core::Presence> names;
  if (!directories_.contains(path) && !goes_away(path))
    for (const auto& entry : files_.list(path))
      if (!absent_.contains(path == "." ? entry.name : path + "/" + entry.name))
        names[entry.name] = entry.type;
  const auto skip = path == "." ? std::size_t{0} : path.size() + 1;
  const auto add = [&](const std::string& full, core::Presence presence) {
    if (!inside(full, path)) return;
    const auto slash = full.find('/', skip);
    if (slash != std::string::npos) presence = core::Presence::directory;
    names.insert_or_assign(full.substr(skip, slash - skip), presence);
  };
  for (const auto& made : directories_) add(made, core::Presence::directory);
  for (const auto& [full, artifact] : planned_)
    add(full, links_.contains(full) ? core::Presence::symlink : core::Presence::file);
  std::vector<core::ListingEntry> entries;
  for (auto& [name, presence] : names) entries.push_back({name, presence});
  return entries;
}

std::optional<std::vector<core::ListingEntry>> PlannedFiles::recall(
    const core::ContentId& listing) {
  return files_.recall(listing);
}

core::ContentId PlannedFiles::keep_listing(const std::vector<core::ListingEntry>& entries) {
  return files_.keep_listing(entries);
}

void PlannedFiles::prepare_output(const std::string&, core::PathKind,
                                  const std::vector<core::Artifact>&) {
  writes_nothing();
}

void PlannedFiles::protect(const std::string&, core::PathKind) {
  writes_nothing();
}

std::string PlannedFiles::set_aside(const std::string&) {
  writes_nothing();
}

}  // namespace provrun::app
