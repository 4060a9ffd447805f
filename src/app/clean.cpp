#include "provrun/app/clean.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "provrun/app/archive.hpp"
#include "provrun/app/cached_files.hpp"
#include "provrun/app/pipeline_file.hpp"
#include "provrun/app/run_recorder.hpp"
#include "provrun/app/stored_results.hpp"
#include "provrun/app/workspace.hpp"
#include "provrun/base/error.hpp"
#include "provrun/core/links.hpp"
#include "provrun/engine/engine.hpp"
#include "provrun/engine/growth.hpp"
#include "provrun/os/directory.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

namespace {

// What the pipeline says of a file that an instance made.
struct DeclaredAs {
  bool any = false;
  bool input_too = false;
  const pipeline::OutputDeclaration* rules = nullptr;  // null: of a stream
};

DeclaredAs declared_as(const pipeline::Graph& graph, pipeline::InstanceId id,
                       const std::string& path) {
  DeclaredAs as;
  const auto inputs = graph.inputs(id);
  for (const auto output : graph.outputs(id)) {
    const auto name = graph.path(output);
    const bool inside = path == name || (graph.is_directory(output) && path.starts_with(name) &&
                                         path.size() > name.size() && path[name.size()] == '/');
    if (!inside) continue;
    as.any = true;
    as.rules = graph.output_declaration(id, output);
    as.input_too = std::find(inputs.begin(), inputs.end(), output) != inputs.end();
    return as;
  }
  for (const auto& discovery : graph.discoveries(id))
    if (discovery.pattern.match(path)) {
      as.any = true;
      as.rules = &graph.step(id).outputs[discovery.output];
    }
  return as;
}

class Cleaning {
 public:
  Cleaning(const pipeline::Graph& graph, Archive& archive, CachedFiles& files,
           core::Results& results)
      : graph_(graph), archive_(archive), files_(files), results_(results) {}

  // Why the file stays; empty: it may go. Nothing: it is not there.
  std::optional<std::string> judge(pipeline::InstanceId id, const core::LastExecution& last,
                                   const core::Artifact& artifact) {
    if (files_.look(artifact.path, core::Look::presence).presence == core::Presence::absent)
      return std::nullopt;
    const auto as = declared_as(graph_, id, artifact.path);
    if (!as.any) return "it is no output that the step declares";
    if (as.input_too) return "it is an input of the step, too";
    if (as.rules != nullptr && as.rules->persist) return "it is to persist";
    if (as.rules != nullptr && as.rules->is_protected) return "it is protected";
    if (as.rules != nullptr && !as.rules->cache) return "its bytes are not kept ('cache: false')";
    std::optional<core::PathState> state;
    try {
      state = files_.identify(artifact.path, core::PathKind::file);
    } catch (const base::Error&) {
      state.reset();
    }
    if (!state || state->content != artifact.content) return "it is not as provrun has recorded it";
    if (!is_stored(last)) return "its bytes are not all in the repository";
    return "";
  }

 private:
  // Whether all of its outputs can be had back.
  bool is_stored(const core::LastExecution& last) {
    const auto [at, fresh] = stored_.try_emplace(last.execution);
    if (fresh)
      at->second = results_
                       .find(last.step_key,
                             [&](const core::StoredResult& result) {
                               return std::all_of(
                                   last.outputs.begin(), last.outputs.end(),
                                   [&](const auto& output) { return has(result.outputs, output); });
                             })
                       .has_value();
    return at->second;
  }

  static bool has(const std::vector<core::Artifact>& outputs, const core::Artifact& wanted) {
    return std::any_of(outputs.begin(), outputs.end(), [&](const auto& output) {
      return output.path == wanted.path && output.content == wanted.content;
    });
  }

