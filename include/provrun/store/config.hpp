#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "provrun/base/time.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/hash/sha256.hpp"

namespace provrun::store {

/// Sizes in bytes of content-defined chunks. A file shorter than `minimum` is one chunk.
struct ChunkerParameters {
  std::uint32_t minimum = 256 << 10;
  std::uint32_t average = 1 << 20;  ///< a power of two
  std::uint32_t maximum = 4 << 20;
  bool operator==(const ChunkerParameters&) const = default;
};

/// Ways of storing that came after the first programs of version 1. Each stands by its name in the
/// config, so that those programs refuse the repository; one without them gets none.
struct Features {
  bool bundles = true;  ///< small files share chunks
  bool holes = true;    ///< of sparse files, in lists
  bool patches = true;  ///< chunks stored as zstd patches against others
  bool shuffle = true;  ///< bytes of numbers put in planes before they are compressed
  bool operator==(const Features&) const = default;
  static Features none() { return {false, false, false, false}; }
};

/// The repository's config.json: written once, when it is created.
struct RepositoryConfig {
  static constexpr int kVersion = 1;  ///< the format this program writes, and the newest it reads

  base::Uuid id;
  base::Timestamp created;
  Features features;
  ChunkerParameters chunker;
  int compression_level = 3;                ///< zstd level for new chunks, 1 to 19
  std::uint64_t pack_size = 64 << 20;       ///< bytes at which a data pack is closed
  std::uint64_t tree_pack_size = 16 << 20;  ///< the same for packs of trees and lists

  hash::Digest format_file;     ///< SHA-256 of FORMAT as it was written
  hash::Digest restore_script;  ///< the same of RESTORE.sh

  std::string to_json() const;
};

/// Throws Error(unsupported) for a newer version or an unknown feature, Error(corruption) for
/// anything that is no valid config of version 1.
RepositoryConfig parse_config(std::string_view json);

}  // namespace provrun::store
