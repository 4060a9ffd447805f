#include "provrun/catalog/catalog.hpp"

#include "provrun/base/error.hpp"
#include "provrun/db/transaction.hpp"
#include "values.hpp"
#include "writer.hpp"

namespace provrun::catalog {

Catalog::Catalog(db::Database& database)
    : database_(database), writer_(std::make_unique<Writer>(database)) {}
Catalog::~Catalog() = default;

bool Catalog::add_run(const core::RunRecord& run, std::string_view snapshot,
                      std::span<const core::Execution> executions, const EvidenceOf& evidence) {
  // A savepoint inside the caller's transaction would copy every page that it changes.
  std::optional<db::Transaction> transaction;
  if (!database_.in_transaction()) transaction.emplace(database_);
  std::optional<std::int64_t> known;
  {
    auto query = database_.statement("SELECT id, snapshot FROM runs WHERE uuid=?");
    query.bind(1, db::Bytes(run.id.uuid.bytes));
    if (query.step()) {
      if (text_of(query.blob(1)) == snapshot) return false;
      known = query.integer(0);
    }
  }
  if (known) writer_->remove(*known);
  writer_->add(run, snapshot, executions, evidence);
  if (transaction) transaction->commit();
  return true;
}

bool Catalog::remove_run(const core::RunId& id) {
  db::Transaction transaction(database_);
  std::int64_t number = 0;
  {
    auto query = database_.statement("SELECT id FROM runs WHERE uuid=?");
    query.bind(1, db::Bytes(id.uuid.bytes));
    if (!query.step()) return false;
    number = query.integer(0);
  }
  writer_->remove(number);
  transaction.commit();
  return true;
}

void Catalog::add_snapshot(std::string_view snapshot) {
  database_.statement("INSERT OR IGNORE INTO snapshots(name) VALUES(?)")
      .run_with(bytes_of(snapshot));
}

std::size_t Catalog::remove_other_snapshots(const std::vector<std::string>& present) {
  const auto known = known_snapshots();
  std::vector<std::string> gone;
  std::set_difference(known.begin(), known.end(), present.begin(), present.end(),
                      std::back_inserter(gone));
  if (gone.empty()) return 0;
  std::vector<std::int64_t> runs;
  {
    auto query = database_.statement("SELECT id, snapshot FROM runs");
    while (query.step())
      if (std::binary_search(gone.begin(), gone.end(), text_of(query.blob(1))))
        runs.push_back(query.integer(0));
  }
  std::optional<db::Transaction> transaction;
  if (!database_.in_transaction()) transaction.emplace(database_);
  for (const auto run : runs) writer_->remove(run);
  for (const auto& name : gone)
    database_.statement("DELETE FROM snapshots WHERE name=?").run_with(bytes_of(name));
  if (transaction) transaction->commit();
  return runs.size();
}

std::vector<std::string> Catalog::known_snapshots() {
  std::vector<std::string> snapshots;
  auto query = database_.statement("SELECT name FROM snapshots ORDER BY name");
  while (query.step()) snapshots.emplace_back(text_of(query.blob(0)));
  database_.check_unchanged();
  return snapshots;
}

CatalogCounts Catalog::counts() {
  const auto count = [&](const char* sql) {
    return static_cast<std::uint64_t>(database_.query_integer(sql));
  };
  return {count("SELECT count(*) FROM runs"),
          count("SELECT count(*) FROM executions WHERE run NOTNULL"),
          count("SELECT (SELECT count(*) FROM used) + (SELECT count(*) FROM generated) + "
                "(SELECT count(*) FROM used_sets JOIN input_set_versions USING(input_set))")};
}

void Catalog::clear() {
  db::Transaction transaction(database_);
  for (const auto* table : {"run_files", "used", "used_sets", "input_set_versions", "input_sets",
                            "generated", "executions", "runs", "snapshots", "carried_sets",
                            "versions", "contents", "paths", "names"})
    database_.execute(std::string("DELETE FROM ") + table);
  transaction.commit();
  writer_ = std::make_unique<Writer>(database_);
}

void Catalog::put_content_location(const core::ContentId& content, std::uint64_t size,
                                   db::Bytes location) {
  db::Transaction transaction(database_);
  const auto number = writer_->content_number(content, size);
  database_.statement("UPDATE contents SET location=? WHERE id=?").run_with(location, number);
  transaction.commit();
}

bool Catalog::knows_content(const core::ContentId& content) {
  auto query = database_.statement(
      "SELECT 1 FROM contents WHERE substr(digest, 1, 8)=substr(?1, 1, 8) AND digest=?1");
  const ContentBytes digest(content);
  query.bind(1, digest.get());
  return query.step();
}

std::optional<std::vector<std::uint8_t>> Catalog::content_location(const core::ContentId& content) {
  auto query = database_.statement(
      "SELECT location FROM contents WHERE substr(digest, 1, 8)=substr(?1, 1, 8) AND digest=?1 AND "
      "location NOTNULL");
  const ContentBytes digest(content);
  query.bind(1, digest.get());
  if (!query.step()) return std::nullopt;
  const auto bytes = query.blob(0);
  return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

}  // namespace provrun::catalog
