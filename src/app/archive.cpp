#include "provrun/app/archive.hpp"

#include <algorithm>
#include <map>

#include "index_cache.hpp"
#include "observed_memory.hpp"
#include "provrun/app/cached_files.hpp"
#include "provrun/app/recognised_ids.hpp"
#include "provrun/app/withheld_ids.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/random.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "workspace_settings.hpp"

namespace provrun::app {

namespace {

// A record of a hundred thousand steps is about 100 MB; far above is not ours.
constexpr std::uint64_t kRecordLimit = std::uint64_t{4} << 30U;
constexpr std::string_view kCatalogOwner = "catalog.repository";

}  // namespace

RepositoryLocation locate_repository(const std::optional<std::string>& option,
                                     const std::optional<Workspace>& workspace) {
  std::optional<std::string> chosen = option;
  std::string relative_to = os::current_directory();
  if (!chosen) chosen = os::environment_variable("PROVRUN_REPO");
  if (chosen && chosen->empty())
    throw base::Error(base::ErrorCode::invalid_input, "the repository's name is empty")
        .hint("unset PROVRUN_REPO, or give a path");
  if (!chosen && workspace) {
    chosen = read_settings(*workspace).repository;
    relative_to = workspace->root();
  }
  if (chosen) {
    std::string path = *chosen;
    constexpr std::string_view file_scheme = "file://";
    if (path.starts_with(file_scheme)) {
      path.erase(0, file_scheme.size());
    } else if (path.find("://") != std::string::npos) {
      throw base::Error(base::ErrorCode::invalid_input,
                        base::format("cannot reach {}: only folders and file:// are known",
                                     base::printable(path.substr(0, path.find("://") + 3))))
          .hint("mount it, or copy it to a folder");
    }
    return {os::normalize_path(os::join_path(relative_to, path)), false};
  }
  if (!workspace)
    throw base::Error(base::ErrorCode::not_found, "no .provrun here or in a folder above")
        .hint("go to a workspace, or name a repository with --repo");
  return {workspace->repository_directory(), true};
}

namespace {

std::unique_ptr<store::Repository> open_existing(const RepositoryLocation& location,
                                                 const store::OpenOptions& options) {
  try {
    return store::open_repository_at(location.path, options);
  } catch (base::Error& error) {
    if (error.code() == base::ErrorCode::not_found && location.by_default)
      throw base::Error(base::ErrorCode::not_found, "nothing has been recorded here yet")
          .hint("run a pipeline first: provrun pipeline.yaml");
    if (error.code() == base::ErrorCode::corruption)
      error.add_context("cannot open the repository " + base::printable(location.path));
    throw;
  }
}

// Without a cache folder for the index: who only looks leaves nothing behind.
std::unique_ptr<store::Repository> open_for_looking(const RepositoryLocation& location) {
  return open_existing(location, {});
}

}  // namespace

RepositoryLocation locate_repository_here(const std::optional<std::string>& option) {
  return locate_repository(option, Workspace::find_upwards(os::current_directory()));
}

std::unique_ptr<store::Repository> open_repository(const RepositoryLocation& location,
                                                   Missing missing, int parity) {
  const store::OpenOptions options{index_cache_directory()};
  if (missing == Missing::create && location.by_default && !os::lstat_file(location.path)) {
    // Made beside its place and moved there whole: a kill in between leaves no half of a
    // repository.
    const auto fresh = location.path + ".new-" + os::random_hex(4);
    store::CreateOptions create;
    create.parity_percent = parity;
    store::create_repository_at(fresh, create, options).reset();
    try {
      os::rename_file(fresh, location.path);
    } catch (const base::Error&) {
      os::remove_tree(fresh);
      if (!os::lstat_file(location.path)) throw;  // else another provrun was quicker
    }
  }
  return open_existing(location, options);
}

void require_repository(const RepositoryLocation& location, const Workspace& workspace) {
  if (!location.by_default && !workspace.exists()) open_existing(location, {});
}

std::string path_in_snapshot(const std::string& workspace_root, const std::string& artifact_path) {
  const auto full = os::normalize_path(os::join_path(workspace_root, artifact_path));
  if (full.starts_with(workspace_root + "/")) return full.substr(workspace_root.size() + 1);
  return std::string(kOutsideDirectory) + full;
}

std::unique_ptr<Archive> Archive::open(const RepositoryLocation& location,
                                       const std::optional<Workspace>& workspace, Mode mode) {
  std::unique_ptr<Archive> archive(new Archive());
  archive->repository_ = mode == Mode::update ? open_repository(location, Missing::create)
                                              : open_for_looking(location);
  archive->open_catalog(
      workspace ? workspace->state_database()
                : catalog::repository_catalog_path(archive->repository_->id().to_string()),
      mode);
  return archive;
}

std::unique_ptr<Archive> Archive::open_with_database(const RepositoryLocation& location,
                                                     const std::string& database_path) {
  std::unique_ptr<Archive> archive(new Archive());
  archive->repository_ = open_repository(location, Missing::fail);
  archive->open_catalog(database_path, Mode::update);
  return archive;
}

Archive::~Archive() = default;

namespace {

std::vector<std::string> ids_of(const std::vector<snapshot::SnapshotName>& snapshots) {
  std::vector<std::string> ids;
  ids.reserve(snapshots.size());
  for (const auto& name : snapshots) ids.push_back(name.id.to_hex());
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

void Archive::open_catalog(const std::string& database_path, Mode mode) {
  const auto repository_id = repository_->id().to_string();
  if (mode == Mode::update) {
    database_ = std::make_unique<db::Database>(catalog::open_state(database_path));
  } else if (auto present = catalog::open_state_for_reading(database_path)) {
    database_ = std::make_unique<db::Database>(std::move(*present));
  }
  if (database_) {
    state_ = std::make_unique<catalog::State>(*database_);
    catalog_ = std::make_unique<catalog::Catalog>(*database_);
  }
  // The catalog is of one repository; another one under the same name makes it worthless.
  const bool ours = state_ && state_->get_memo(kCatalogOwner) == repository_id;
  if (mode == Mode::update) {
    if (!ours) {
      catalog_->clear();
      state_->put_memo(kCatalogOwner, repository_id);
    }
    synchronize();
    return;
  }
  bool complete = ours;
  if (complete) {
    // Neither is a run missing nor is one shown whose snapshot was forgotten.
    snapshots_ = snapshot::list_snapshots(*repository_);
    complete = ids_of(*snapshots_) == catalog_->known_snapshots();
  }
  if (complete) return;
  // What the workspace's catalog does not have yet goes into a copy: looking changes nothing.
  catalog_.reset();
  memory_ =
      std::make_unique<db::Database>(ours ? database_->copy_in_memory() : catalog::memory_state());
  catalog_ = std::make_unique<catalog::Catalog>(*memory_);
  if (!database_) database_ = std::make_unique<db::Database>(catalog::memory_state());
  synchronize();
}

std::size_t Archive::synchronize() {
  snapshots_ = snapshot::list_snapshots(*repository_);
  const auto known = catalog_->known_snapshots();
  catalog_->remove_other_snapshots(ids_of(*snapshots_));
  std::size_t added = 0;
  for (const auto& name : *snapshots_) {
    const auto id = name.id.to_hex();
    if (std::binary_search(known.begin(), known.end(), id)) continue;
    const auto manifest = snapshot::load_manifest(*repository_, name);
    if (manifest.run.is_null()) {
      catalog_->add_snapshot(id);
      continue;
    }
    const auto run = load_run(name);
    catalog_->add_run(run.record, id, run.executions);
    ++added;
  }
  return added;
}

void Archive::remember_steps(const Workspace& workspace) {
  AccessSets access_sets(state_.get());
  CachedFiles files(workspace.root(), nullptr, ".provrun/aside", [](const std::string&) {});
  RecognisedIds recognised(KeyedIds(workspace.existing_hash_key()),
                           [&](std::string path) -> std::optional<core::ContentId> {
                             const bool folder = path.ends_with('/');
                             if (folder) path.pop_back();
                             try {
                               const auto state = files.identify(
                                   path, folder ? core::PathKind::directory : core::PathKind::file);
                               return state ? std::optional(state->content) : std::nullopt;
                             } catch (const base::Error&) {
                               return std::nullopt;
                             }
                           });
  const auto host = os::host_name();
  for (const auto& name : *snapshots_) {
    const auto manifest = snapshot::load_manifest(*repository_, name);
    // What other workspaces did with files of these names says nothing about the ones here.
    if (manifest.run.is_null() || manifest.host != host ||
        manifest.paths != std::vector{workspace.root()})
      continue;
    auto run = load_run(name);
    if (!run.record.pipeline) continue;
    std::vector<catalog::RememberedStep> steps;
    std::vector<core::AccessSetPtr> sets;
    for (auto& execution : run.executions) {
      if (execution.state != core::StepState::executed &&
          execution.state != core::StepState::reused)
        continue;
      auto& bodies = execution.observed.bodies;
      for (const auto& id : execution.observed.access_sets)
        bodies.push_back(access_sets.find(id, *this, run.manifest));
      recognised.restore(execution);
      steps.push_back(remembered_step(execution, [](const std::string&) { return nullptr; }));
      for (auto& set : bodies)
        if (set) sets.push_back(std::move(set));
    }
    state_->put_steps(run.record.pipeline->path, steps);
    state_->put_access_sets(sets);
  }
  if (!recognised.contents().empty()) remember_withheld(*state_, recognised.contents());
}

catalog::RememberedStep remembered_step(
    const core::Execution& execution,
    const std::function<const os::FileStat*(const std::string&)>& stat_of) {
  catalog::RememberedStep step;
  step.instance = execution.step;
  step.step_key = execution.step_key;
  step.execution = execution.id;
  step.key_document = execution.key.is_null() ? std::string() : execution.key.canonical();
  if (!execution.attempts.empty()) {
    const auto& attempt = execution.attempts.back();
    step.duration = std::chrono::milliseconds(
        (attempt.ended.nanoseconds - attempt.started.nanoseconds) / 1'000'000);
  }
  step.access_sets = execution.observed.access_sets;
  step.accesses = execution.observed.accesses;
  step.search_path = execution.observed.search_path;
  for (const auto& output : execution.outputs) {
    const auto* stat = stat_of(output.path);
    step.outputs.push_back({output, stat != nullptr ? *stat : os::FileStat{}});
  }
  return step;
}

snapshot::SnapshotName Archive::snapshot_of(const catalog::RunSummary& run) {
  if (!snapshots_) snapshots_ = snapshot::list_snapshots(*repository_);
  return snapshot::resolve_snapshot(*snapshots_, run.snapshot);
}

StoredRun Archive::load_run(std::string_view name) {
  return load_run(snapshot_of(catalog_->find_run(name)));
}

StoredRun Archive::load_run(const snapshot::SnapshotName& name) {
  StoredRun run;
  run.snapshot = name;
  try {
    run.manifest = snapshot::load_manifest(*repository_, name);
    const auto record = read_small(run.manifest, kRunFile);
    if (!record) throw base::Error(base::ErrorCode::not_found, "it is no run");
    run.record = core::run_record_from_json(codec::parse_json(*record));
    const auto lines = read_small(run.manifest, kExecutionsFile);
    AccessSets sets(state_.get());
    if (lines)
      for (const auto line : base::split(*lines, '\n'))
        if (!line.empty())
          run.executions.push_back(core::execution_from_stored_json(
              codec::parse_json(line),
              [&](const core::ContentId& id) { return sets.find(id, *this, run.manifest); }));
  } catch (base::Error& error) {
    error.add_context(
        base::format("cannot read the record in snapshot {}", name.id.to_hex().substr(0, 12)));
    throw;
  }
  return run;
}

StoredRun Archive::load_run_resolved(std::string_view name) {
  auto run = load_run(name);
  std::map<std::string, StoredRun> others;  // by snapshot
  for (auto& execution : run.executions) {
    if (execution.state != core::StepState::up_to_date) continue;
    const auto summary = catalog_->find_execution(execution.id);
    if (!summary) continue;
    auto& other = others[summary->snapshot];
    if (other.executions.empty())
      other = load_run(snapshot::resolve_snapshot(*snapshots_, summary->snapshot));
    for (const auto& candidate : other.executions)
      if (candidate.id == execution.id && candidate.state != core::StepState::up_to_date) {
        execution = candidate;
        execution.state = core::StepState::up_to_date;
        break;
      }
  }
  return run;
}

std::optional<core::Execution> Archive::load_execution(const core::ExecutionId& id) {
  const auto summary = catalog_->find_execution(id);
  if (!summary) return std::nullopt;
  if (!snapshots_) snapshots_ = snapshot::list_snapshots(*repository_);
  const auto run = load_run(snapshot::resolve_snapshot(*snapshots_, summary->snapshot));
  for (const auto& execution : run.executions)
    if (execution.id == id) return execution;
  return std::nullopt;
}

std::optional<std::string> Archive::read_small(const snapshot::Manifest& manifest,
                                               std::string_view path) {
  const auto entry = snapshot::find_entry(*repository_, manifest.root, path);
  if (!entry || entry->type != snapshot::EntryType::file) return std::nullopt;
  return repository_->read_content(entry->content, kRecordLimit);
}

std::uint64_t rebuild_catalog(const RepositoryLocation& location,
                              const std::optional<Workspace>& workspace) {
  const auto repository = open_repository(location, Missing::fail);
  const auto path = workspace ? workspace->state_database()
                              : catalog::repository_catalog_path(repository->id().to_string());
  const auto fresh = path + ".new";
  catalog::remove_state(fresh);
  std::uint64_t runs = 0;
  {
    const auto archive = Archive::open_with_database(location, fresh);
    if (workspace) archive->remember_steps(*workspace);
    runs = archive->catalog().counts().runs;
  }
  catalog::remove_state(path);
  os::rename_file(fresh, path);
  return runs;
}

}  // namespace provrun::app
