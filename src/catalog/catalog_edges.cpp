#include "provrun/catalog/catalog_edges.hpp"

#include "provrun/base/error.hpp"
#include "row_values.hpp"

namespace provrun::catalog {

using lineage::Evidence;
using lineage::ExecutionLink;
using lineage::ExecutionNumber;
using lineage::VersionLink;
using lineage::VersionNumber;

namespace {

template <typename Link, typename Number>
std::vector<Link> links(db::Statement& query, std::int64_t number) {
  query.reset();
  query.bind(1, number);
  std::vector<Link> found;
  while (query.step())
    found.push_back({Number{query.integer(0)}, static_cast<Evidence>(query.integer(1))});
  return found;
}

std::vector<ExecutionNumber> numbers(db::Statement& query) {
  std::vector<ExecutionNumber> found;
  while (query.step()) found.push_back({query.integer(0)});
  return found;
}

}  // namespace

CatalogEdges::CatalogEdges(db::Database& database)
    : database_(database),
      used_(database.statement(
          "SELECT version, evidence FROM used WHERE execution = ? ORDER BY version")),
      generated_(database.statement(
          "SELECT version, evidence FROM generated WHERE execution = ? ORDER BY version")),
      generators_(database.statement(
          "SELECT execution, evidence FROM generated WHERE version = ? ORDER BY execution")),
      users_(database.statement(
          "SELECT execution, evidence FROM used WHERE version = ? ORDER BY execution")),
      reuses_(database.statement(
          "SELECT b.id FROM executions a JOIN executions b ON b.reused_from = a.execution "
          "WHERE a.id = ? ORDER BY b.id")),
      execution_(database.statement(
          "SELECT e.execution, r.run, n.name, e.started, e.ended, o.id FROM executions e "
          "JOIN runs r ON r.id = e.run JOIN step_names n ON n.id = e.step "
          "LEFT JOIN executions o ON o.execution = e.reused_from WHERE e.id = ?")),
      version_(database.statement(
          "SELECT p.path, c.content, c.size FROM versions v JOIN paths p ON p.id = v.path "
          "JOIN contents c ON c.id = v.content WHERE v.id = ?")) {}

std::vector<VersionLink> CatalogEdges::used(ExecutionNumber execution) {
  return links<VersionLink, VersionNumber>(used_, execution.value);
}
std::vector<VersionLink> CatalogEdges::generated(ExecutionNumber execution) {
  return links<VersionLink, VersionNumber>(generated_, execution.value);
}
std::vector<ExecutionLink> CatalogEdges::generators(VersionNumber version) {
  return links<ExecutionLink, ExecutionNumber>(generators_, version.value);
}
std::vector<ExecutionLink> CatalogEdges::users(VersionNumber version) {
  return links<ExecutionLink, ExecutionNumber>(users_, version.value);
}

std::vector<ExecutionNumber> CatalogEdges::reuses(ExecutionNumber execution) {
  reuses_.reset();
  reuses_.bind(1, execution.value);
  return numbers(reuses_);
}

lineage::ExecutionFacts CatalogEdges::execution(ExecutionNumber number) {
  execution_.reset();
  execution_.bind(1, number.value);
  if (!execution_.step())
    throw base::Error(base::ErrorCode::internal, "no execution of that number");
  lineage::ExecutionFacts facts;
  facts.id.uuid = uuid_from(execution_.blob(0));
  facts.run.uuid = uuid_from(execution_.blob(1));
  facts.step = execution_.text(2);
  facts.started = time_from(execution_.integer(3));
  facts.ended = time_from(execution_.integer(4));
  if (!execution_.is_null(5)) facts.reused_from = ExecutionNumber{execution_.integer(5)};
  return facts;
}

lineage::VersionFacts CatalogEdges::version(VersionNumber number) {
  version_.reset();
  version_.bind(1, number.value);
  if (!version_.step()) throw base::Error(base::ErrorCode::internal, "no version of that number");
  return {std::string(as_text(version_.blob(0))), core::ContentId{digest_from(version_.blob(1))},
          static_cast<std::uint64_t>(version_.integer(2))};
}

std::vector<VersionNumber> CatalogEdges::versions_of_path(std::string_view path) {
  auto query = database_.statement(
      "SELECT v.id, (SELECT max(e.ended) FROM executions e WHERE e.id IN "
      "(SELECT execution FROM generated WHERE version = v.id UNION SELECT execution FROM used "
      "WHERE version = v.id)) AS last "
      "FROM paths p JOIN versions v ON v.path = p.id WHERE p.path = ? ORDER BY last, v.id");
  query.bind(1, as_bytes(path));
  std::vector<VersionNumber> found;
  while (query.step()) found.push_back({query.integer(0)});
  return found;
}

std::vector<VersionNumber> CatalogEdges::versions_of_content(const core::ContentId& content) {
  auto query = database_.statement(
      "SELECT v.id FROM contents c JOIN versions v ON v.content = c.id WHERE c.content = ? ORDER "
      "BY v.id");
  query.bind(1, db::Bytes(content.digest.bytes));
  std::vector<VersionNumber> found;
  while (query.step()) found.push_back({query.integer(0)});
  return found;
}

std::optional<ExecutionNumber> CatalogEdges::find_execution(const core::ExecutionId& id) {
  auto query = database_.statement("SELECT id FROM executions WHERE execution = ?");
  query.bind(1, db::Bytes(id.uuid.bytes));
  if (!query.step()) return std::nullopt;
  return ExecutionNumber{query.integer(0)};
}

std::vector<ExecutionNumber> CatalogEdges::executions_of_run(const core::RunId& run) {
  auto query = database_.statement(
      "SELECT e.id FROM runs r JOIN executions e ON e.run = r.id WHERE r.run = ?1 UNION "
      "SELECT e.id FROM runs r JOIN relied l ON l.run = r.id JOIN executions e ON e.execution = "
      "l.execution "
      "WHERE r.run = ?1 ORDER BY 1");
  query.bind(1, db::Bytes(run.uuid.bytes));
  return numbers(query);
}

std::vector<ExecutionNumber> CatalogEdges::last_executions(std::string_view step) {
  auto query = database_.statement(
      "SELECT (SELECT e.id FROM executions e WHERE e.step = n.id ORDER BY e.started DESC, e.id "
      "DESC LIMIT 1) "
      "FROM step_names n WHERE n.name = ? OR (n.name > ? AND n.name < ?) ORDER BY n.name");
  query.bind(1, step).bind(2, std::string(step) + "@").bind(3, std::string(step) + "A");
  std::vector<ExecutionNumber> found;
  while (query.step())
    if (!query.is_null(0)) found.push_back({query.integer(0)});
  return found;
}

}  // namespace provrun::catalog
