#include "catalog_writer.hpp"

#include <algorithm>

#include "row_values.hpp"

namespace provrun::catalog {

namespace {

// So many numbers are remembered at most; then the maps start anew.
constexpr std::size_t kMaxRemembered = 200'000;

template <typename Map>
void bound(Map& map) {
  if (map.size() > kMaxRemembered) map.clear();
}

// A version 7 UUID begins with its time.
std::int64_t time_of_id(const base::Uuid& id) {
  std::int64_t time = 0;
  for (std::size_t i = 0; i < 6; ++i) time = time << 8 | id.bytes[i];
  return time;
}

}  // namespace

void Catalog::Writer::add_run(const core::RunRecord& run, std::string_view snapshot,
                              std::span<const core::Execution> executions,
                              const EvidenceOf& evidence) {
  auto insert = database_.statement(
      "INSERT INTO runs(run, snapshot, workflow, state, started, ended, user, host, config_hash, "
      "git_commit, git_dirty, executed, reused, up_to_date, failed, skipped, failure) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.run_with(db::Bytes(run.id.uuid.bytes), snapshot, run.workflow, run.state,
                  milliseconds(run.started), milliseconds(run.ended), run.user, run.host,
                  db::Bytes(run.config_hash.bytes), run.git.get_string("commit"),
                  run.git.get_bool("dirty"), run.counts.executed, run.counts.reused,
                  run.counts.up_to_date, run.counts.failed, run.counts.skipped, run.failure);
  const auto number = database_.last_insert_rowid();
  for (const auto& execution : executions) {
    if (execution.state == core::StepState::skipped) continue;
    if (execution.state == core::StepState::up_to_date) {
      auto relied =
          database_.statement("INSERT OR IGNORE INTO relied(run, execution) VALUES(?, ?)");
      relied.run_with(number, db::Bytes(execution.id.uuid.bytes));
      continue;
    }
    add_execution(number, execution, evidence);
  }
  bound(steps_);
  bound(paths_);
  bound(contents_);
}

Catalog::Writer::Times Catalog::Writer::times_of(const core::Execution& execution) {
  if (!execution.attempts.empty())
    return {milliseconds(execution.attempts.front().started),
            milliseconds(execution.attempts.back().ended)};
  // Not before what it used was made, as clocks of several machines may have it.
  auto time = time_of_id(execution.id.uuid);
  auto latest = database_.statement(
      "SELECT max(e.ended) FROM generated g JOIN executions e ON e.id = g.execution WHERE "
      "g.version = ?");
  for (const auto& input : execution.inputs) {
    latest.reset();
    latest.bind_all(version_number(input));
    if (latest.step() && !latest.is_null(0)) time = std::max(time, latest.integer(0));
  }
  return {time, time};
}

void Catalog::Writer::add_execution(std::int64_t run, const core::Execution& execution,
                                    const EvidenceOf& evidence) {
  const auto times = times_of(execution);
  std::optional<db::Bytes> origin;
  if (execution.reused_from) origin = db::Bytes(execution.reused_from->uuid.bytes);
  {
    auto insert = database_.statement(
        "INSERT OR REPLACE INTO executions(execution, run, step, state, started, ended, step_key, "
        "reused_from) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    insert.run_with(db::Bytes(execution.id.uuid.bytes), run, step_number(execution.step),
                    execution.state, times.started, times.ended,
                    db::Bytes(execution.step_key.bytes), origin);
  }
  const auto number = database_.last_insert_rowid();
  const auto how = [&](const core::Artifact& artifact) {
    return evidence ? evidence(execution, artifact) : lineage::Evidence::declared;
  };
  auto used = database_.statement(
      "INSERT OR IGNORE INTO used(execution, version, evidence) VALUES(?, ?, ?)");
  for (const auto& input : execution.inputs)
    used.run_with(number, version_number(input), how(input));
  auto generated = database_.statement(
      "INSERT OR IGNORE INTO generated(execution, version, evidence, mode) VALUES(?, ?, ?, ?)");
  for (const auto& output : execution.outputs)
    generated.run_with(number, version_number(output), how(output), output.mode);
}

std::int64_t Catalog::Writer::step_number(const std::string& name) {
  auto& number = steps_[name];
  if (number != 0) return number;
  {
    auto find = database_.statement("SELECT id FROM step_names WHERE name = ?");
    find.bind(1, std::string_view(name));
    if (find.step()) return number = find.integer(0);
  }
  auto insert = database_.statement("INSERT INTO step_names(name) VALUES(?)");
  insert.bind(1, std::string_view(name)).run();
  return number = database_.last_insert_rowid();
}

std::int64_t Catalog::Writer::path_number(const std::string& path) {
  auto& number = paths_[path];
  if (number != 0) return number;
  {
    auto find = database_.statement("SELECT id FROM paths WHERE path = ?");
    find.bind(1, as_bytes(path));
    if (find.step()) return number = find.integer(0);
  }
  auto insert = database_.statement("INSERT INTO paths(path) VALUES(?)");
  insert.bind(1, as_bytes(path)).run();
  return number = database_.last_insert_rowid();
}

std::int64_t Catalog::Writer::content_number(const core::Artifact& artifact) {
  auto& number = contents_[artifact.content];
  if (number != 0) return number;
  {
    auto find = database_.statement("SELECT id FROM contents WHERE content = ?");
    find.bind(1, db::Bytes(artifact.content.digest.bytes));
    if (find.step()) return number = find.integer(0);
  }
  auto insert = database_.statement("INSERT INTO contents(content, size) VALUES(?, ?)");
  insert.run_with(db::Bytes(artifact.content.digest.bytes), artifact.size);
  return number = database_.last_insert_rowid();
}

std::int64_t Catalog::Writer::version_number(const core::Artifact& artifact) {
  const auto path = path_number(artifact.path);
  const auto content = content_number(artifact);
  {
    auto find = database_.statement("SELECT id FROM versions WHERE path = ? AND content = ?");
    find.bind_all(path, content);
    if (find.step()) return find.integer(0);
  }
  auto insert = database_.statement("INSERT INTO versions(path, content) VALUES(?, ?)");
  insert.run_with(path, content);
  return database_.last_insert_rowid();
}

bool Catalog::Writer::remove_run(const core::RunId& id) {
  std::int64_t number = 0;
  {
    auto find = database_.statement("SELECT id FROM runs WHERE run = ?");
    find.bind(1, db::Bytes(id.uuid.bytes));
    if (!find.step()) return false;
    number = find.integer(0);
  }
  for (const auto* sql :
       {"DELETE FROM used WHERE execution IN (SELECT id FROM executions WHERE run = ?)",
        "DELETE FROM generated WHERE execution IN (SELECT id FROM executions WHERE run = ?)",
        "DELETE FROM executions WHERE run = ?", "DELETE FROM relied WHERE run = ?",
        "DELETE FROM runs WHERE id = ?"}) {
    auto remove = database_.statement(sql);
    remove.run_with(number);
  }
  return true;
}

}  // namespace provrun::catalog