  const pipeline::Graph& graph_;
  Archive& archive_;
  CachedFiles& files_;
  core::Results& results_;
  std::map<core::ExecutionId, bool> stored_;
};

// Folders below an output directory, and itself, that nothing is left in. Deepest first.
void remove_empty_folders(const std::string& root, const std::set<std::string>& folders) {
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    const auto full = os::join_path(root, *folder);
    const auto stat = os::lstat_file(full);
    if (!stat || stat->type != os::FileType::directory || !os::list_directory(full).empty())
      continue;
    os::remove_tree(full);
  }
}

}  // namespace

CleanReport clean_workflow(const RunRequest& request, bool dry_run,
                           const std::function<void(const CleanedFile&)>& found,
                           const std::function<void(const std::string&)>& waiting,
                           const std::function<bool()>& cancelled) {
  CleanReport report;
  auto wanted = request.targets;
  wanted.insert(wanted.end(), request.until.begin(), request.until.end());
  auto loaded = load_pipeline(request.pipeline, request.overrides, wanted);
  const auto& graph = *loaded.graph;
  engine::Growth growth(
      *loaded.graph,
      {expansion_of(loaded),
       [&] { return pipeline::select(*loaded.graph, request.targets, request.until); },
       [](const std::vector<pipeline::InstanceId>&) {}});
  const auto workspace = Workspace::at(loaded.directory);
  if (!workspace.exists()) return report;
  const auto location = locate_repository(request.repository, workspace);
  if (const auto outer = request.variables.find(std::string(engine::kWorkspaceVariable));
      !dry_run && outer != request.variables.end() && outer->second == workspace.root())
    throw base::Error(base::ErrorCode::conflict,
                      "a step cannot clean the workspace that it runs in: it would wait for itself")
        .hint("clean it before or after the run");
  if (location.by_default && !os::lstat_file(location.path)) return report;
  std::optional<os::FileLock> lock;
  if (!dry_run) lock = workspace.lock("clean of " + loaded.file_name, waiting, cancelled);
  const auto archive =
      Archive::open(location, workspace, dry_run ? Archive::Mode::look : Archive::Mode::update);
  CachedFiles files(workspace.root(), archive->state(), ".provrun/aside",
                    [](const std::string&) {});
  WorkspaceHistory history(archive->state(), loaded.file_name);
  // A withheld file that lies here is no copy of itself.
  StoredResults results(*archive, workspace.root(), workspace.existing_hash_key(),
                        [](const std::string&) { return std::nullopt; });
  Cleaning cleaning(graph, *archive, files, results);

  std::set<std::string> folders;
  for (std::size_t at = 0; at < growth.selection().size() && !cancelled(); ++at) {
    const auto id = growth.selection()[at];
    const auto* last = history.last(std::string(graph.name(id)));
    if (last == nullptr) continue;
    try {
      growth.ended(id, last->outputs);
    } catch (
        const base::Error&) {  // what it has discovered fits no more: its files go all the same
    }
    for (const auto output : graph.outputs(id))
      if (graph.is_directory(output)) folders.emplace(graph.path(output));
    for (const auto& artifact : last->outputs) {
      if (core::is_empty_directory(artifact)) {
        folders.emplace(artifact.path.substr(0, artifact.path.size() - 1));
        continue;
      }
      const auto kept = cleaning.judge(id, *last, artifact);
      if (!kept) continue;
      found({artifact.path, std::string(graph.name(id)), artifact.size, *kept});
      if (!kept->empty()) {
        ++report.kept;
        continue;
      }
      ++report.removed;
      report.bytes += artifact.size;
      if (dry_run) continue;
      files.prepare_output(artifact.path, core::PathKind::file, {artifact});
      for (auto folder = os::parent_path(artifact.path);
           folder != "." && folder != "/" && declared_as(graph, id, folder).any;
           folder = os::parent_path(folder))
        folders.insert(folder);
    }
  }
  if (!dry_run) remove_empty_folders(workspace.root(), folders);
  return report;
}

}  // namespace provrun::app
