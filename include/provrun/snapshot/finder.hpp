#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/snapshot/entry.hpp"
#include "provrun/snapshot/tree_catalog.hpp"

namespace provrun::snapshot {

/// What is looked for. Of each kind of condition that is given, one must hold.
struct FindQuery {
  /// Globs: one without "/" is for the name, one with it for the whole path; none: every name.
  std::vector<std::string> patterns;
  bool ignore_case = false;               ///< of ASCII letters
  std::string types;                      ///< letters of EntryType; empty: every type
  std::optional<std::uint64_t> at_least;  ///< bytes, of files; excludes everything else
  std::optional<std::uint64_t> at_most;
  std::optional<std::int64_t> newer;  ///< nanoseconds: changed at or after
  std::optional<std::int64_t> older;  ///< changed before
  std::vector<core::ContentId> contents;
};

/// One version of one path, in snapshots of one series that follow each other.
struct Match {
  Entry entry;  ///< with its whole path
  SnapshotName first;
  SnapshotName last;
  std::uint64_t snapshots = 0;
};

/// Calls for each match in the selected snapshots (all when nullptr), by path and then by time, and
/// returns how many. What cannot be read goes to damaged. Memory grows with what is found.
/// Error(unsupported) when the places are too many to be held (a tree made to have more paths than
/// atoms).
std::uint64_t find_entries(store::Repository& repository, const TreeCatalog& catalog,
                           const FindQuery& query, const std::unordered_set<hash::Digest>* selected,
                           const std::function<void(const Match&)>& visit,
                           std::vector<std::string>& damaged,
                           const base::Cancellation* cancellation);

}  // namespace provrun::snapshot
