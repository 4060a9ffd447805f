#include "provrun/catalog/state_file.hpp"

#include <array>

#include "provrun/base/error.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::catalog {

namespace {

// Paths are BLOBs: they are bytes. Ids of runs and executions are the 16 bytes of their UUID,
// digests their 32 bytes, times milliseconds since 1970.
constexpr const char* kVersion1 = R"(
CREATE TABLE files(
  inode INTEGER, device INTEGER, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, content BLOB,
  PRIMARY KEY(inode, device)) WITHOUT ROWID;
CREATE TABLE workflows(id INTEGER PRIMARY KEY, path BLOB UNIQUE);
CREATE TABLE steps(
  workflow INTEGER, instance TEXT, step_key BLOB, execution BLOB, duration_ms INTEGER,
  key_document BLOB, outputs BLOB, PRIMARY KEY(workflow, instance)) WITHOUT ROWID;
CREATE TABLE memos(key TEXT PRIMARY KEY, value BLOB);

CREATE TABLE runs(
  id INTEGER PRIMARY KEY, run BLOB UNIQUE, snapshot TEXT, workflow TEXT, state INTEGER,
  started INTEGER, ended INTEGER, user TEXT, host TEXT, config_hash BLOB, git_commit TEXT,
  git_dirty INTEGER, executed INTEGER, reused INTEGER, up_to_date INTEGER, failed INTEGER,
  skipped INTEGER, failure TEXT);
CREATE INDEX runs_by_time ON runs(started, run);
CREATE INDEX runs_by_workflow ON runs(workflow, started, run);
CREATE TABLE step_names(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE executions(
  id INTEGER PRIMARY KEY, execution BLOB UNIQUE, run INTEGER, step INTEGER, state INTEGER,
  started INTEGER, ended INTEGER, step_key BLOB, reused_from BLOB);
CREATE INDEX executions_by_run ON executions(run);
CREATE INDEX executions_by_step ON executions(step, started);
CREATE INDEX executions_by_key ON executions(step_key);
CREATE INDEX executions_by_origin ON executions(reused_from) WHERE reused_from IS NOT NULL;
CREATE TABLE relied(run INTEGER, execution BLOB, PRIMARY KEY(run, execution)) WITHOUT ROWID;
CREATE TABLE paths(id INTEGER PRIMARY KEY, path BLOB UNIQUE);
CREATE TABLE contents(id INTEGER PRIMARY KEY, content BLOB UNIQUE, size INTEGER, location BLOB);
CREATE TABLE versions(id INTEGER PRIMARY KEY, path INTEGER, content INTEGER, UNIQUE(path, content));
CREATE INDEX versions_by_content ON versions(content);
CREATE TABLE used(execution INTEGER, version INTEGER, evidence INTEGER,
  PRIMARY KEY(execution, version)) WITHOUT ROWID;
CREATE INDEX used_by_version ON used(version, execution, evidence);
CREATE TABLE generated(execution INTEGER, version INTEGER, evidence INTEGER, mode INTEGER,
  PRIMARY KEY(execution, version)) WITHOUT ROWID;
CREATE INDEX generated_by_version ON generated(version, execution, evidence);
)";

constexpr std::array<db::Migration, 1> kMigrations{{{1, kVersion1}}};
constexpr db::Schema kSchema{kApplicationId, kMigrations};

}  // namespace

std::string state_path(const std::string& workspace, const std::string& cache_directory,
                       const std::function<bool(const std::string&)>& is_network) {
  if (!is_network(workspace)) return os::join_path(workspace, ".provrun/state.db");
  const auto name = hash::sha256(os::absolute_path(workspace)).to_hex().substr(0, 16);
  return os::join_path(cache_directory, "workspaces/" + name + "/state.db");
}

std::string state_path(const std::string& workspace) {
  return state_path(workspace, os::cache_directory(), os::is_network_file_system);
}

std::string repository_catalog_path(std::string_view repository_identity) {
  const auto name = hash::sha256(repository_identity).to_hex().substr(0, 16);
  return os::join_path(os::cache_directory(), "repositories/" + name + "/state.db");
}

db::Database open_state(const std::string& path) {
  os::make_directories(os::parent_path(path), 0700);
  // Made private before SQLite would make it readable by all; its -wal and -shm follow its mode.
  if (!os::lstat_file(path)) os::open_for_appending(path);
  return db::Database::open(path, kSchema);
}

std::optional<db::Database> open_state_for_reading(const std::string& path) {
  const auto stat = os::stat_file(path);
  if (!stat || stat->size == 0) return std::nullopt;
  try {
    return db::Database::open_if_present(path, kSchema);
  } catch (const base::Error& error) {
    if (error.code() == base::ErrorCode::unavailable) return std::nullopt;  // an older schema
    throw;
  }
}

db::Database memory_state() {
  return db::Database::in_memory(kSchema);
}

void remove_state(const std::string& path) {
  for (const auto* suffix : {"", "-wal", "-shm"}) os::remove_file(path + suffix);
}

}  // namespace provrun::catalog
