#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "provrun/snapshot/manifest.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::snapshot {

/// A snapshot as its file name tells of it.
struct SnapshotName {
  base::Timestamp time;  ///< of the commit
  SnapshotId id;
  auto operator<=>(const SnapshotName&) const = default;
  /// The object's name, "snapshots/20260801T120000.123456789Z-<64 digits>.json".
  std::string object_name() const;
};

/// Completes the manifest (time, session, stored), commits the session with it. The snapshot is
/// durable when this returns.
SnapshotName commit_snapshot(store::WriteSession& session, Manifest manifest);

/// Of a file in snapshots/, "20260801T120000.123456789Z-<64 digits>.json"; nullopt for anything
/// else, such as a file being copied in.
std::optional<SnapshotName> parse_snapshot_file(std::string_view file);

/// All snapshots, oldest first; names only, no manifest is read.
std::vector<SnapshotName> list_snapshots(store::Repository& repository);

/// `latest`, `latest~2` (the second before it), a full id or a prefix of at least 4 digits,
/// `@TIME`: the newest at or before that time. Error(not_found) when nothing fits,
/// Error(invalid_input) for a prefix of several or a text that is none of these.
SnapshotName resolve_snapshot(store::Repository& repository, std::string_view text);
/// The same over a list already at hand, oldest first.
SnapshotName resolve_snapshot(const std::vector<SnapshotName>& snapshots, std::string_view text);

/// "SNAP:path" at its first colon; times may contain colons after "@" ("@2026-08-01T12:00:a/b").
/// Without a path the second is empty.
std::pair<std::string, std::string> split_snapshot_path(std::string_view text);

/// Reads the manifest and checks that its bytes have the id.
Manifest load_manifest(store::Repository& repository, const SnapshotName& name);

}  // namespace provrun::snapshot
