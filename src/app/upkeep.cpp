#include "provrun/app/upkeep.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "provrun/app/archive.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/catalog_edges.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/random.hpp"
#include "provrun/snapshot/reach.hpp"
#include "provrun/store/forgotten.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/parity_groups.hpp"
#include "provrun/store/trash.hpp"

namespace provrun::app {

namespace {

constexpr std::uint64_t kRepackOnFullDisk = 256 << 10;

std::string file_of(const snapshot::SnapshotName& name) {
  return name.object_name().substr(std::string_view("snapshots/").size());
}
std::string id_of_file(std::string_view file) {
  const auto dash = file.rfind('-');
  return std::string(file.substr(dash + 1, 64));
}

std::optional<Workspace> workspace() {
  return Workspace::find_upwards(os::current_directory());
}

// What lies in which snapshot's run, by the catalog: the runs in which something was made that
// this snapshot's run used, reused or found up to date.
class Sources {
 public:
  Sources(const std::optional<std::string>& repository,
          const std::vector<snapshot::LoadedSnapshot>& snapshots)
      : snapshots_(snapshots),
        archive_(Archive::open(locate_repository(repository, workspace()), workspace(),
                               Archive::Mode::look)),
        edges_(archive_->catalog_database()) {
    for (std::size_t i = 0; i < snapshots.size(); ++i)
      by_run_.emplace(snapshot::run_of(snapshots[i].manifest), i);
    by_run_.erase("");
  }

  const std::vector<std::size_t>& of(std::size_t position) {
    const auto known = known_.find(position);
    if (known != known_.end()) return known->second;
    std::set<std::size_t> found;
    const auto run = snapshot::run_of(snapshots_[position].manifest);
    if (!run.empty()) collect(run, found);
    found.erase(position);
    return known_[position] = {found.begin(), found.end()};
  }

 private:
  void collect(const std::string& run, std::set<std::size_t>& found) {
    const auto id = base::parse_uuid(run);
    if (!id) return;
    const auto add = [&](lineage::ExecutionNumber execution) {
      const auto other = by_run_.find(edges_.execution(execution).run.uuid.to_string());
      if (other != by_run_.end()) found.insert(other->second);
    };
    for (const auto execution : edges_.executions_of_run(core::RunId{*id})) {
      add(execution);
      if (const auto origin = edges_.execution(execution).reused_from) add(*origin);
      for (const auto& used : edges_.used(execution))
        for (const auto& generator : edges_.generators(used.version)) add(generator.execution);
    }
  }

