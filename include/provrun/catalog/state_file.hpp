#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "provrun/db/database.hpp"

// state.db, format version 1: one SQLite file with the file cache, the last executions and the
// catalog. Grammar, costs and history: docs/formats/state-db.md and docs/design/catalog.md.
namespace provrun::catalog {

/// application_id of state.db: "pvrn".
inline constexpr std::int32_t kApplicationId = 0x7076726e;

/// Where the state of a workspace lies: WORKSPACE/.provrun/state.db or, on a network file system,
/// CACHE/workspaces/HASH/state.db, HASH being 16 hexadecimal digits of the SHA-256 of the
/// workspace's absolute path. Touches no file. is_network is asked about the workspace directory.
std::string state_path(const std::string& workspace, const std::string& cache_directory,
                       const std::function<bool(const std::string&)>& is_network);
/// The same with os::cache_directory() and os::is_network_file_system.
std::string state_path(const std::string& workspace);
/// Where the catalog of a repository lies that was opened without a workspace: in the cache folder,
/// by the repository's identity (its id or address).
std::string repository_catalog_path(std::string_view repository_identity);

/// Opens for writing; makes the directory and the file when absent and migrates older versions.
db::Database open_state(const std::string& path);
/// Opens for reading without changing anything on disk; nullopt when the file is absent or has an
/// older schema (its next writer migrates it). Throws Error(corruption), Error(unsupported).
std::optional<db::Database> open_state_for_reading(const std::string& path);
/// The same schema in memory.
db::Database memory_state();
/// Removes the file with its -wal and -shm. Nobody may have it open.
void remove_state(const std::string& path);

}  // namespace provrun::catalog
