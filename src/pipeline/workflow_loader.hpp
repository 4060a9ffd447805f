#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "field_reader.hpp"
#include "part.hpp"
#include "provrun/pipeline/workflow.hpp"
#include "step_loader.hpp"
#include "workflow_texts.hpp"

namespace provrun::pipeline {

/// A text with a byte order mark in front reads as one without.
std::string without_mark(std::string_view text);

/// Turns a document, and those that it includes, into a Workflow: top-level keys here, steps in
/// StepLoader.
class WorkflowLoader {
 public:
  WorkflowLoader(std::string_view text, const std::string& file_name, Sources& sources);
  Workflow load(std::span<const Override> overrides);

 private:
  bool read_root(Part& part);
  void read_part(Part& part, std::span<const Override> overrides, const Node* given);
  void load_includes(const Part& part);
  void load_include(const Part& part, const Node& node);
  void read_include(const Part& part, const Node& node);
  std::shared_ptr<const IncludedFile> file_to_include(const Part& part, const Node& path,
                                                      std::string_view prefix);
  void give_parameters(Part& part, const Node& given);
  Value given_value(const Part& giver, const Node& node);

  void load_parameters(Part& part, std::span<const Override> overrides, const Node* given);
  void load_parameters_file(Part& part, const Node& file);
  void apply_overrides(Part& part, std::span<const Override> overrides);
  void load_pools(const Node& root);
  void load_surroundings(Part& part);
  void load_defaults(Part& part);
  void load_steps();
  void name_steps(const Part& part, std::vector<std::pair<const Part*, Node>>& bodies);
  std::vector<std::size_t> loading_order(
      const std::vector<std::pair<const Part*, Node>>& bodies) const;
  void refuse_needed_patterns();
  void find_collected_outputs(const std::vector<PendingCollect>& collects);
  void load_targets(const Part& part);
  std::string member_of(const Part& part, const std::string& member) const;
  void load_hooks(const Part& part);
  void check_version(const Node& root);
  std::optional<std::string> read_source(const std::string& path, Place place);

  Sources& sources_;
  Workflow workflow_;
  Diagnostics diagnostics_;
  FieldReader fields_;
  std::vector<std::unique_ptr<Part>> parts_;  // the pipeline first
  bool lacks_a_part_ = false;
};

}  // namespace provrun::pipeline
