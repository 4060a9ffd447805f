#include "provrun/catalog/state_file.hpp"

#include "provrun/base/error.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/random.hpp"
#include "schema.hpp"

namespace provrun::catalog {

namespace {

// 64 bits of hash: two of a user's workspaces will not meet in one folder.
std::string folder_of(const std::string& cache_directory, std::string_view kind,
                      std::string_view identity) {
  return os::join_path(os::join_path(cache_directory, kind),
                       hash::sha256(identity).to_hex().substr(0, 16));
}

}  // namespace

std::string state_path(const std::string& workspace, const std::string& cache_directory,
                       const std::function<bool(const std::string&)>& is_network) {
  const auto root = os::absolute_path(workspace);
  const auto folder = is_network(root) ? folder_of(cache_directory, "workspaces", root)
                                       : os::join_path(root, ".provrun");
  return os::join_path(folder, "state.db");
}

std::string state_path(const std::string& workspace) {
  return state_path(workspace, os::cache_directory(), os::is_network_file_system);
}

std::string repository_catalog_path(std::string_view repository_identity) {
  return os::join_path(folder_of(os::cache_directory(), "repositories", repository_identity),
                       "state.db");
}

db::Database open_state(const std::string& path) {
  os::make_directories(os::parent_path(path));
  return db::Database::open(path, state_schema(), {.access = db::Access::create});
}

std::optional<db::Database> open_state_for_reading(const std::string& path) {
  try {
    return db::Database::open_if_present(path, state_schema());
  } catch (const base::Error& error) {
    if (error.code() == base::ErrorCode::unavailable) return std::nullopt;
    throw;
  }
}

db::Database memory_state() {
  return db::Database::in_memory(state_schema());
}

void remove_state(const std::string& path) {
  for (const auto* suffix : {"-wal", "-shm", ""}) {
    const auto file = path + suffix;
    const auto stat = os::lstat_file(file);
    if (stat && stat->type == os::FileType::directory) {
      // No database, and maybe somebody's work: it makes room and is not deleted.
      os::rename_file(file, file + ".aside-" + os::random_hex(4));
    } else {
      os::remove_file(file);
    }
  }
}

}  // namespace provrun::catalog
