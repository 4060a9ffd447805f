#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "provrun/base/time.hpp"
#include "provrun/base/uuid.hpp"

namespace provrun::store {

/// Sizes in bytes of content-defined chunks. A file shorter than `minimum` is one chunk.
struct ChunkerParameters {
  std::uint32_t minimum = 256 << 10;
  std::uint32_t average = 1 << 20;  ///< a power of two
  std::uint32_t maximum = 4 << 20;
  bool operator==(const ChunkerParameters&) const = default;
};

/// The repository's config.json: written once, when it is created.
struct RepositoryConfig {
  static constexpr int kVersion = 1;  ///< the format this program writes, and the newest it reads

  base::Uuid id;
  base::Timestamp created;
  ChunkerParameters chunker;
  int compression_level = 3;                ///< zstd level for new chunks, 1 to 19
  std::uint64_t pack_size = 64 << 20;       ///< bytes at which a data pack is closed
  std::uint64_t tree_pack_size = 16 << 20;  ///< the same for packs of trees and lists

  std::string to_json() const;
};

/// Throws Error(unsupported) for a newer version or an unknown feature, Error(corruption) for
/// anything that is no valid config of version 1.
RepositoryConfig parse_config(std::string_view json);

}  // namespace provrun::store
