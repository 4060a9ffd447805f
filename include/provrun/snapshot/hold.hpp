#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/time.hpp"
#include "provrun/snapshot/selection.hpp"

namespace provrun::snapshot {

/// What it keeps is neither forgotten nor, once forgotten, removed, until it is released: the
/// object holds/<id>.json, and holds/<id>.released once it has been. docs/formats/repository.md.
struct Hold {
  std::string id;  ///< 16 digits
  base::Timestamp created;
  std::string user;
  std::string host;
  std::string reason;
  std::vector<SnapshotId> snapshots;  ///< these, and
  SnapshotFilter filter;              ///< whatever fits, now or later, if it is not empty

  std::string to_json() const;
  bool keeps(const SnapshotId& id, const Manifest& manifest) const;
};

/// Error(corruption) when it is no valid hold.
Hold parse_hold(std::string_view json);

/// Those that are not released, oldest first. Error(corruption) for a damaged one: what it keeps is
/// not known, so nothing may be forgotten.
std::vector<Hold> list_holds(store::Repository& repository);
/// The first that keeps the snapshot; nullptr when none does.
const Hold* find_hold(const std::vector<Hold>& holds, const SnapshotId& id,
                      const Manifest& manifest);
/// Durable on return.
void add_hold(store::Repository& repository, const Hold& hold);
/// Error(not_found) when there is none whose id begins so, Error(invalid_input) for several.
Hold release_hold(store::Repository& repository, std::string_view id, std::string_view user,
                  std::string_view reason, base::Timestamp now);

}  // namespace provrun::snapshot
