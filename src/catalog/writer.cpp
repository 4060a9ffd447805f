#include "writer.hpp"

#include <algorithm>

#include "outputs_code.hpp"
#include "provrun/db/transaction.hpp"
#include "provrun/hash/sha256.hpp"
#include "values.hpp"

namespace provrun::catalog {

namespace {

// The tables hold these enumerations as numbers.
static_assert(static_cast<int>(core::StepState::executed) == 0 &&
              static_cast<int>(core::StepState::reused) == 1 &&
              static_cast<int>(core::StepState::failed) == 3);
static_assert(static_cast<int>(core::RunState::running) == 0 &&
              static_cast<int>(core::RunState::completed) == 1 &&
              static_cast<int>(core::RunState::failed) == 2 &&
              static_cast<int>(core::RunState::interrupted) == 3);

// About 60 MB of remembered numbers at most.
constexpr std::size_t kMaxRemembered = 200'000;

// Fewer undeclared inputs are edges of their own.
constexpr std::size_t kFewestInSets = 16;
constexpr std::size_t kMostInSet = 512;

// Sets are cut where the paths say so, after 64 on average: executions that differ in one input
// share all sets but one.
bool begins_set(std::string_view path) {
  std::uint32_t hash = 2166136261U;
  for (const char c : path) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619U;
  return ((hash ^ hash >> 15U) & 63U) == 0;
}

}  // namespace

void Catalog::Writer::drop_stale_numbers() {
  const auto epoch = database_.epoch();
  if (epoch != epoch_ || paths_.size() > kMaxRemembered || versions_.size() > kMaxRemembered) {
    names_.clear();
    paths_.clear();
    contents_.clear();
    versions_.clear();
  }
  epoch_ = epoch;
}

std::int64_t Catalog::Writer::text_number(Numbers& known, std::string_view table_select,
                                          std::string_view table_insert, std::string_view text) {
  const auto found = known.find(text);
  if (found != known.end()) return found->second;
  std::int64_t number = 0;
  auto select = database_.statement(table_select);
  select.bind(1, text);
  if (select.step()) {
    number = select.integer(0);
  } else {
    database_.statement(table_insert).run_with(text);
    number = database_.last_insert_rowid();
  }
  known.emplace(text, number);
  return number;
}

std::int64_t Catalog::Writer::name_number(std::string_view name) {
  return text_number(names_, "SELECT id FROM names WHERE name=?",
                     "INSERT INTO names(name) VALUES(?)", name);
}

std::int64_t Catalog::Writer::content_number(const core::ContentId& content, std::uint64_t size) {
  drop_stale_numbers();
  const auto found = contents_.find(content);
  if (found != contents_.end()) return found->second;
  std::int64_t number = 0;
  auto select = database_.statement(
      "SELECT id FROM contents WHERE substr(digest, 1, 8)=substr(?1, 1, 8) AND digest=?1");
  const ContentBytes digest(content);
  select.bind(1, digest.get());
  if (select.step()) {
    number = select.integer(0);
  } else {
    database_.statement("INSERT INTO contents(digest, size) VALUES(?,?)")
        .run_with(digest.get(), size);
    number = database_.last_insert_rowid();
  }
  contents_.emplace(content, number);
  return number;
}

std::int64_t Catalog::Writer::version_number(const core::Artifact& artifact) {
  const VersionKey key{text_number(paths_, "SELECT id FROM paths WHERE path=?",
                                   "INSERT INTO paths(path) VALUES(?)", artifact.path),
                       content_number(artifact.content, artifact.size)};
  const auto found = versions_.find(key);
  if (found != versions_.end()) return found->second;
  std::int64_t number = 0;
  auto select = database_.statement("SELECT id FROM versions WHERE path=? AND content=?");
  select.bind_all(key.path, key.content);
  if (select.step()) {
    number = select.integer(0);
  } else {
    database_.statement("INSERT INTO versions(path, content) VALUES(?,?)")
        .run_with(key.path, key.content);
    number = database_.last_insert_rowid();
  }
  versions_.emplace(key, number);
  return number;
}

std::int64_t Catalog::Writer::execution_number(const core::ExecutionId& id) {
  auto select = database_.statement("SELECT id FROM executions WHERE uuid=?");
  select.bind(1, db::Bytes(id.uuid.bytes));
  if (select.step()) return select.integer(0);
  // Of a run that is not (or not yet) in the catalog: a row that its run completes when it comes.
  database_.statement("INSERT INTO executions(uuid) VALUES(?)").run_with(id.uuid.bytes);
  return database_.last_insert_rowid();
}

std::optional<std::int64_t> Catalog::Writer::carried_set(
    std::span<const core::Execution> executions) {
  std::vector<std::int64_t> numbers;
  for (const auto& execution : executions)
    if (execution.state == core::StepState::up_to_date)
      numbers.push_back(execution_number(execution.id));
  if (numbers.empty()) return std::nullopt;
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::vector<std::uint8_t> list;
  std::int64_t previous = 0;
  for (const auto number : numbers) {
    put_number(list, static_cast<std::uint64_t>(number - previous));
    previous = number;
  }
  const auto digest = hash::sha256(list);
  database_
      .statement("INSERT INTO carried_sets(digest, executions) VALUES(?,?) ON CONFLICT DO NOTHING")
      .run_with(digest.bytes, list);
  auto select = database_.statement("SELECT id FROM carried_sets WHERE digest=?");
  select.bind(1, db::Bytes(digest.bytes));
  select.step();
  return select.integer(0);
}

namespace {

// -1: no git, or not known.
std::int64_t dirty_of(const codec::Json& git) {
  const auto* dirty = git.is_object() ? git.find("dirty") : nullptr;
  if (dirty == nullptr || dirty->is_null()) return -1;
  return git.get_bool("dirty") ? 1 : 0;
}

}  // namespace

std::int64_t Catalog::Writer::add_head(const core::RunRecord& run, std::string_view snapshot,
                                       std::optional<std::int64_t> carried) {
  const auto snapshot_bytes = bytes_of(snapshot);
  database_.statement("INSERT OR IGNORE INTO snapshots(name) VALUES(?)").run_with(snapshot_bytes);
  database_
      .statement(
          "INSERT INTO runs(uuid, snapshot, workflow, state, started_ms, ended_ms, user, host, "
          "config_hash, git_commit, git_dirty, executed, reused, up_to_date, failed, skipped, "
          "failure, "
          "carried) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .run_with(run.id.uuid.bytes, snapshot_bytes, name_number(run.workflow), run.state,
                to_ms(run.started), to_ms(run.ended), name_number(run.user), name_number(run.host),
                run.config_hash.bytes, run.git.get_string("commit"), dirty_of(run.git),
                run.counts.executed, run.counts.reused, run.counts.up_to_date, run.counts.failed,
                run.counts.skipped, run.failure, carried);
  return database_.last_insert_rowid();
}

Catalog::Writer::Times Catalog::Writer::times_of(const core::RunRecord& run,
                                                 const core::Execution& execution) {
  if (!execution.attempts.empty()) {
    const auto started = to_ms(execution.attempts.front().started);
    // A clock that was set back must not make an execution end before it began: the order of
    // executions in lineage::walk rests on it.
    return {started, std::max(started, to_ms(execution.attempts.back().ended))};
  }
  auto time = std::max(to_ms(lineage::time_of(execution.id)), to_ms(run.started));
  for (const auto& input : execution.inputs) {
    const auto made = made_.find(version_number(input));
    if (made != made_.end()) time = std::max(time, made->second);
  }
  return {time, time};
}

std::int64_t Catalog::Writer::input_set_number(std::span<const core::Artifact* const> inputs) {
  std::string text;
  for (const auto* input : inputs) {
    text += input->path;
    text += '\0';
    text.append(reinterpret_cast<const char*>(input->content.digest.bytes.data()),
                input->content.digest.bytes.size());
  }
  const auto digest = hash::sha256(text);
  {
    auto select = database_.statement("SELECT id FROM input_sets WHERE digest=?");
    select.bind(1, db::Bytes(digest.bytes));
    if (select.step()) return select.integer(0);
  }
  database_.statement("INSERT INTO input_sets(digest) VALUES(?)").run_with(digest.bytes);
  const auto number = database_.last_insert_rowid();
  auto insert = database_.statement("INSERT OR IGNORE INTO input_set_versions VALUES(?,?)");
  for (const auto* input : inputs) insert.run_with(number, version_number(*input));
  return number;
}

void Catalog::Writer::add_used_sets(std::int64_t execution,
                                    std::span<const core::Artifact* const> inputs) {
  auto use = database_.statement("INSERT OR IGNORE INTO used_sets VALUES(?,?)");
  while (!inputs.empty()) {
    std::size_t size = 1;
    while (size < inputs.size() && size < kMostInSet && !begins_set(inputs[size]->path)) ++size;
    use.run_with(execution, input_set_number(inputs.first(size)));
    inputs = inputs.subspan(size);
  }
}

void Catalog::Writer::add_execution(std::int64_t run, const core::RunRecord& record,
                                    const core::Execution& execution, const EvidenceOf& evidence) {
  const auto times = times_of(record, execution);
  std::optional<std::int64_t> reused_from;
  if (execution.reused_from) reused_from = execution_number(*execution.reused_from);
  std::int64_t number = 0;
  {
    auto insert = database_.statement(
        "INSERT INTO executions(uuid, run, step, state, started_ms, ended_ms, step_key, "
        "reused_from) "
        "VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(uuid) DO UPDATE SET run=excluded.run, "
        "step=excluded.step, "
        "state=excluded.state, started_ms=excluded.started_ms, ended_ms=excluded.ended_ms, "
        "step_key=excluded.step_key, reused_from=excluded.reused_from RETURNING id");
    insert.bind_all(execution.id.uuid.bytes, run, name_number(execution.step), execution.state,
                    times.started, times.ended, execution.step_key.bytes, reused_from);
    insert.step();
    number = insert.integer(0);
  }
  const auto& undeclared = execution.observed.undeclared_inputs;
  const bool in_sets = !evidence && undeclared.size() >= kFewestInSets;
  std::vector<const core::Artifact*> shared;
  auto use = database_.statement("INSERT OR REPLACE INTO used VALUES(?,?,?)");
  for (const auto& input : execution.inputs) {
    if (in_sets && shared.size() < undeclared.size() && input.path == undeclared[shared.size()]) {
      shared.push_back(&input);
      continue;
    }
    use.run_with(
        number, version_number(input),
        evidence ? evidence(execution, input) : core::evidence_of_input(execution, input.path));
  }
  add_used_sets(number, shared);
  auto generate = database_.statement("INSERT OR REPLACE INTO generated VALUES(?,?,?,?)");
  const auto add = [&](const core::Artifact& output, std::int64_t kind) {
    const auto version = version_number(output);
    const auto known =
        evidence ? evidence(execution, output) : core::evidence_of_output(execution, output.path);
    generate.run_with(number, version, static_cast<std::int64_t>(known) + kind, output.mode);
    made_[version] = times.ended;
  };
  for (const auto& output : execution.outputs) add(output, 0);
  if (execution.rounds.empty()) return;
  const auto has = [](const std::vector<core::Artifact>& files, const core::Artifact& wanted) {
    return std::any_of(files.begin(), files.end(), [&](const auto& file) {
      return file.path == wanted.path && file.content == wanted.content;
    });
  };
  for (const auto& version : core::versions_made(execution))
    if (!has(execution.outputs, version)) add(version, kOfEarlierRound);
}

void Catalog::Writer::add(const core::RunRecord& run, std::string_view snapshot,
                          std::span<const core::Execution> executions, const EvidenceOf& evidence) {
  drop_stale_numbers();
  made_.clear();
  const auto number = add_head(run, snapshot, carried_set(executions));
  auto file = database_.statement("INSERT OR IGNORE INTO run_files VALUES(?,?)");
  if (run.pipeline) file.run_with(number, version_number(*run.pipeline));
  for (const auto& artifact : run.configuration) file.run_with(number, version_number(artifact));
  for (const auto& execution : executions)
    if (execution.state != core::StepState::up_to_date &&
        execution.state != core::StepState::skipped)
      add_execution(number, run, execution, evidence);
}

void Catalog::Writer::remove(std::int64_t run) {
  std::vector<std::int64_t> sets;
  {
    auto query = database_.statement(
        "SELECT DISTINCT input_set FROM used_sets WHERE execution IN (SELECT id FROM executions "
        "WHERE run=?)");
    query.bind(1, run);
    while (query.step()) sets.push_back(query.integer(0));
  }
  if (!sets.empty())
    database_
        .statement(
            "DELETE FROM used_sets WHERE execution IN (SELECT id FROM executions WHERE run=?)")
        .run_with(run);
  for (const auto set : sets) {
    auto query = database_.statement("SELECT 1 FROM used_sets WHERE input_set=? LIMIT 1");
    query.bind(1, set);
    if (query.step()) continue;
    database_.statement("DELETE FROM input_set_versions WHERE input_set=?").run_with(set);
    database_.statement("DELETE FROM input_sets WHERE id=?").run_with(set);
  }
  for (const auto* sql :
       {"DELETE FROM used WHERE execution IN (SELECT id FROM executions WHERE run=?)",
        "DELETE FROM generated WHERE execution IN (SELECT id FROM executions WHERE run=?)",
        // Later runs may name them as carried or reused; the bare ids stay for those.
        "UPDATE executions SET run=NULL, step=NULL, state=NULL, started_ms=NULL, "
        "ended_ms=NULL, step_key=NULL, reused_from=NULL WHERE run=?",
        "DELETE FROM run_files WHERE run=?",
        "DELETE FROM snapshots WHERE name=(SELECT snapshot FROM runs WHERE id=?)",
        "DELETE FROM runs WHERE id=?"})
    database_.statement(sql).run_with(run);
}

}  // namespace provrun::catalog
