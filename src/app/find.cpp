#include "provrun/app/find.hpp"

#include <algorithm>

#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

FindSummary find_files(const FindRequest& request,
                       const std::function<void(const snapshot::Match&)>& visit,
                       const std::function<void(std::uint64_t trees)>& reading) {
  const auto opened = open_shelf(request.shelf);
  FindSummary summary;
  std::unordered_set<hash::Digest> selected;
  const bool all = request.snapshots.empty() && request.shelf.filter.empty();
  for (const auto& name : request.snapshots)
    selected.insert(find_snapshot(*opened, request.shelf, name).id.digest);
  if (request.snapshots.empty() && !all)
    for (const auto& one : snapshot::load_snapshots(*opened, request.shelf.filter))
      selected.insert(one.name.id.digest);
  const auto cache = os::join_path(os::cache_directory(), "trees/" + opened->id().to_string());
  snapshot::TreeCatalog catalog(*opened, cache);
  catalog.refresh(reading, nullptr);
  summary.damaged = catalog.damaged();
  summary.snapshots = all ? catalog.snapshots().size() : selected.size();
  summary.names = catalog.name_count();
  summary.matches = snapshot::find_entries(
      *opened, catalog, request.query, all ? nullptr : &selected, visit, summary.damaged, nullptr);
  auto& damaged = summary.damaged;
  std::sort(damaged.begin(), damaged.end());
  damaged.erase(std::unique(damaged.begin(), damaged.end()), damaged.end());
  return summary;
}

}  // namespace provrun::app
