#include "provrun/engine/dependencies.hpp"

#include <algorithm>

#include "output_rules.hpp"
#include "provrun/engine/decider.hpp"

namespace provrun::engine {

using core::Access;
using core::ListingEntry;
using core::PathClass;
using core::Presence;
using pipeline::index_of;
using pipeline::InstanceId;

Dependencies::Dependencies(const pipeline::Graph& graph, core::WorkspaceFiles& files,
                           core::History& history)
    : graph_(graph), files_(files), history_(history), programs_(files) {}

void Dependencies::add_maker(const std::string& path, InstanceId id) {
  auto place = path;
  while (true) {
    auto& makers = makers_[place];
    // Sorted: a folder may have a hundred thousand makers. Who makes a path makes its folders too.
    const auto at = makers.empty() || makers.back() < id
                        ? makers.end()
                        : std::lower_bound(makers.begin(), makers.end(), id);
    if (at != makers.end() && *at == id) return;
    makers.insert(at, id);
    const auto slash = place.rfind('/');
    if (slash == std::string::npos || slash == 0) return;
    place.resize(slash);
  }
}

void Dependencies::prepare() {
  const auto from = prepared_;
  const auto count = graph_.instance_count();
  if (from == count && from > 0) return;
  prepared_ = count;
  ancestors_of_.reset();
  learned_.resize(count);
  read_from_.resize(count);
  std::vector<const core::LastExecution*> last(count - from);
  for (auto i = from; i < count; ++i) {
    const auto id = pipeline::Graph::instance(i);
    for (OutputWalk walk(graph_, id); walk.next();) {
      add_maker(std::string(graph_.path(walk.path())), id);
      if (walk.rules().temp) temporary_.emplace(graph_.path(walk.path()));
    }
    last[i - from] = history_.last(std::string(graph_.name(id)));
    if (last[i - from] != nullptr)
      for (const auto& output : last[i - from]->outputs) {
        add_maker(output.path, id);
        for (const auto& discovery : graph_.discoveries(id))
          if (graph_.step(id).outputs[discovery.output].temp &&
              discovery.pattern.match(output.path))
            temporary_.insert(output.path);
      }
  }
  for (auto i = from; i < count; ++i) {
    if (last[i - from] == nullptr) continue;
    const auto id = pipeline::Graph::instance(i);
    for (const auto& set : last[i - from]->observed) {
      if (set->path_class != PathClass::workspace) continue;
      for (const auto& access : set->accesses) {
        if (need_of(access, true) != Need::content) continue;
        const auto found = makers_.find(access.path);
        if (found == makers_.end()) continue;
        for (const auto maker : found->second) {
          if (index_of(maker) >= i) continue;
          const auto before = graph_.predecessors(id);
          const bool known = std::find(before.begin(), before.end(), maker) != before.end();
          auto& list = known ? read_from_[i] : learned_[i];
          if (std::find(list.begin(), list.end(), maker) == list.end()) list.push_back(maker);
        }
      }
    }
  }
}

const std::vector<InstanceId>& Dependencies::learned(InstanceId id) {
  prepare();
  return learned_[index_of(id)];
}

bool Dependencies::reads_from(InstanceId id, InstanceId before) {
  prepare();
  const auto& list = read_from_[index_of(id)];
  return std::find(list.begin(), list.end(), before) != list.end();
}

std::optional<InstanceId> Dependencies::maker(const std::string& path, InstanceId but) {
  prepare();
  if (const auto found = makers_.find(path); found != makers_.end())
    for (const auto id : found->second)
      if (id != but) return id;
  if (const auto id = graph_.maker(path); id && *id != but) return id;
  return std::nullopt;
}

bool Dependencies::comes_before(InstanceId earlier, InstanceId later) {
  prepare();
  if (index_of(earlier) >= index_of(later)) return false;
  if (ancestors_of_ != later) {
    ancestors_of_ = later;
    ancestors_.assign(graph_.instance_count(), false);
    std::vector<InstanceId> open{later};
    while (!open.empty()) {
      const auto id = open.back();
      open.pop_back();
      const auto visit = [&](InstanceId before) {
        if (ancestors_[index_of(before)]) return;
        ancestors_[index_of(before)] = true;
        open.push_back(before);
      };
      for (const auto before : graph_.predecessors(id)) visit(before);
      for (const auto before : learned_[index_of(id)]) visit(before);
    }
  }
  return ancestors_[index_of(earlier)];
}

// What will be made by instances that are not known yet. They all come later, but it may be a
// folder in which earlier ones make something, too.
bool Dependencies::is_made_by_nobody_yet(const std::string& path) const {
  return graph_.may_come(path) && !makers_.contains(path) && !graph_.maker(path);
}

// True when steps make it, or something in it, and none of them comes before this one: in a fresh
// workspace it would not be there yet.
bool Dependencies::is_made_later(const std::string& path, InstanceId id) {
  prepare();
  if (is_made_by_nobody_yet(path)) return true;
  const auto found = makers_.find(path);
  if (found == makers_.end()) {
    const auto maker = graph_.maker(path);
    return maker && (*maker == id || !comes_before(*maker, id));
  }
  return std::none_of(found->second.begin(), found->second.end(),
                      [&](InstanceId maker) { return comes_before(maker, id); });
}

bool Dependencies::is_temporary(const Access& access) {
  prepare();
  if (!temporary_.contains(access.path)) return false;
  const auto maker = graph_.maker(access.path);
  const auto* last = maker ? history_.last(std::string(graph_.name(*maker))) : nullptr;
  return last != nullptr &&
         std::any_of(last->outputs.begin(), last->outputs.end(), [&](const auto& output) {
           return output.path == access.path &&
                  (!access.content || output.content == *access.content);
         });
}

std::vector<pipeline::PathId> Dependencies::temporary_reads(InstanceId id) {
  prepare();
  std::vector<pipeline::PathId> paths;
  if (temporary_.empty()) return paths;
  const auto* last = history_.last(std::string(graph_.name(id)));
  if (last == nullptr) return paths;
  for (const auto& set : last->observed) {
    if (set->path_class != PathClass::workspace) continue;
    for (const auto& access : set->accesses) {
      if (need_of(access, true) != Need::content || !temporary_.contains(access.path)) continue;
      const auto path = graph_.find_path(access.path);
      if (path && graph_.producer(*path) != id) paths.push_back(*path);
    }
  }
  return paths;
}

std::vector<ListingEntry> Dependencies::countable(InstanceId id, const std::string& folder,
                                                  std::vector<ListingEntry> entries) {
  prepare();
  const auto prefix = folder == "." ? std::string() : folder + "/";
  std::erase_if(entries, [&](const ListingEntry& entry) {
    return !core::counts_in_listing(entry.name) ||
           (!temporary_.empty() && temporary_.contains(prefix + entry.name)) ||
           is_made_later(prefix + entry.name, id);
  });
  return entries;
}

namespace {

// Which of the names in a directory were there when it was listed: all of `others`, and those of
// `own` that make up the content. nullopt when that cannot be told.
std::optional<std::vector<ListingEntry>> names_then(std::vector<ListingEntry> others,
                                                    const std::vector<ListingEntry>& own,
                                                    const core::ContentId& content) {
  constexpr std::size_t kTried = 8;  // 256 listings at most
  if (core::listing_content(others) == content) return others;
  const auto count = std::min(own.size(), kTried);
  for (std::uint32_t chosen = 1; chosen < 1U << count; ++chosen) {
    auto names = others;
    for (std::size_t i = 0; i < count; ++i)
      if ((chosen >> i & 1U) != 0) names.push_back(own[i]);
    if (core::listing_content(names) == content) return names;
  }
  if (own.size() > count) {
    others.insert(others.end(), own.begin(), own.end());
    if (core::listing_content(others) == content) return others;
  }
  return std::nullopt;
}

}  // namespace

void Dependencies::settle_listing(InstanceId id, const std::vector<std::string>& own,
                                  Access& access) {
  if (access.path.starts_with('/') || !access.content) return;
  const auto prefix = access.path == "." ? std::string() : access.path + "/";
  const auto is_own = [&](const ListingEntry& entry) {
    const auto path = prefix + entry.name;
    const auto at = std::lower_bound(own.begin(), own.end(), path);
    return at != own.end() && (*at == path || (at->starts_with(path) && (*at)[path.size()] == '/'));
  };
  auto names = files_.recall(*access.content);
  if (!names) {
    // The directory as it is now, without what has come meanwhile, if that is what was seen.
    auto others = files_.list(access.path);
    const auto split = std::stable_partition(others.begin(), others.end(),
                                             [&](const auto& entry) { return !is_own(entry); });
    const std::vector<ListingEntry> mine(split, others.end());
    others.erase(split, others.end());
    names = names_then(others, mine, *access.content);
    if (!names) names = names_then(countable(id, access.path, others), mine, *access.content);
    if (!names) return;
  }
  std::erase_if(*names, is_own);
  access.content = files_.keep_listing(countable(id, access.path, std::move(*names)));
}

std::optional<core::Reason> Dependencies::listing_change(InstanceId id, const Access& access) {
  const auto sight = files_.look(access.path, core::Look::listing);
  if (sight.presence != Presence::directory)
    return core::Reason{"observed_missing", access.path, access.content->to_string(), ""};
  if (sight.content == access.content) return std::nullopt;
  const auto now = countable(id, access.path, files_.list(access.path));
  if (core::listing_content(now) == *access.content) return std::nullopt;
  core::Reason reason{"observed_listing", access.path, "", ""};
  if (const auto before = files_.recall(*access.content)) {
    const auto first_not_in = [](const auto& names, const auto& others) {
      for (const auto& entry : names)
        if (core::counts_in_listing(entry.name) &&
            std::find(others.begin(), others.end(), entry) == others.end())
          return entry.name;
      return std::string();
    };
    reason.after = first_not_in(now, *before);
    reason.before = reason.after.empty() ? first_not_in(*before, now) : std::string();
  }
  return reason;
}

bool Dependencies::holds_outputs(InstanceId id, std::string_view directory) const {
  for (const auto output : graph_.outputs(id)) {
    const auto path = graph_.path(output);
    if (path == directory || (path.starts_with(directory) && path[directory.size()] == '/'))
      return true;
  }
  return false;
}

bool Dependencies::is_updated(InstanceId id, std::string place) const {
  while (true) {
    if (const auto path = graph_.find_path(place); path && updates_in_place(graph_, id, *path))
      return true;
    const auto slash = place.rfind('/');
    if (slash == std::string::npos || slash == 0) return false;
    place.resize(slash);
  }
}

std::optional<core::Reason> Dependencies::change_of(InstanceId id, const Access& access,
                                                    PathClass path_class, bool strict) {
  // What the step updates was what its key says.
  if (strict && is_updated(id, access.path)) return std::nullopt;
  const auto need = need_of(access, strict);
  switch (need) {
    case Need::nothing:
      return std::nullopt;
    case Need::absence: {
      const auto sight = files_.look(access.path, core::Look::presence);
      // Strictly, a file that the step looked for and made must not be there yet.
      const bool own = need_of(access) == Need::nothing;
      // Its outputs go away before it runs.
      if (own && declares_output(graph_, id, access.path)) return std::nullopt;
      // What we may not look at the step may not either: a folder of PATH that is closed to us.
      if (sight.presence == Presence::absent || sight.presence == Presence::unknown ||
          (!own && is_made_later(access.path, id)))
        return std::nullopt;
      return core::Reason{"observed_new", access.path, "", ""};
    }
    case Need::listing:
      return listing_change(id, access);
    case Need::target: {
      const auto sight = files_.look(access.path, core::Look::target);
      if (sight.presence == Presence::symlink && sight.content == access.content)
        return std::nullopt;
      return core::Reason{"observed_link", access.path, "", ""};
    }
    case Need::presence: {
      const auto look =
          access.before == Presence::symlink ? core::Look::target : core::Look::presence;
      const auto sight = files_.look(access.path, look);
      if (sight.presence == access.before) return std::nullopt;
      if (sight.presence == Presence::absent && is_temporary(access)) return std::nullopt;
      // Folders that outputs lie in are made before the step starts.
      if (access.before == Presence::directory && holds_outputs(id, access.path))
        return std::nullopt;
      return core::Reason{"observed_missing", access.path, "", ""};
    }
    case Need::content:
      break;
  }
  const auto sight = files_.look(access.path, core::Look::content);
  if (sight.presence == Presence::file && sight.content == access.content) return std::nullopt;
  if (sight.presence == Presence::absent && is_temporary(access)) return std::nullopt;
  if (sight.presence == Presence::absent)
    return core::Reason{"observed_missing", access.path, access.content->to_string(), ""};
  const bool software = path_class == PathClass::system || is_module_path(access.path);
  return core::Reason{software ? "observed_software" : "observed_content", access.path,
                      access.content->to_string(),
                      sight.content ? sight.content->to_string() : std::string()};
}

std::optional<core::Reason> Dependencies::first_change(
    InstanceId id, const std::vector<core::AccessSetPtr>& observed, const SearchPaths& paths,
    bool strict) {
  if (auto change = programs_.change(
          paths, observed, [&](const std::string& place) { return is_made_later(place, id); }))
    return change;
  for (const auto& set : observed) {
    if (set->path_class == PathClass::noise) continue;
    const bool shared = set->path_class == PathClass::system;
    if (shared)
      if (const auto found = compared_.find(set->id); found != compared_.end()) {
        if (found->second) return found->second;
        continue;
      }
    std::optional<core::Reason> change;
    for (const auto& access : set->accesses)
      if ((change = change_of(id, access, set->path_class, strict))) break;
    if (shared) compared_.emplace(set->id, change);
    if (change) return change;
  }
  return std::nullopt;
}

void Dependencies::made(InstanceId id, const std::vector<core::Artifact>& outputs,
                        bool wrote_software) {
  prepare();
  // What it made before and makes no more may be another's now.
  if (const auto* last = history_.last(std::string(graph_.name(id))))
    for (const auto& old : last->outputs)
      if (const auto found = makers_.find(old.path); found != makers_.end())
        std::erase(found->second, id);
  for (const auto path : graph_.outputs(id)) add_maker(std::string(graph_.path(path)), id);
  for (const auto& output : outputs) add_maker(output.path, id);
  if (!wrote_software) return;
  compared_.clear();
  programs_.forget();
}

}  // namespace provrun::engine
