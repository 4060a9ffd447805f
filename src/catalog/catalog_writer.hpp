#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "provrun/catalog/catalog.hpp"

namespace provrun::catalog {

/// Inserts and removes runs; the caller holds the transaction. Remembers the numbers of paths,
/// contents and step names it has met.
class Catalog::Writer {
 public:
  explicit Writer(db::Database& database) : database_(database) {}

  void add_run(const core::RunRecord& run, std::string_view snapshot,
               std::span<const core::Execution> executions, const EvidenceOf& evidence);
  bool remove_run(const core::RunId& id);

 private:
  struct Times {
    std::int64_t started = 0;
    std::int64_t ended = 0;
  };
  Times times_of(const core::Execution& execution);
  std::int64_t step_number(const std::string& name);
  std::int64_t version_number(const core::Artifact& artifact);
  std::int64_t path_number(const std::string& path);
  std::int64_t content_number(const core::Artifact& artifact);
  void add_execution(std::int64_t run, const core::Execution& execution,
                     const EvidenceOf& evidence);

  db::Database& database_;
  std::unordered_map<std::string, std::int64_t> steps_;
  std::unordered_map<std::string, std::int64_t> paths_;
  std::unordered_map<core::ContentId, std::int64_t> contents_;
};

}  // namespace provrun::catalog
