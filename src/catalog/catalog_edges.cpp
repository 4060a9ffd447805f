#include "provrun/catalog/catalog_edges.hpp"

#include <algorithm>

#include "outputs_code.hpp"
#include "provrun/base/error.hpp"
#include "values.hpp"

namespace provrun::catalog {

using lineage::ExecutionLink;
using lineage::ExecutionNumber;
using lineage::VersionLink;
using lineage::VersionNumber;

namespace {

template <typename Link, typename Number>
std::vector<Link> links(db::Statement& query, std::int64_t of) {
  std::vector<Link> found;
  query.bind(1, of);
  while (query.step())
    found.push_back({Number{query.integer(0)}, static_cast<lineage::Evidence>(query.integer(1))});
  query.reset();
  return found;
}

template <typename Number>
std::vector<Number> numbers(db::Statement& query) {
  std::vector<Number> found;
  while (query.step()) found.push_back(Number{query.integer(0)});
  query.reset();
  return found;
}

[[noreturn]] void fail_unknown(std::string_view what, std::int64_t number) {
  throw base::Error(
      base::ErrorCode::internal,
      base::format("the catalog was asked for {} {}, which it does not have", what, number));
}

}  // namespace

CatalogEdges::CatalogEdges(db::Database& database)
    : database_(database),
      used_(database.statement(
          "SELECT version, evidence FROM used WHERE execution=?1 UNION ALL "
          "SELECT i.version, 1 FROM used_sets s CROSS JOIN input_set_versions i ON "
          "i.input_set=s.input_set WHERE s.execution=?1 ORDER BY 1")),
      generated_(database.statement("SELECT version, evidence & 3 FROM generated WHERE execution=? "
                                    "AND evidence < 16 ORDER BY "
                                    "version")),
      generators_(database.statement("SELECT execution, evidence & 3 FROM generated WHERE "
                                     "version=? ORDER BY "
                                     "execution")),
      users_(database.statement(
          "SELECT execution, evidence FROM used WHERE version=?1 UNION ALL "
          "SELECT s.execution, 1 FROM input_set_versions i CROSS JOIN used_sets s ON "
          "s.input_set=i.input_set WHERE i.version=?1 UNION ALL "
          "SELECT e.id, 0 FROM run_files f JOIN executions e ON e.run=f.run WHERE f.version=?1 AND "
          "NOT EXISTS(SELECT 1 FROM used u WHERE u.execution=e.id AND u.version=?1) AND "
          "NOT EXISTS(SELECT 1 FROM input_set_versions i CROSS JOIN used_sets s ON "
          "s.execution=e.id AND s.input_set=i.input_set WHERE i.version=?1) ORDER BY 1")),
      reuses_(database.statement("SELECT id FROM executions WHERE reused_from=? ORDER BY id")),
      execution_(database.statement(
          "SELECT e.uuid, r.uuid, n.name, e.started_ms, e.ended_ms, e.reused_from FROM executions "
          "e "
          "LEFT JOIN runs r ON r.id=e.run LEFT JOIN names n ON n.id=e.step WHERE e.id=?")),
      version_(database.statement(
          "SELECT p.path, c.digest, c.size FROM versions v JOIN paths p ON p.id=v.path "
          "JOIN contents c ON c.id=v.content WHERE v.id=?")) {}

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
  reuses_.bind(1, execution.value);
  return numbers<ExecutionNumber>(reuses_);
}

lineage::ExecutionFacts CatalogEdges::execution(ExecutionNumber number) {
  execution_.bind(1, number.value);
  if (!execution_.step()) fail_unknown("execution", number.value);
  lineage::ExecutionFacts facts;
  facts.id.uuid = uuid_of(execution_.blob(0));
  if (!execution_.is_null(1)) {  // else only its id is known, from a run that reused or carried it
    facts.run.uuid = uuid_of(execution_.blob(1));
    facts.step = execution_.text(2);
    facts.started = from_ms(execution_.integer(3));
    facts.ended = from_ms(execution_.integer(4));
    if (!execution_.is_null(5)) facts.reused_from = ExecutionNumber{execution_.integer(5)};
  }
  execution_.reset();
  return facts;
}

lineage::VersionFacts CatalogEdges::version(VersionNumber number) {
  version_.bind(1, number.value);
  if (!version_.step()) fail_unknown("version", number.value);
  lineage::VersionFacts facts{std::string(version_.text(0)), content_id_of(version_.blob(1)),
                              static_cast<std::uint64_t>(version_.integer(2))};
  version_.reset();
  return facts;
}

