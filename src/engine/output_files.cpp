#include "output_files.hpp"

#include <algorithm>

#include "output_rules.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/engine/decider.hpp"

namespace provrun::engine {

using pipeline::InstanceId;

namespace {

void walk_pattern(core::WorkspaceFiles& files, const pipeline::DiscoverPattern& pattern,
                  const std::string& folder, std::size_t part,
                  const std::function<void(const std::string&)>& seen_folder,
                  std::vector<std::string>& found) {
  const bool last = part + 1 == pattern.depth();
  const auto path_of = [&](const std::string& name) {
    return folder == "." ? name : folder + "/" + name;
  };
  const auto& literal = pattern.literal(part);
  if (!literal.empty() && !last)
    return walk_pattern(files, pattern, path_of(literal), part + 1, seen_folder, found);
  if (seen_folder) seen_folder(folder);
  for (const auto& entry : files.list(folder)) {
    if (!pattern.part_matches(part, entry.name)) continue;
    const auto path = path_of(entry.name);
    if (!last)
      walk_pattern(files, pattern, path, part + 1, seen_folder, found);
    else if (entry.type != core::Presence::directory && pattern.match(path))
      found.push_back(path);
  }
}

}  // namespace

std::vector<std::string> find_discovered(
    core::WorkspaceFiles& files, const pipeline::DiscoverPattern& pattern,
    const std::function<void(const std::string&)>& seen_folder) {
  std::vector<std::string> found;
  walk_pattern(files, pattern, ".", 0, seen_folder, found);
  std::sort(found.begin(), found.end());
  return found;
}

void OutputFiles::prepare(InstanceId id) {
  static const std::vector<core::Artifact> nothing;
  const auto* last = history_.last(std::string(graph_.name(id)));
  const auto& known = last != nullptr ? last->outputs : nothing;
  for (OutputWalk walk(graph_, id); walk.next();) {
    const std::string name(graph_.path(walk.path()));
    const auto kind = Decider::kind_of(graph_, walk.path());
    if ((walk.rules().persist || updates_in_place(graph_, id, walk.path())) &&
        files_.identify(name, kind))
      continue;
    files_.prepare_output(name, kind, known);
  }
  for (const auto& discovery : graph_.discoveries(id)) {
    // What an earlier execution made must not be taken for what this one makes.
    if (!graph_.step(id).outputs[discovery.output].persist)
      for (const auto& path : find_discovered(files_, discovery.pattern))
        files_.prepare_output(path, core::PathKind::file, known);
    // A place for a file of no sense, so that the folder is made.
    files_.prepare_output(discovery.pattern.folder() + "/.provrun-discover", core::PathKind::file,
                          nothing);
  }
}

std::string OutputFiles::take(const std::string& path, core::PathKind kind,
                              const pipeline::OutputDeclaration& rules,
                              std::vector<core::Artifact>& outputs) {
  std::optional<core::PathState> state;
  try {
    if (rules.is_protected) files_.protect(path, kind);
    state = files_.identify(path, kind);
  } catch (const base::Error& error) {
    return "did not make what was declared: " + error.message();
  }
  if (!state && rules.optional) return {};
  if (!state) return base::format("did not make its output {}", base::printable(path));
  auto problem = ensure_problem(rules, *state, path);
  if (problem.empty())
    std::move(state->files.begin(), state->files.end(), std::back_inserter(outputs));
  return problem;
}

std::string OutputFiles::collect(InstanceId id, std::vector<core::Artifact>& outputs) {
  for (OutputWalk walk(graph_, id); walk.next();) {
    auto problem = take(std::string(graph_.path(walk.path())),
                        Decider::kind_of(graph_, walk.path()), walk.rules(), outputs);
    if (!problem.empty()) return problem;
  }
  for (const auto& discovery : graph_.discoveries(id)) {
    const auto& rules = graph_.step(id).outputs[discovery.output];
    const auto paths = find_discovered(files_, discovery.pattern);
    if (paths.empty() && !rules.optional)
      return base::format("made no file {} that could be discovered",
                          base::printable(discovery.pattern.text()));
    for (const auto& path : paths) {
      auto problem = take(path, core::PathKind::file, rules, outputs);
      if (!problem.empty()) return problem;
    }
  }
  std::sort(outputs.begin(), outputs.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return {};
}

void OutputFiles::set_aside(
    InstanceId id, const std::function<void(const std::string&, const std::string&)>& tell) {
  const auto move = [&](const std::string& path) {
    const auto where = files_.set_aside(path);
    if (!where.empty()) tell(path, where);
  };
  // A log tells of the failure; with what persists the next one goes on.
  for (OutputWalk walk(graph_, id); walk.next();)
    if (!walk.rules().log && !walk.rules().persist) move(std::string(graph_.path(walk.path())));
  for (const auto& discovery : graph_.discoveries(id)) {
    const auto& rules = graph_.step(id).outputs[discovery.output];
    if (rules.log || rules.persist) continue;
    for (const auto& path : find_discovered(files_, discovery.pattern)) move(path);
  }
}

}  // namespace provrun::engine
