#include "provrun/engine/program_search.hpp"

#include <algorithm>

#include "provrun/base/text.hpp"

namespace provrun::engine {

using core::Access;
using core::AccessSetPtr;
using core::Presence;
using core::Use;

namespace {

// What shells and C libraries take where PATH is not set is not the same everywhere; this is in
// all.
constexpr std::string_view kUsualPath = "/usr/local/bin:/usr/bin:/bin";

std::string inside(std::string_view folder, std::string_view name) {
  if (folder == ".") return std::string(name);
  std::string path(folder);
  if (!path.ends_with('/')) path += '/';
  return path.append(name);
}

std::pair<std::string_view, std::string_view> split_place(std::string_view place) {
  const auto slash = place.rfind('/');
  if (slash == std::string_view::npos) return {".", place};
  return {slash == 0 ? std::string_view("/") : place.substr(0, slash), place.substr(slash + 1)};
}

bool is_outside(std::string_view path) {
  return path.starts_with('/');
}

const Access* find_access(const std::vector<AccessSetPtr>& observed, std::string_view path) {
  for (const auto& set : observed) {
    const auto& accesses = set->accesses;
    const auto at =
        std::lower_bound(accesses.begin(), accesses.end(), path,
                         [](const Access& access, std::string_view p) { return access.path < p; });
    if (at != accesses.end() && at->path == path) return &*at;
  }
  return nullptr;
}

}  // namespace

std::string search_path_of(const std::vector<std::pair<std::string, std::string>>& environment) {
  for (const auto& [name, value] : environment)
    if (name == "PATH") return value;
  return std::string(kUsualPath);
}

ProgramSearch::Folders& ProgramSearch::folders(const std::string& search_path,
                                               const std::string& directory) {
  const auto elements = base::split(search_path, ':');
  const bool relative = std::any_of(elements.begin(), elements.end(),
                                    [](auto element) { return !is_outside(element); });
  auto [at, fresh] = folders_.try_emplace(relative ? search_path + '\n' + directory : search_path);
  if (!fresh) return at->second;
  for (const auto element : elements) {
    auto folder = is_outside(element) ? std::string(element) : directory;
    if (!is_outside(element) && !element.empty()) folder = inside(directory, element);
    const auto real = files_.real_path(folder);
    at->second.real.push_back(real);
    if (!real.empty() && !is_outside(real)) at->second.in_workspace = true;
  }
  return at->second;
}

ProgramSearch::Program ProgramSearch::look(const std::string& place) {
  const auto sight = files_.look(place, core::Look::presence);
  if (sight.presence != Presence::file || !sight.executable) return {};
  Program program{place, files_.real_path(place), {}};
  if (program.file.empty()) return {};
  // A Python that is reached through a link in a virtual environment is another one.
  if (program.file != place) {
    const auto folder = split_place(place).first;
    auto settings = inside(split_place(folder).first, "pyvenv.cfg");
    if (files_.look(settings, core::Look::presence).presence == Presence::file)
      program.settings = std::move(settings);
  }
  return program;
}

ProgramSearch::Program ProgramSearch::program_at(const std::string& place) {
  if (!is_outside(place)) return look(place);
  const auto known = programs_.find(place);
  return known != programs_.end() ? known->second
                                  : programs_.emplace(place, look(place)).first->second;
}

const ProgramSearch::Program& ProgramSearch::first(Folders& folders, const std::string& name,
                                                   const IsLater& is_later) {
  if (!folders.in_workspace)
    if (const auto known = folders.found.find(name); known != folders.found.end())
      return known->second;
  found_ = {};
  for (const auto& folder : folders.real) {
    if (folder.empty()) continue;
    auto program = program_at(inside(folder, name));
    if (program.place.empty() || (!is_outside(program.place) && is_later(program.place))) continue;
    found_ = std::move(program);
    break;
  }
  if (folders.in_workspace) return found_;
  return folders.found.emplace(name, found_).first->second;
}

const std::vector<std::string>& ProgramSearch::candidates(const core::AccessSet& set) {
  // A set of the step's own has no id.
  const bool shared = set.id != core::ContentId{};
  if (shared)
    if (const auto known = candidates_.find(set.id); known != candidates_.end())
      return known->second;
  std::vector<std::string> places;
  for (const auto& access : set.accesses)
    if ((access.uses.has(Use::execute) && access.before == Presence::file) ||
        (access.uses.has(Use::follow) && access.before == Presence::symlink))
      places.push_back(access.path);
  if (shared) return candidates_.emplace(set.id, std::move(places)).first->second;
  return own_candidates_ = std::move(places);
}

// Whoever looks through PATH looks into each folder before the one where the program is. Where that
// was not seen the program was named by its path, or looked for through another PATH.
bool ProgramSearch::was_looked_up(const Folders& then, std::string_view folder,
                                  const std::string& name, const Observed& observed) {
  for (const auto& earlier : then.real) {
    if (earlier == folder) return true;
    if (!earlier.empty() && find_access(observed, inside(earlier, name)) == nullptr) return false;
  }
  return false;
}

std::optional<core::Reason> ProgramSearch::change(const SearchPaths& paths,
                                                  const Observed& observed,
                                                  const IsLater& is_later) {
  if (!paths.then) return std::nullopt;
  auto& then = folders(*paths.then, paths.directory);
  auto& now = folders(paths.now, paths.directory);
  for (const auto& set : observed)
    for (const auto& place : candidates(*set)) {
      const auto [folder, word] = split_place(place);
      if (std::find(then.real.begin(), then.real.end(), folder) == then.real.end()) continue;
      const std::string name(word);
      const auto& found = first(now, name, is_later);
      if (found.place.empty() || found.place == place) continue;
      const auto old = program_at(place);
      if (old.place.empty() || old.same_as(found)) continue;
      const auto* started = find_access(observed, old.file);
      if (started == nullptr || !started->uses.has(Use::execute) ||
          !was_looked_up(then, folder, name, observed))
        continue;
      return core::Reason{"observed_program", name, place, found.place};
    }
  return std::nullopt;
}

std::vector<std::string> ProgramSearch::places(const SearchPaths& paths, const Observed& observed) {
  std::vector<std::string> places;
  if (!paths.then) return places;
  const auto& then = folders(*paths.then, paths.directory);
  auto& now = folders(paths.now, paths.directory);
  for (const auto& set : observed)
    for (const auto& place : candidates(*set)) {
      const auto [folder, word] = split_place(place);
      if (std::find(then.real.begin(), then.real.end(), folder) == then.real.end()) continue;
      const std::string name(word);
      const auto found = first(now, name, [](const std::string&) { return false; }).place;
      for (const auto& at : now.real) {
        if (at.empty()) continue;
        places.push_back(inside(at, name));
        if (places.back() == found) break;
      }
    }
  return places;
}

void ProgramSearch::forget() {
  folders_.clear();
  programs_.clear();
}

}  // namespace provrun::engine
