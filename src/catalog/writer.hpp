#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "provrun/catalog/catalog.hpp"

namespace provrun::catalog {

/// Puts run records into the tables. Remembers the numbers of names, paths, contents and versions,
/// which for many runs of one workflow saves most of the look-ups. Works inside the caller's
/// transaction.
class Catalog::Writer {
 public:
  explicit Writer(db::Database& database) : database_(database) {}

  void add(const core::RunRecord& run, std::string_view snapshot,
           std::span<const core::Execution> executions, const EvidenceOf& evidence);
  void remove(std::int64_t run);
  std::int64_t content_number(const core::ContentId& content, std::uint64_t size);

 private:
  struct VersionKey {
    std::int64_t path;
    std::int64_t content;
    bool operator==(const VersionKey&) const = default;
  };
  struct VersionHash {
    std::size_t operator()(const VersionKey& key) const noexcept {
      return static_cast<std::size_t>(key.path) * 0x9e3779b97f4a7c15ULL ^
             static_cast<std::size_t>(key.content);
    }
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Numbers = std::unordered_map<std::string, std::int64_t, TextHash, std::equal_to<>>;
  struct Times {
    std::int64_t started;
    std::int64_t ended;
  };

  void drop_stale_numbers();
  std::int64_t text_number(Numbers& known, std::string_view table_select,
                           std::string_view table_insert, std::string_view text);
  std::int64_t name_number(std::string_view name);
  std::int64_t version_number(const core::Artifact& artifact);
  std::int64_t execution_number(const core::ExecutionId& id);
  std::optional<std::int64_t> carried_set(std::span<const core::Execution> executions);
  std::int64_t add_head(const core::RunRecord& run, std::string_view snapshot,
                        std::optional<std::int64_t> carried);
  void add_execution(std::int64_t run, const core::RunRecord& record,
                     const core::Execution& execution, const EvidenceOf& evidence);
  /// The execution used all of these without declaring them; sorted by path.
  void add_used_sets(std::int64_t execution, std::span<const core::Artifact* const> inputs);
  std::int64_t input_set_number(std::span<const core::Artifact* const> inputs);
  Times times_of(const core::RunRecord& run, const core::Execution& execution);

  db::Database& database_;
  std::int64_t epoch_ = -1;
  Numbers names_;
  Numbers paths_;
  std::unordered_map<core::ContentId, std::int64_t> contents_;
  std::unordered_map<VersionKey, std::int64_t, VersionHash> versions_;
  /// When each version of the run being added was made, by version number.
  std::unordered_map<std::int64_t, std::int64_t> made_;
};

}  // namespace provrun::catalog
