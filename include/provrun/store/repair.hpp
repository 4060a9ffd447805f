#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/backend/backend.hpp"

namespace provrun::store {

class Repository;

struct IndexRepair {
  std::uint64_t packs = 0;
  std::uint64_t chunks = 0;
  std::uint64_t published_snapshots = 0;  ///< committed before a crash and invisible until now
  std::vector<std::string>
      damaged_packs;  ///< their footer cannot be read; what it named is not in the index
};

/// Builds the index anew from the packs' footers, publishes it, then removes the segments it
/// replaces. Readers and writers may go on meanwhile. Also publishes committed snapshots that a
/// crash left unpublished.
IndexRepair rebuild_index(Repository& repository);

/// The bytes of the snapshot's manifest from a place that has them as they were written: the end of
/// its session, or the trash. The name is "snapshots/…json". nullopt when there is none.
std::optional<std::string> find_manifest(Repository& repository, const std::string& name);
/// Puts the bytes in the object's place; what lies there is kept below trash/damaged/. Durable.
void replace_object(backend::Backend& backend, const std::string& name, std::string_view bytes);

enum class ReadPacks { no, yes };

/// An object of the repository that is not as it was written.
struct DamagedObject {
  std::string name;     ///< "packs/3f/3f2a….zst"
  std::string problem;  ///< one sentence
};

struct StructureReport {
  std::uint64_t objects = 0;
  std::uint64_t verified_bytes = 0;  ///< of objects whose SHA-256 was compared
  std::vector<DamagedObject> damage;
};

/// Compares every object but the packs with its name's SHA-256, reads every pack's table, and finds
/// packs that the index names and nobody has. yes: reads all packs' bytes too. Damage is reported,
/// not thrown.
StructureReport check_structure(Repository& repository, ReadPacks read_packs);

}  // namespace provrun::store
