#include "provrun/base/format.hpp"
#include "provrun/catalog/catalog.hpp"
#include "values.hpp"
#include "writer.hpp"

namespace provrun::catalog {

namespace {

constexpr std::string_view kSelectExecution =
    "SELECT e.uuid, r.uuid, r.snapshot, n.name, e.state, e.started_ms, e.ended_ms, e.step_key, "
    "o.uuid, "
    "e.id FROM executions e JOIN runs r ON r.id=e.run JOIN names n ON n.id=e.step "
    "LEFT JOIN executions o ON o.id=e.reused_from ";
const std::string kById = base::format("{}WHERE e.uuid=?", kSelectExecution);
const std::string kByKey = base::format(
    "{}WHERE substr(e.step_key, 1, 8)=substr(?1, 1, 8) AND e.step_key=?1 AND e.state IN (0, 1) "
    "ORDER BY e.ended_ms DESC, e.id DESC LIMIT ?2",
    kSelectExecution);
// 'A' follows '@', so the range holds exactly the step's instances.
const std::string kByStep = base::format(
    "{}WHERE e.step IN (SELECT id FROM names WHERE name=? OR (name>=? AND name<?)) "
    "ORDER BY e.ended_ms DESC, e.id DESC LIMIT ?",
    kSelectExecution);

ExecutionSummary read_execution(const db::Statement& row) {
  ExecutionSummary execution;
  execution.id.uuid = uuid_of(row.blob(0));
  execution.run.uuid = uuid_of(row.blob(1));
  const auto snapshot = row.blob(2);
  execution.snapshot.assign(snapshot.begin(), snapshot.end());
  execution.step = row.text(3);
  execution.state = static_cast<core::StepState>(row.integer(4));
  execution.started = from_ms(row.integer(5));
  execution.ended = from_ms(row.integer(6));
  execution.step_key = digest_of(row.blob(7));
  if (!row.is_null(8)) execution.reused_from = core::ExecutionId{uuid_of(row.blob(8))};
  return execution;
}

}  // namespace

std::optional<ExecutionSummary> Catalog::find_execution(const core::ExecutionId& id) {
  auto query = database_.statement(kById);
  query.bind(1, db::Bytes(id.uuid.bytes));
  if (!query.step()) return std::nullopt;
  return read_execution(query);
}

std::optional<KnownResult> Catalog::find_by_step_key(const hash::Digest& step_key) {
  auto results = results_of_step_key(step_key, 1);
  if (results.empty()) return std::nullopt;
  return std::move(results[0]);
}

std::vector<KnownResult> Catalog::results_of_step_key(const hash::Digest& step_key,
                                                      std::size_t limit) {
  auto query = database_.statement(kByKey);
  query.bind(1, db::Bytes(step_key.bytes));
  query.bind(2, static_cast<std::int64_t>(limit));
  std::vector<KnownResult> results;
  std::vector<std::int64_t> numbers;
  while (query.step()) {
    results.push_back({read_execution(query), {}});
    numbers.push_back(query.integer(9));
  }
  auto outputs = database_.statement(
      "SELECT p.path, c.digest, c.size, g.mode FROM generated g JOIN versions v ON v.id=g.version "
      "JOIN paths p ON p.id=v.path JOIN contents c ON c.id=v.content WHERE g.execution=? AND "
      "g.evidence & 8 = 0 ORDER BY p.path");
  for (std::size_t i = 0; i < results.size(); ++i) {
    outputs.bind(1, numbers[i]);
    while (outputs.step())
      results[i].outputs.push_back({std::string(outputs.text(0)), content_id_of(outputs.blob(1)),
                                    static_cast<std::uint64_t>(outputs.integer(2)),
                                    static_cast<std::uint32_t>(outputs.integer(3))});
    outputs.reset();
  }
  return results;
}

std::vector<core::Artifact> Catalog::inputs_of_execution(const core::ExecutionId& id) {
  auto query = database_.statement(
      "SELECT p.path, c.digest, c.size FROM (SELECT u.version FROM executions e JOIN used u ON "
      "u.execution=e.id WHERE e.uuid=?1 UNION ALL SELECT i.version FROM executions e JOIN "
      "used_sets s ON s.execution=e.id CROSS JOIN input_set_versions i ON i.input_set=s.input_set "
      "WHERE e.uuid=?1) f JOIN versions v ON v.id=f.version JOIN paths p ON p.id=v.path JOIN "
      "contents c ON c.id=v.content ORDER BY p.path");
  query.bind(1, db::Bytes(id.uuid.bytes));
  std::vector<core::Artifact> inputs;
  while (query.step())
    inputs.push_back({std::string(query.text(0)), content_id_of(query.blob(1)),
                      static_cast<std::uint64_t>(query.integer(2)), 0});
  return inputs;
}

std::vector<SeenOutput> Catalog::outputs_of_step_key(const hash::Digest& step_key) {
  auto query = database_.statement(
      "SELECT p.path, c.digest, count(*) FROM executions e JOIN generated g ON g.execution=e.id "
      "JOIN versions v ON v.id=g.version JOIN paths p ON p.id=v.path JOIN contents c ON "
      "c.id=v.content "
      // A reused execution did not make anything, so it says nothing of repeatability.
      "WHERE substr(e.step_key, 1, 8)=substr(?1, 1, 8) AND e.step_key=?1 AND e.state IN (0, 1) AND "
      "e.state=0 AND g.evidence & 8 = 0 "
      "GROUP BY g.version ORDER BY p.path, count(*) DESC, c.digest");
  query.bind(1, db::Bytes(step_key.bytes));
  std::vector<SeenOutput> seen;
  while (query.step())
    seen.push_back({std::string(query.text(0)), content_id_of(query.blob(1)),
                    static_cast<std::uint64_t>(query.integer(2))});
  return seen;
}

std::vector<ExecutionSummary> Catalog::executions_of_step(std::string_view step,
                                                          std::size_t limit) {
  const std::string name(step);
  auto query = database_.statement(kByStep);
  query.bind_all(name, name + "@", name + "A", limit);
  std::vector<ExecutionSummary> executions;
  while (query.step()) executions.push_back(read_execution(query));
  database_.check_unchanged();
  return executions;
}

std::vector<std::chrono::milliseconds> Catalog::durations(std::string_view step,
                                                          std::size_t limit) {
  const std::string name(step);
  auto query = database_.statement(
      "SELECT ended_ms - started_ms FROM executions WHERE step IN "
      "(SELECT id FROM names WHERE name=? OR (name>=? AND name<?)) AND state=0 "
      "ORDER BY ended_ms DESC, id DESC LIMIT ?");
  query.bind_all(name, name + "@", name + "A", limit);
  std::vector<std::chrono::milliseconds> durations;
  while (query.step()) durations.emplace_back(query.integer(0));
  database_.check_unchanged();
  return durations;
}

}  // namespace provrun::catalog