  const std::vector<snapshot::LoadedSnapshot>& snapshots_;
  std::unique_ptr<Archive> archive_;
  catalog::CatalogEdges edges_;
  std::unordered_map<std::string, std::size_t> by_run_;
  std::map<std::size_t, std::vector<std::size_t>> known_;
};

policy::RetainedSnapshot retained(const snapshot::LoadedSnapshot& loaded,
                                  const std::vector<snapshot::Hold>& holds) {
  const auto& manifest = loaded.manifest;
  policy::RetainedSnapshot snapshot;
  snapshot.id = loaded.name.id.to_hex().substr(0, 16);
  snapshot.time = manifest.time;
  snapshot.host = manifest.host;
  snapshot.paths = manifest.paths;
  snapshot.tags = manifest.tags;
  if (manifest.run.is_object()) {
    snapshot.workflow = manifest.run.get_string("workflow");
    if (snapshot.workflow.empty()) snapshot.workflow = "(no name)";
    snapshot.complete = manifest.run.get_string("state", "completed") == "completed";
  }
  if (const auto* hold = snapshot::find_hold(holds, loaded.name.id, manifest))
    snapshot.hold = hold->reason;
  return snapshot;
}

// The catalogs follow at their next update; the one of this workspace at once.
enum class Memory { keep, tidy };
void update_catalog(const std::optional<std::string>& repository, Memory memory = Memory::keep) {
  try {
    const auto archive = Archive::open(locate_repository(repository, workspace()), workspace(),
                                       Archive::Mode::update);
    if (memory == Memory::tidy && archive->state() != nullptr) archive->state()->drop_unused_sets();
  } catch (const base::Error& error) {
    // What was done is done and durable; the next run brings the catalog up to date.
    if (error.code() == base::ErrorCode::internal) throw;
  }
}

}  // namespace

ForgetReport forget_snapshots(const ForgetRequest& request) {
  if (request.snapshots.empty() && !request.rules.any())
    throw base::Error(base::ErrorCode::invalid_input, "forget needs snapshots or a --keep rule")
        .hint("for example: provrun forget --keep-daily 7 --keep-monthly 12 --dry-run");
  const auto repository = open_shelf(request.shelf);
  const auto holds = snapshot::list_holds(*repository);
  const auto all = snapshot::load_snapshots(*repository, {});
  std::vector<std::size_t> chosen;  // positions the rules look at
  for (std::size_t i = 0; i < all.size(); ++i)
    if (snapshot::fits(all[i].manifest, request.shelf.filter)) chosen.push_back(i);

  std::optional<Sources> sources;
  const auto sources_of = [&](std::size_t position) -> const std::vector<std::size_t>& {
    if (!sources) sources.emplace(request.shelf.repository, all);
    return sources->of(position);
  };

  std::vector<bool> keep(all.size(), true);
  ForgetReport report;
  if (!request.snapshots.empty()) {
    std::set<snapshot::SnapshotId> named;
    for (const auto& name : request.snapshots)
      named.insert(find_snapshot(*repository, request.shelf, name).id);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!named.contains(all[i].name.id)) continue;
      if (const auto* hold = snapshot::find_hold(holds, all[i].name.id, all[i].manifest))
        throw base::Error(
            base::ErrorCode::refused,
            base::format("snapshot {} is held: {}", all[i].name.id.to_hex().substr(0, 16),
                         base::printable(hold->reason)))
            .hint(base::format("'provrun hold release {}' ends that", hold->id));
      keep[i] = false;
      report.rows.push_back({all[i].name.id.to_hex(),
                             all[i].manifest.time,
                             all[i].manifest.host,
                             all[i].manifest.paths,
                             all[i].manifest.tags,
                             snapshot::run_of(all[i].manifest),
                             "named",
                             false,
                             {"named"}});
    }
  } else {
    std::vector<policy::RetainedSnapshot> retained_ones;
    std::map<std::size_t, std::size_t> place;  // position in all -> in chosen
    for (const auto i : chosen) {
      place[i] = retained_ones.size();
      retained_ones.push_back(retained(all[i], holds));
    }
    std::unique_ptr<snapshot::Reach> reach;
    policy::RetentionQuestions questions;
    questions.added_bytes = [&](std::size_t i) {
      if (!reach) reach = std::make_unique<snapshot::Reach>(*repository);
      return reach->add(all[chosen[i]].manifest.root);
    };
    if (request.rules.max_size) repository->index().refresh();
    questions.sources = [&](std::size_t i) {
      std::vector<std::size_t> found;
      for (const auto source : sources_of(chosen[i]))
        if (place.contains(source)) found.push_back(place[source]);
      return found;
    };
    const auto plan = policy::plan_retention(retained_ones, request.rules, questions);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const auto& loaded = all[chosen[i]];
      const auto& verdict = plan.verdicts[i];
      keep[chosen[i]] = verdict.keep;
      report.rows.push_back({loaded.name.id.to_hex(), loaded.manifest.time, loaded.manifest.host,
                             loaded.manifest.paths, loaded.manifest.tags,
                             snapshot::run_of(loaded.manifest), plan.groups[verdict.group],
                             verdict.keep, verdict.reasons});
    }
    std::stable_sort(report.rows.begin(), report.rows.end(), [](const auto& a, const auto& b) {
      return a.group != b.group ? a.group < b.group : a.time < b.time;
    });
  }

  const bool any = std::find(keep.begin(), keep.end(), false) != keep.end();
  const bool any_run = std::any_of(all.begin(), all.end(), [](const auto& loaded) {
    return !snapshot::run_of(loaded.manifest).empty();
  });
  if (any && any_run) {
    const auto lost = policy::orphaned(keep, [&](std::size_t i) { return sources_of(i); });
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (lost[i].empty()) continue;
      Orphaned orphaned{all[i].name.id.to_hex(), {}};
      for (const auto source : lost[i]) orphaned.loses.push_back(all[source].name.id.to_hex());
      report.orphaned.push_back(std::move(orphaned));
    }
  }
  const auto now = os::now();
  const store::ForgetNote note{now,
                               {now.nanoseconds + request.keep.count()},
                               os::user_name(),
                               os::host_name(),
                               request.reason};
  report.keep_until = note.keep_until;
  if (request.dry_run || !any) return report;
  store::with_reserve(repository->backend(), [&] {
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!keep[i]) store::forget(repository->backend(), file_of(all[i].name), note);
  });
  report.forgotten = static_cast<std::uint64_t>(std::count(keep.begin(), keep.end(), false));
  update_catalog(request.shelf.repository);
  return report;
}