std::vector<VersionNumber> CatalogEdges::versions_of_path(std::string_view path) {
  // Numbers grow with time; what an execution generated is later than what it used.
  auto query = database_.statement(
      "SELECT v.id, "
      "ifnull((SELECT max(execution) FROM generated WHERE version=v.id), 0) AS made, "
      "max(ifnull((SELECT max(execution) FROM used WHERE version=v.id), 0), "
      "ifnull((SELECT max(s.execution) FROM input_set_versions i CROSS JOIN used_sets s ON "
      "s.input_set=i.input_set WHERE i.version=v.id), 0), "
      "ifnull((SELECT max(e.id) FROM run_files f JOIN executions e ON e.run=f.run WHERE "
      "f.version=v.id), 0)) AS needed "
      "FROM versions v WHERE v.path=(SELECT id FROM paths WHERE path=?) "
      "ORDER BY max(2 * made + 1, 2 * needed), v.id");
  query.bind(1, path);
  return numbers<VersionNumber>(query);
}

std::vector<VersionNumber> CatalogEdges::versions_of_content(const core::ContentId& content) {
  auto query = database_.statement(
      "SELECT id FROM versions WHERE content=(SELECT id FROM contents WHERE substr(digest, 1, "
      "8)=substr(?1, 1, 8) AND digest=?1) ORDER BY id");
  const ContentBytes digest(content);
  query.bind(1, digest.get());
  return numbers<VersionNumber>(query);
}

std::vector<core::ContentId> CatalogEdges::contents_beginning(std::string_view hex) {
  const auto bound = [&](char fill) {
    auto text = std::string(hex.substr(0, 64));
    text.resize(64, fill);
    return hash::parse_digest(text);
  };
  const auto low = bound('0');
  const auto high = bound('f');
  if (!low || !high) return {};
  // The index has the first eight bytes; the rest is compared where they are equal.
  auto query = database_.statement(
      "SELECT digest FROM contents WHERE substr(digest, 1, 8) BETWEEN substr(?1, 1, 8) AND "
      "substr(?2, 1, 8) AND digest BETWEEN ?1 AND ?2 AND "
      "id IN (SELECT content FROM versions WHERE content=contents.id) LIMIT 2");
  query.bind(1, db::Bytes(low->bytes));
  query.bind(2, db::Bytes(high->bytes));
  std::vector<core::ContentId> found;
  while (query.step()) found.push_back(content_id_of(query.blob(0)));
  return found;
}

std::optional<ExecutionNumber> CatalogEdges::find_execution(const core::ExecutionId& id) {
  auto query = database_.statement("SELECT id FROM executions WHERE uuid=? AND run NOTNULL");
  query.bind(1, db::Bytes(id.uuid.bytes));
  if (!query.step()) return std::nullopt;
  return ExecutionNumber{query.integer(0)};
}

std::vector<ExecutionNumber> CatalogEdges::executions_of_run(const core::RunId& run) {
  auto head = database_.statement(
      "SELECT r.id, s.executions FROM runs r LEFT JOIN carried_sets s ON s.id=r.carried WHERE "
      "r.uuid=?");
  head.bind(1, db::Bytes(run.uuid.bytes));
  if (!head.step()) return {};
  auto query = database_.statement("SELECT id FROM executions WHERE run=?");
  query.bind(1, head.integer(0));
  auto found = numbers<ExecutionNumber>(query);
  const auto list = head.blob(1);
  std::int64_t number = 0;
  for (std::size_t offset = 0; offset < list.size();) {
    number += static_cast<std::int64_t>(take_number(list, offset));
    found.push_back({number});
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<ExecutionNumber> CatalogEdges::last_executions(std::string_view step) {
  const std::string name(step);
  auto query = database_.statement(
      "SELECT (SELECT e.id FROM executions e WHERE e.step=n.id ORDER BY e.ended_ms DESC, e.id DESC "
      "LIMIT 1) "
      "AS last FROM names n WHERE (n.name=? OR (n.name>=? AND n.name<?)) AND last NOTNULL ORDER BY "
      "last");
  query.bind_all(name, name + "@", name + "A");
  return numbers<ExecutionNumber>(query);
}

}  // namespace provrun::catalog
