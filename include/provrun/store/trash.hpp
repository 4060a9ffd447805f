#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "provrun/backend/backend.hpp"
#include "provrun/base/time.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::store {

/// Where removed packs lie until their time is over: trash/<epoch>/<64 digits>.zst.
struct TrashFolder {
  std::uint64_t epoch = 0;
  std::vector<PackId> packs;
};
std::vector<TrashFolder> list_trash(backend::Backend& backend);
std::string trash_name(std::uint64_t epoch, const PackId& pack);

struct TrashReport {
  std::uint64_t kept_bytes = 0;
  std::uint64_t freed_bytes = 0;
  std::uint64_t freed_packs = 0;
};
/// Deletes the packs that have been in the trash for so long; their time begins when they are first
/// seen here ("trash/<epoch>/since"). No committed snapshot needs any of them.
TrashReport empty_trash(backend::Backend& backend, base::Timestamp now,
                        std::chrono::nanoseconds keep);

/// The chunk from any copy that is left, those in packs a prune has removed too. nullopt when there
/// is none that can be read.
std::optional<std::vector<std::uint8_t>> salvage_chunk(Repository& repository, const ChunkId& id);

/// Sessions that have claimed a slot and not ended, as far as their claims tell.
std::set<std::string> open_sessions(backend::Backend& backend);

/// A file of 1 MiB that is there to be removed: so much forget and prune need to begin with on a
/// full disk.
void make_reserve(backend::Backend& backend);
/// Runs the work; where there is no space left, gives up the reserve and runs it once more. The
/// work must be one that can be repeated. Afterwards the reserve is made again if there is room.
void with_reserve(backend::Backend& backend, const std::function<void()>& work);

}  // namespace provrun::store
