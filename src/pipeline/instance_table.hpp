#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "csv.hpp"
#include "field_reader.hpp"
#include "provrun/pipeline/sources.hpp"
#include "provrun/pipeline/workflow.hpp"
#include "template_compiler.hpp"

namespace provrun::pipeline {

/// Most instances a step may have: far above what anyone runs, far below what memory holds.
inline constexpr std::size_t kMaxInstances = 2'000'000;

/// Makes the tables of `samples`, `foreach` and `matrix`. Files and aliases are read once.
class InstanceTableReader {
 public:
  /// Paths are relative to the folder ("": the workspace). `outer` has the samples where the file
  /// itself has none; or null.
  InstanceTableReader(Sources& sources, std::string folder, const Value& parameters,
                      Diagnostics& diagnostics, std::vector<SourceFile>& files,
                      std::vector<SourceGlob>& globs, const InstanceTableReader* outer)
      : sources_(sources),
        folder_(std::move(folder)),
        parameters_(parameters),
        diagnostics_(diagnostics),
        fields_(diagnostics),
        files_(files),
        globs_(globs) {
    if (outer == nullptr) return;
    samples_ = outer->samples_;
    has_samples_ = outer->has_samples_;
  }

  /// Top-level `samples`, which `foreach: samples` names.
  void read_samples(const Node& node);
  /// nullptr after an error. `used_parameters` gets what a template in it names.
  std::shared_ptr<const InstanceTable> read_foreach(const Node& node, Where where);
  std::shared_ptr<const InstanceTable> read_matrix(const Node& node, Where where);
  bool check_variable(std::string_view name, Place place, bool must_be_identifier);

 private:
  std::shared_ptr<InstanceTable> read_source(const Node& node, Where where);
  bool read_list(const Node& node, Where where, InstanceTable& table);
  bool read_map_item(const Node& item, Where where, InstanceTable& table);
  bool read_csv(const Node& node, Where where, InstanceTable& table,
                std::vector<std::uint32_t>& lines);
  bool read_glob(const Node& node, Where where, InstanceTable& table);
  bool read_range(const Node& node, Where where, InstanceTable& table);
  const Value* list_parameter(const Node& node, std::string message);
  bool read_template(const Node& node, Where where, InstanceTable& table);
  /// Sets naming_variables; reports rows that are the same.
  bool name_rows(InstanceTable& table, const std::vector<std::uint32_t>& lines);
  std::optional<std::string> path_text(const Node& node, Where where);
  std::vector<std::string> scalars(const Node& list, Where where, bool& good);
  std::optional<std::vector<std::string>> read_matrix_values(std::string_view name,
                                                             const Node& node, Where where);
  bool multiply(const std::vector<std::vector<std::string>>& values,
                const std::vector<std::vector<std::string>>& excludes, InstanceTable& table);
  std::vector<std::vector<std::string>> read_excludes(const Node& node, Where where,
                                                      const std::vector<std::string>& variables);

  Sources& sources_;
  std::string folder_;
  const Value& parameters_;
  Diagnostics& diagnostics_;
  FieldReader fields_;
  std::vector<SourceFile>& files_;
  std::vector<SourceGlob>& globs_;
  std::map<std::string, CsvTable> csv_files_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::shared_ptr<const InstanceTable>> by_place_;
  std::shared_ptr<const InstanceTable> samples_;
  bool has_samples_ = false;
};

/// Variables shadow nothing that later versions or the files of a step need.
bool is_reserved_variable(std::string_view name);

}  // namespace provrun::pipeline
