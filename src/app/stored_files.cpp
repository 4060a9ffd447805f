#include "provrun/app/stored_files.hpp"

#include <algorithm>

#include "index_cache.hpp"
#include "provrun/app/archive.hpp"
#include "provrun/app/browse.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/restorer.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "provrun/snapshot/verifier.hpp"
#include "provrun/store/damage_notes.hpp"

namespace provrun::app {

namespace {

std::unique_ptr<store::Repository> open(const std::optional<std::string>& repository) {
  return open_repository(locate_repository_here(repository), Missing::fail);
}

snapshot::SnapshotName snapshot_of_run(const std::optional<std::string>& repository,
                                       const std::string& name) {
  const auto archive =
      Archive::open(locate_repository_here(repository),
                    Workspace::find_upwards(os::current_directory()), Archive::Mode::look);
  return archive->snapshot_of(archive->catalog().find_run(name));
}

// Snapshots and runs share their names; an id is first looked for among the snapshots.
snapshot::SnapshotName resolve(const std::optional<std::string>& repository,
                               store::Repository& opened, const std::string& name) {
  return find_snapshot(opened, {repository, {}}, name);
}

class ProgressTo : public snapshot::Progress {
 public:
  ProgressTo(const FilesProgressSink& sink, std::uint64_t total) : sink_(sink) {
    state_.total_bytes = total;
  }
  void entry_done(const snapshot::Entry& entry) override {
    if (entry.type == snapshot::EntryType::file) ++state_.files;
    if (sink_) sink_(state_);
  }
  void bytes_done(std::uint64_t bytes) override {
    state_.bytes += bytes;
    if (sink_) sink_(state_);
  }

 private:
  const FilesProgressSink& sink_;
  FilesProgress state_;
};

}  // namespace

RestoreSummary restore_files(const RestoreRequest& request, const FilesProgressSink& progress,
                             const base::Cancellation& cancellation) {
  const auto opened = open(request.repository);
  const auto name = request.is_run ? snapshot_of_run(request.repository, request.snapshot)
                                   : resolve(request.repository, *opened, request.snapshot);
  const auto manifest = snapshot::load_manifest(*opened, name);
  for (const auto& selection : request.selections)
    if (selection.find_first_of("*?[") == std::string::npos)
      require_entry(*opened, manifest, name.id.to_hex().substr(0, 16), selection);
  ProgressTo reporter(progress, manifest.counts.bytes);
  snapshot::RestoreOptions options;
  options.patterns = request.selections;
  options.overwrite = request.overwrite ? snapshot::Overwrite::yes : snapshot::Overwrite::no;
  options.dry_run = request.dry_run;
  options.verify = request.verify;
  options.remove_others = request.remove_others;
  options.threads = request.threads;
  options.cancellation = &cancellation;
  options.owners = manifest.run.is_null();  // the files of runs have none
  if (manifest.top) options.top = &*manifest.top;
  options.progress = &reporter;
  auto report = snapshot::restore_tree(*opened, manifest.root, request.into, options);
  if (!report.unmatched_patterns.empty())
    throw base::Error(
        base::ErrorCode::not_found,
        base::format("nothing matches {}", base::printable(report.unmatched_patterns[0])));
  auto withheld = withheld_of(*opened, manifest);
  std::erase_if(withheld, [&](const auto& one) {
    const auto& path = one.file.path;
    return !request.selections.empty() &&
           std::none_of(request.selections.begin(), request.selections.end(),
                        [&](const auto& wish) {
                          return wish.find_first_of("*?[") != std::string::npos || path == wish ||
                                 path.starts_with(wish.ends_with('/') ? wish : wish + "/");
                        });
  });
  return {name.id.to_hex(), std::move(report), std::move(withheld)};
}

VerifySummary verify_files(const std::optional<std::string>& repository,
                           const std::string& snapshot, const FilesProgressSink& progress) {
  const auto opened = open(repository);
  const auto name = resolve(repository, *opened, snapshot);
  std::uint64_t total = 0;
  try {
    total = snapshot::load_manifest(*opened, name).counts.bytes;
  } catch (const base::Error&) {
    total = 0;  // verify_snapshot reports a damaged manifest
  }
  ProgressTo reporter(progress, total);
  auto report = snapshot::verify_snapshot(*opened, name, &reporter);
  if (!report.damage.empty()) store::keep_damage_notes(*opened, index_cache_directory());
  VerifySummary summary{name.id.to_hex(), report.files, report.bytes, {}};
  for (auto& damage : report.damage)
    summary.damage.push_back(
        {std::move(damage.object), std::move(damage.problem), std::move(damage.files)});
  return summary;
}

}  // namespace provrun::app
