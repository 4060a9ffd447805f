#include "schema.hpp"

#include <array>

#include "provrun/catalog/state_file.hpp"

namespace provrun::catalog {

namespace {

// Why these keys and indexes: docs/design/catalog.md. Times are milliseconds since 1970 in UTC.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE file_cache(
  key INTEGER PRIMARY KEY,
  device INTEGER NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  ctime_ns INTEGER NOT NULL,
  content BLOB NOT NULL
);
CREATE TABLE workflows(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE
);
CREATE TABLE last_executions(
  id INTEGER PRIMARY KEY,
  workflow INTEGER NOT NULL REFERENCES workflows(id),
  instance TEXT NOT NULL,
  step_key BLOB NOT NULL,
  execution BLOB NOT NULL,
  duration_ms INTEGER NOT NULL,
  key_document BLOB NOT NULL,
  outputs BLOB NOT NULL,
  UNIQUE(workflow, instance)
);
CREATE TABLE memos(
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
);

CREATE TABLE names(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE paths(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE
);
CREATE TABLE contents(
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL,
  size INTEGER NOT NULL,
  location BLOB
);
CREATE INDEX contents_by_digest ON contents(substr(digest, 1, 8));
CREATE TABLE versions(
  id INTEGER PRIMARY KEY,
  path INTEGER NOT NULL REFERENCES paths(id),
  content INTEGER NOT NULL REFERENCES contents(id),
  UNIQUE(path, content)
);
CREATE INDEX versions_by_content ON versions(content);

CREATE TABLE carried_sets(
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  executions BLOB NOT NULL
);
CREATE TABLE runs(
  id INTEGER PRIMARY KEY,
  uuid BLOB NOT NULL UNIQUE,
  snapshot BLOB NOT NULL,
  workflow INTEGER NOT NULL REFERENCES names(id),
  state INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER NOT NULL,
  user INTEGER NOT NULL REFERENCES names(id),
  host INTEGER NOT NULL REFERENCES names(id),
  config_hash BLOB NOT NULL,
  git_commit TEXT NOT NULL,
  git_dirty INTEGER NOT NULL,
  executed INTEGER NOT NULL,
  reused INTEGER NOT NULL,
  up_to_date INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  failure TEXT NOT NULL,
  carried INTEGER REFERENCES carried_sets(id)
);
CREATE INDEX runs_by_start ON runs(started_ms, uuid);

CREATE TABLE executions(
  id INTEGER PRIMARY KEY,
  uuid BLOB NOT NULL UNIQUE,
  run INTEGER REFERENCES runs(id),
  step INTEGER REFERENCES names(id),
  state INTEGER,
  started_ms INTEGER,
  ended_ms INTEGER,
  step_key BLOB,
  reused_from INTEGER REFERENCES executions(id)
);
CREATE INDEX executions_by_run ON executions(run);
CREATE INDEX executions_by_step ON executions(step, ended_ms, run);
CREATE INDEX executions_by_key ON executions(substr(step_key, 1, 8)) WHERE state IN (0, 1);
CREATE INDEX executions_by_origin ON executions(reused_from) WHERE reused_from IS NOT NULL;

CREATE TABLE used(
  execution INTEGER NOT NULL,
  version INTEGER NOT NULL,
  evidence INTEGER NOT NULL,
  PRIMARY KEY(execution, version)
) WITHOUT ROWID;
CREATE INDEX used_by_version ON used(version, execution, evidence);
CREATE TABLE generated(
  execution INTEGER NOT NULL,
  version INTEGER NOT NULL,
  evidence INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  PRIMARY KEY(execution, version)
) WITHOUT ROWID;
CREATE INDEX generated_by_version ON generated(version, execution, evidence);
)sql";

// What executions were observed to use.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE last_executions ADD COLUMN observed BLOB NOT NULL DEFAULT x'';
CREATE TABLE access_sets(
  digest BLOB PRIMARY KEY,
  body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE listings(
  digest BLOB PRIMARY KEY,
  names BLOB NOT NULL
) WITHOUT ROWID;
)sql";

// Snapshots that hold no run have been looked at as well, and a run's row is long.
constexpr const char* kVersion3 = R"sql(
CREATE TABLE snapshots(
  name BLOB PRIMARY KEY
) WITHOUT ROWID;
INSERT OR IGNORE INTO snapshots SELECT snapshot FROM runs;
)sql";

// The pipeline and the files it is made of decide what every execution of a run does. The catalog
// is rebuilt, since runs recorded before lack them.
constexpr const char* kVersion4 = R"sql(
CREATE TABLE run_files(
  run INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY(run, version)
) WITHOUT ROWID;
CREATE INDEX run_files_by_version ON run_files(version, run);
DELETE FROM memos WHERE key='catalog.repository';
)sql";

// Which PATH a step had; thousands have the same.
constexpr const char* kVersion5 = R"sql(
CREATE TABLE search_paths(
  id INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
);
ALTER TABLE last_executions ADD COLUMN search_path INTEGER REFERENCES search_paths(id);
)sql";

// Undeclared inputs that executions share: a step that reads thousands of files has an edge to each
// set of them.
constexpr const char* kVersion6 = R"sql(
CREATE TABLE input_sets(
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE
);
CREATE TABLE input_set_versions(
  input_set INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY(input_set, version)
) WITHOUT ROWID;
CREATE INDEX input_set_versions_by_version ON input_set_versions(version, input_set);
CREATE TABLE used_sets(
  execution INTEGER NOT NULL,
  input_set INTEGER NOT NULL,
  PRIMARY KEY(execution, input_set)
) WITHOUT ROWID;
CREATE INDEX used_sets_by_set ON used_sets(input_set, execution);
)sql";

constexpr std::array<db::Migration, 6> kMigrations{{{1, kVersion1},
                                                    {2, kVersion2},
                                                    {3, kVersion3},
                                                    {4, kVersion4},
                                                    {5, kVersion5},
                                                    {6, kVersion6}}};

}  // namespace

const db::Schema& state_schema() {
  static const db::Schema schema{kApplicationId, kMigrations};
  return schema;
}

}  // namespace provrun::catalog