std::vector<ForgottenRow> list_forgotten(const std::optional<std::string>& location) {
  const auto repository = open_shelf({location, {}});
  std::vector<ForgottenRow> rows;
  for (const auto& [file, forgotten] : store::list_forgotten(repository->backend())) {
    if (forgotten.fate != store::Fate::forgotten) continue;
    const auto name = snapshot::parse_snapshot_file(file);
    rows.push_back({id_of_file(file), name ? name->time : base::Timestamp{}, forgotten.note.time,
                    forgotten.note.keep_until, forgotten.note.user, forgotten.note.reason});
  }
  std::reverse(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> undelete_snapshots(const std::optional<std::string>& location,
                                            const std::vector<std::string>& names) {
  const auto repository = open_shelf({location, {}});
  const auto all = store::list_forgotten(repository->backend());
  std::vector<std::string> files;
  for (const auto& name : names) {
    std::vector<std::string> fitting;
    bool expired = false;
    for (const auto& [file, forgotten] : all) {
      if (name.size() < 4 || !id_of_file(file).starts_with(name)) continue;
      if (forgotten.fate == store::Fate::forgotten) fitting.push_back(file);
      expired = expired || forgotten.fate == store::Fate::expired;
    }
    if (fitting.empty())
      throw base::Error(
          base::ErrorCode::not_found,
          expired ? base::format("the time in the trash of '{}' is over", base::printable(name))
                  : base::format("there is no snapshot '{}' in the trash", base::printable(name)))
          .hint("'provrun undelete' without a name lists what can be brought back");
    if (fitting.size() > 1)
      throw base::Error(base::ErrorCode::invalid_input,
                        base::format("'{}' is the beginning of {} snapshots", base::printable(name),
                                     fitting.size()))
          .hint("give more digits");
    files.push_back(fitting.front());
  }
  std::vector<std::string> ids;
  for (const auto& file : files) {
    store::undelete(repository->backend(), file);
    ids.push_back(id_of_file(file));
  }
  update_catalog(location);
  return ids;
}

namespace {

HoldRow row_of(const snapshot::Hold& hold, const std::vector<snapshot::LoadedSnapshot>& all) {
  HoldRow row{hold, {}};
  for (const auto& loaded : all)
    if (hold.keeps(loaded.name.id, loaded.manifest)) row.keeps.push_back(loaded.name.id.to_hex());
  return row;
}

}  // namespace

HoldRow add_hold(const Shelf& shelf, const std::vector<std::string>& names,
                 const std::string& reason) {
  const auto repository = open_shelf(shelf);
  snapshot::Hold hold;
  hold.id = os::random_hex(8);
  hold.created = os::now();
  hold.user = os::user_name();
  hold.host = os::host_name();
  hold.reason = reason;
  if (names.empty()) hold.filter = shelf.filter;
  for (const auto& name : names)
    hold.snapshots.push_back(find_snapshot(*repository, shelf, name).id);
  snapshot::add_hold(*repository, hold);
  auto row = row_of(hold, snapshot::load_snapshots(*repository, {}));
  // Somebody may have forgotten one, and a prune removed it, since it was looked up.
  for (const auto& id : hold.snapshots)
    if (std::find(row.keeps.begin(), row.keeps.end(), id.to_hex()) == row.keeps.end())
      throw base::Error(
          base::ErrorCode::conflict,
          base::format("snapshot {} was forgotten meanwhile", id.to_hex().substr(0, 16)))
          .hint("bring it back with 'provrun undelete'; the hold stands");
  return row;
}

std::vector<HoldRow> list_holds(const std::optional<std::string>& location) {
  const auto repository = open_shelf({location, {}});
  const auto all = snapshot::load_snapshots(*repository, {});
  std::vector<HoldRow> rows;
  for (const auto& hold : snapshot::list_holds(*repository)) rows.push_back(row_of(hold, all));
  return rows;
}

snapshot::Hold release_hold(const std::optional<std::string>& location, const std::string& id,
                            const std::string& reason) {
  const auto repository = open_shelf({location, {}});
  return snapshot::release_hold(*repository, id, os::user_name(), reason, os::now());
}

PruneReport prune_repository(const PruneRequest& request, const PruneProgress& progress) {
  const auto repository = open_shelf({request.repository, {}});
  auto& backend = repository->backend();
  PruneReport report;
  const auto now = os::now();
  const auto holds = snapshot::list_holds(*repository);
  const auto may_expire = [&](const std::string& file, const store::Forgotten& forgotten) {
    if (forgotten.fate != store::Fate::forgotten || forgotten.note.keep_until > now) return false;
    const auto id = hash::parse_digest(id_of_file(file));
    if (!id) return false;
    const auto manifest = snapshot::parse_manifest(backend.read_all(
        "trash/snapshots/" + file.substr(0, file.size() - 5) + "/manifest.json", 256ULL << 20U));
    return snapshot::find_hold(holds, {*id}, manifest) == nullptr;
  };
  if (request.dry_run) {
    snapshot::Pruner pruner(*repository, request.limits, snapshot::Pruner::Mode::plan);
    pruner.progress = progress;
    // As if the time of those were over already.
    auto roots = store::read_roots(backend);
    for (const auto& [file, forgotten] : store::list_forgotten(backend)) {
      if (!may_expire(file, forgotten)) continue;
      ++report.expired;
      std::erase_if(roots, [id = id_of_file(file)](const auto& text) {
        return hash::sha256(text).to_hex() == id;
      });
    }
    report.outcome.proposed = pruner.propose(roots, {});
    report.numbers = pruner.numbers();
    return report;
  }
  auto limits = request.limits;
  store::with_reserve(backend, [&] {
    store::tidy_forgotten(backend);
    for (const auto& [file, forgotten] : store::list_forgotten(backend))
      if (may_expire(file, forgotten) && store::expire(backend, file)) ++report.expired;
    snapshot::Pruner pruner(*repository, limits, snapshot::Pruner::Mode::prune);
    pruner.progress = progress;
    // What there is no space for the first time is not copied the second: the reserve is for
    // removing.
    limits.max_repack = std::min(limits.max_repack, kRepackOnFullDisk);
    report.outcome = store::prune(backend, pruner);
    report.numbers = pruner.numbers();
    // No group names a pack that is gone for good. Those that there is no room to make anew go all
    // the same: the next commit or prune makes them.
    try {
      store::update_parity(
          backend, UINT64_MAX,
          [&](std::uint64_t done, std::uint64_t total) {
            if (progress) progress("making parity anew", done, total);
          },
          nullptr);
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::no_space && error.code() != base::ErrorCode::corruption)
        throw;
      store::drop_stale_parity(backend);
    }
    // Space first, then what takes some.
    const auto trash = store::empty_trash(backend, now, request.keep_trash);
    report.freed_bytes += trash.freed_bytes;
    report.freed_packs += trash.freed_packs;
    report.trash_bytes = trash.kept_bytes;
    repository->index().drop_packs(store::removed_packs(backend));
  });
  repository->index().reload();
  update_catalog(request.repository, Memory::tidy);
  return report;
}

}  // namespace provrun::app
