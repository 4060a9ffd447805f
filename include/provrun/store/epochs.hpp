#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/backend/backend.hpp"
#include "provrun/store/index.hpp"

// What an epoch's folder holds beside its slots:
//   tombstones.zst   written before the epoch can be claimed: packs its sessions treat as absent
//   verdict.zst      which packs the prune that opened the epoch removes; create-if-absent, so that
//                    whoever settles it first decides for everybody
// Both are pack lists: one zstd frame of (pack:64hex "\n")*, sorted. docs/formats/repository.md.
namespace provrun::store {

inline constexpr std::uint64_t kPackListLimit = 1ULL << 30U;
inline constexpr std::uint64_t kManifestLimit = 256ULL << 20U;

std::string epoch_name(std::uint64_t epoch);
std::string tombstones_name(std::uint64_t epoch);
std::string verdict_name(std::uint64_t epoch);

std::string encode_pack_list(const PackSet& packs);
/// Error(not_found) when it is not there, Error(corruption) when it is no list.
PackSet read_pack_list(backend::Backend& backend, const std::string& name);

/// The epochs there are, ascending.
std::vector<std::uint64_t> list_epochs(backend::Backend& backend);

/// The end of every slot of the epoch that has one: manifests, "aborted\n", "fenced\n".
std::vector<std::string> read_ends(backend::Backend& backend, std::uint64_t epoch);

}  // namespace provrun::store
