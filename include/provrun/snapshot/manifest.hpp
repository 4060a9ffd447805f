#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/time.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/snapshot/tree_writer.hpp"
#include "provrun/store/content.hpp"

namespace provrun::snapshot {

/// Names a snapshot: the SHA-256 of its manifest's bytes.
struct SnapshotId {
  hash::Digest digest;
  auto operator<=>(const SnapshotId&) const = default;
  std::string to_hex() const { return digest.to_hex(); }
};

/// What a snapshot is: a root and where it came from. The JSON form stands in
/// docs/formats/repository.md.
struct Manifest {
  base::Timestamp time;  ///< of the commit; set by commit_snapshot
  store::ChunkId root;
  std::string host;
  std::string user;
  std::vector<std::string> paths;  ///< bytes: what was asked to be stored
  std::vector<std::string> tags;
  base::Timestamp started;
  base::Timestamp ended;
  /// Mode, owner, time and attributes of the directory whose entries are the root, where there was
  /// one.
  std::optional<Entry> top;
  TreeCounts counts;
  store::SessionStatistics stored;  ///< set by commit_snapshot
  std::optional<SnapshotId> parent;
  std::optional<SnapshotId> origin;  ///< of what was imported, where it came from
  std::string tool_version;
  base::Uuid session;  ///< set by commit_snapshot
  codec::Json run;     ///< the run this snapshot belongs to, or null; opaque here

  std::string to_json() const;
};

/// Throws Error(corruption) when it is no valid manifest, Error(unsupported) when its version is
/// newer.
Manifest parse_manifest(std::string_view json);

}  // namespace provrun::snapshot
