#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/time.hpp"
#include "provrun/core/content_id.hpp"
#include "provrun/core/record.hpp"
#include "provrun/snapshot/selection.hpp"
#include "provrun/snapshot/tree_diff.hpp"

// The repository as a shelf to look through. Nothing here changes it. All throw Error(not_found)
// for what is not there and Error(corruption) for what is damaged.
namespace provrun::app {

using snapshot::SnapshotFilter;

/// Where to look, and among which snapshots.
struct Shelf {
  std::optional<std::string> repository;  ///< value of --repo, if there was one
  SnapshotFilter filter;
};

/// The repository of the shelf, for use cases that go through it themselves.
std::unique_ptr<store::Repository> open_shelf(const Shelf& shelf);
/// Any name of a snapshot or of a run, among those that fit.
snapshot::SnapshotName find_snapshot(store::Repository& repository, const Shelf& shelf,
                                     const std::string& name);

/// The files of a run that were not stored since a secret is in them; none of another snapshot.
std::vector<core::RunRecord::Withheld> withheld_of(store::Repository& repository,
                                                   const snapshot::Manifest& manifest);
/// What the snapshot of that name has at the path; Error(not_found) when there is nothing.
snapshot::Entry require_entry(store::Repository& repository, const snapshot::Manifest& manifest,
                              const std::string& name, const std::string& path);

struct SnapshotSummary {
  std::string id;
  base::Timestamp time;
  std::string user;
  std::string host;
  std::vector<std::string> paths;
  std::vector<std::string> tags;
  std::string run;     ///< empty when it belongs to none
  std::string parent;  ///< empty when it has none
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t bytes = 0;
  std::uint64_t stored_bytes = 0;  ///< what it added to the repository
};
/// Newest first; a damaged manifest goes to damaged, by its id.
void each_snapshot(const Shelf& shelf, const std::function<void(const SnapshotSummary&)>& visit,
                   const std::function<void(const std::string& id)>& damaged);

struct ListRequest {
  Shelf shelf;
  std::string what;        ///< "SNAPSHOT" or "SNAPSHOT:PATH"
  int depth = 0;           ///< folders below as deep as this; 0: all
  bool directory = false;  ///< the folder itself instead of what it holds
};
/// In path order; paths are whole.
void list_files(const ListRequest& request,
                const std::function<void(const snapshot::Entry&)>& visit);
/// The bytes of "SNAPSHOT:PATH", verified piece by piece before the sink gets them.
void read_file(const Shelf& shelf, const std::string& what,
               const std::function<void(std::string_view)>& sink);

struct DiffSummary {
  std::string before;  ///< ids of the snapshots
  std::string after;
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;  ///< content or kind
  std::uint64_t metadata = 0;
  std::uint64_t added_bytes = 0;    ///< of added files, and of changed ones as they are after
  std::uint64_t removed_bytes = 0;  ///< of removed files, and of changed ones as they were before
  bool different() const { return added + removed + changed + metadata > 0; }
};
/// Whether the two names are of snapshots that both belong to runs, without a path.
bool are_runs(const Shelf& shelf, const std::string& before, const std::string& after);
/// The differences between "SNAPSHOT" or "SNAPSHOT:PATH" and another, in path order.
DiffSummary diff_snapshots(const Shelf& shelf, const std::string& before, const std::string& after,
                           const std::function<void(const snapshot::TreeChange&)>& visit);

}  // namespace provrun::app
