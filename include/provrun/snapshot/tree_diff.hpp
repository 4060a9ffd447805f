#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "provrun/snapshot/entry.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::snapshot {

enum class Change { added, removed, content, metadata, kind };

/// What differs at one path. Entries have the whole path.
struct TreeChange {
  Change change = Change::added;
  std::optional<Entry> before;
  std::optional<Entry> after;
  /// Of content and metadata: content, target, mode, owner, group, modified, attributes, device,
  /// links.
  std::vector<std::string> fields;
};

/// Compares what lies below two trees, in path order. Equal sub-trees, and equal parts of large
/// directories, are not read. A folder that only one side has is reported with everything in it. A
/// folder of which only the time differs is not reported: every change below it does that.
/// Holds the open directories of both sides.
void diff_trees(store::Repository& repository, const store::ChunkId& before,
                const store::ChunkId& after, const std::function<void(const TreeChange&)>& visit);

/// Whether a folder of which only the time differs counts.
enum class FolderTimes { leave_out, report };

/// The same when the two sides are not of one repository.
void diff_trees(store::Repository& repository_before, const store::ChunkId& before,
                store::Repository& repository_after, const store::ChunkId& after,
                const std::function<void(const TreeChange&)>& visit,
                FolderTimes folder_times = FolderTimes::leave_out);

/// What differs between two entries of one kind, except their names, what directories hold, inode
/// and time of the last change, and which other names they have.
std::vector<std::string> differing_fields(const Entry& before, const Entry& after);

}  // namespace provrun::snapshot
