#pragma once

#include "provrun/db/database.hpp"
#include "provrun/lineage/edge_source.hpp"

namespace provrun::catalog {

/// The catalog's graph for lineage queries. Does not own the database, which must be that of a
/// Catalog. For one consistent answer hold a db::Transaction of kind read around the query.
class CatalogEdges final : public lineage::EdgeSource {
 public:
  explicit CatalogEdges(db::Database& database);

  std::vector<lineage::VersionLink> used(lineage::ExecutionNumber execution) override;
  std::vector<lineage::VersionLink> generated(lineage::ExecutionNumber execution) override;
  std::vector<lineage::ExecutionLink> generators(lineage::VersionNumber version) override;
  std::vector<lineage::ExecutionLink> users(lineage::VersionNumber version) override;
  std::vector<lineage::ExecutionNumber> reuses(lineage::ExecutionNumber execution) override;
  lineage::ExecutionFacts execution(lineage::ExecutionNumber number) override;
  lineage::VersionFacts version(lineage::VersionNumber number) override;
  std::vector<lineage::VersionNumber> versions_of_path(std::string_view path) override;
  std::vector<lineage::VersionNumber> versions_of_content(const core::ContentId& content) override;
  std::vector<core::ContentId> contents_beginning(std::string_view hex) override;
  std::optional<lineage::ExecutionNumber> find_execution(const core::ExecutionId& id) override;
  std::vector<lineage::ExecutionNumber> executions_of_run(const core::RunId& run) override;
  std::vector<lineage::ExecutionNumber> last_executions(std::string_view step) override;

 private:
  db::Database& database_;
  db::Statement used_;
  db::Statement generated_;
  db::Statement generators_;
  db::Statement users_;
  db::Statement reuses_;
  db::Statement execution_;
  db::Statement version_;
};

}  // namespace provrun::catalog
