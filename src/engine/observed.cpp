#include "provrun/engine/observed.hpp"

#include <algorithm>
#include <array>

namespace provrun::engine {

using core::Access;
using core::PathClass;
using core::Presence;
using core::Use;

namespace {

constexpr std::size_t kRecordedProcesses = 256;
// Up to this many accesses in the workspace stand in the execution itself: a set of their own would
// cost more than it saves.
constexpr std::size_t kOwnAccesses = 16;

// Whether the sorted list has the path, or (with a slash at its end) a folder that it is in.
bool covers(const std::vector<std::string>& declared, std::string_view path) {
  if (std::binary_search(declared.begin(), declared.end(), path)) return true;
  for (auto slash = path.find('/', 1); slash != std::string_view::npos;
       slash = path.find('/', slash + 1))
    if (std::binary_search(declared.begin(), declared.end(), path.substr(0, slash + 1)))
      return true;
  return false;
}

bool uses_bytes(const Access& access) {
  return access.before == Presence::file && access.content &&
         (access.uses.has(Use::read) || access.uses.has(Use::execute));
}

bool changes(const Access& access) {
  return access.uses.has(Use::write) || access.uses.has(Use::create) ||
         access.uses.has(Use::remove);
}

// /proc/4711/stat is another file in every execution and the same in what it means.
void name_process_folder(std::string& path) {
  constexpr std::string_view kFolder = "/proc/";
  if (!path.starts_with(kFolder)) return;
  auto end = kFolder.size();
  while (end < path.size() && path[end] >= '0' && path[end] <= '9') ++end;
  if (end > kFolder.size() && (end == path.size() || path[end] == '/'))
    path.replace(kFolder.size(), end - kFolder.size(), "PID");
}

// Of declared paths those that no access is of.
std::vector<std::string> unused(const std::vector<std::string>& declared,
                                const std::vector<std::string>& streams,
                                const std::vector<std::string_view>& touched) {
  std::vector<std::string> paths;
  for (const auto& path : declared) {
    const bool folder = path.ends_with('/');
    const auto name = folder ? path.substr(0, path.size() - 1) : path;
    const auto found = std::lower_bound(touched.begin(), touched.end(), name);
    if (found != touched.end() && *found == name) continue;
    const auto inside = std::lower_bound(touched.begin(), touched.end(), path);
    if (folder && inside != touched.end() && inside->starts_with(path)) continue;
    if (std::find(streams.begin(), streams.end(), name) != streams.end()) continue;
    paths.push_back(name);
  }
  return paths;
}

// What lies beside a program's folder in the way of installed software is software too: an
// interpreter that somebody built in his home has its library there.
void add_software_of(const Access& program, Scene& scene) {
  if (!program.uses.has(Use::execute) || !program.path.starts_with('/')) return;
  const auto folder = program.path.rfind("/bin/");
  if (folder == std::string::npos || program.path.find('/', folder + 5) != std::string::npos)
    return;
  const auto prefix = program.path.substr(0, folder);
  if (prefix.empty() || prefix == scene.home) return;
  for (const auto* part : {"/bin", "/lib", "/lib64", "/libexec", "/share", "/include", "/etc"}) {
    auto place = prefix + part;
    if (std::find(scene.software.begin(), scene.software.end(), place) == scene.software.end())
      scene.software.push_back(std::move(place));
  }
}

void sort_paths(std::vector<std::string>& paths) {
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
}

}  // namespace

Need need_of(const Access& access, bool strict) {
  if (changes(access)) {
    if (!strict) return Need::nothing;
    if (uses_bytes(access)) return Need::content;
    const bool looked = access.uses.has(Use::read) || access.uses.has(Use::probe);
    return looked && access.before == Presence::absent ? Need::absence : Need::nothing;
  }
  switch (access.before) {
    case Presence::absent:
      return Need::absence;
    case Presence::file:
      return uses_bytes(access) ? Need::content : Need::presence;
    case Presence::directory:
      return access.uses.has(Use::list) && access.content ? Need::listing : Need::presence;
    case Presence::symlink:
      return access.uses.has(Use::follow) && access.content ? Need::target : Need::presence;
    case Presence::other:
    case Presence::unknown:
      break;
  }
  return Need::nothing;
}

SortedOut sort_out(core::Observation observation, const Declared& given, const Scene& where,
                   const std::function<void(Access&)>& adjust) {
  auto declared = given;
  auto scene = where;
  sort_paths(declared.inputs);
  sort_paths(declared.outputs);
  SortedOut result;
  auto& observed = result.observed;
  observed.mechanism = std::move(observation.mechanism);
  observed.network = std::move(observation.network);
  observed.process_count = observation.processes.size();
  observation.processes.resize(std::min(observation.processes.size(), kRecordedProcesses));
  observed.processes = std::move(observation.processes);

  auto& accesses = observation.accesses;
  for (auto& access : accesses) {
    if (access.path.empty()) access.path = ".";
    name_process_folder(access.path);
  }
  const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
  if (!std::is_sorted(accesses.begin(), accesses.end(), by_path))
    std::stable_sort(accesses.begin(), accesses.end(), by_path);
  std::vector<Access> merged;
  merged.reserve(accesses.size());
  for (auto& access : accesses) {
    if (merged.empty() || merged.back().path != access.path)
      merged.push_back(std::move(access));
    else
      merged.back().uses.add(access.uses);
  }

  for (const auto& access : merged) add_software_of(access, scene);
  std::vector<PathClass> places;
  places.reserve(merged.size());
  std::array<std::size_t, 4> counts{};
  for (auto& access : merged) {
    if (access.uses.has(Use::list) && access.before == Presence::directory && access.content)
      adjust(access);
    const bool noise = !noise_rule(access, scene).empty();
    if (noise) access.content.reset();  // decides nothing, and nobody looked at what is in it
    places.push_back(noise ? PathClass::noise : class_of(access, scene));
    ++counts.at(static_cast<std::size_t>(places.back()));
  }
  const auto data_count = counts[0] + counts[1];  // in the workspace and outside
  std::vector<std::string_view> used;
  std::vector<std::string_view> written;
  used.reserve(data_count);
  result.inputs.reserve(data_count);
  observed.undeclared_inputs.reserve(data_count);
  observed.input_times.reserve(data_count);
  for (std::size_t i = 0; i < merged.size(); ++i) {
    const auto& access = merged[i];
    const auto place = places[i];
    const bool data = place == PathClass::workspace || place == PathClass::outside;
    if (place == PathClass::system && changes(access)) result.wrote_software = true;
    if (!data) continue;
    if (uses_bytes(access) || access.uses.has(Use::list)) used.push_back(access.path);
    if (changes(access)) written.push_back(access.path);
    // Also an output that was there before and that it went on with: two versions of one file.
    if (uses_bytes(access) && !covers(declared.inputs, access.path)) {
      result.inputs.push_back({access.path, *access.content, access.size, access.mode});
      observed.undeclared_inputs.push_back(access.path);
      observed.input_times.push_back(access.mtime_ns);
    }
    if (uses_bytes(access) && access.changed) result.changed.push_back(access.path);
    // What it has put there itself: a file that it only removed was somebody else's.
    if (place == PathClass::workspace &&
        (access.uses.has(Use::write) || access.uses.has(Use::create)) &&
        !covers(declared.outputs, access.path))
      result.written.push_back(access.path);
  }
  if (observation.grade == core::Grade::traced) {
    observed.unused_inputs = unused(declared.inputs, declared.streams, used);
    observed.unused_outputs = unused(declared.outputs, declared.streams, written);
  }
  std::array<std::vector<Access>, 4> by_class;
  for (std::size_t i = 0; i < by_class.size(); ++i) by_class.at(i).reserve(counts.at(i));
  for (std::size_t i = 0; i < merged.size(); ++i)
    by_class.at(static_cast<std::size_t>(places[i])).push_back(std::move(merged[i]));
  auto& own = by_class.at(static_cast<std::size_t>(PathClass::workspace));
  if (own.size() <= kOwnAccesses) observed.accesses = std::exchange(own, {});
  for (std::size_t i = 0; i < by_class.size(); ++i)
    for (auto& set : core::make_access_sets(static_cast<PathClass>(i), std::move(by_class.at(i)))) {
      observed.access_sets.push_back(set->id);
      observed.bodies.push_back(std::move(set));
    }
  return result;
}

}  // namespace provrun::engine
