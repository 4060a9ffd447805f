#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "field_reader.hpp"
#include "instance_table.hpp"
#include "provrun/pipeline/workflow.hpp"
#include "workflow_texts.hpp"

namespace provrun::pipeline {

/// What `defaults` gives to every step.
struct StepDefaults {
  std::shared_ptr<const std::vector<std::string>> shell;
  bool shell_is_default = true;
  Resources resources;
  RetryPolicy retries;
  std::vector<core::CompareRule> compare;
  bool traced = true;
  Undeclared undeclared = Undeclared::warn;
};

/// Turns one document into a Workflow: top-level keys here, steps in StepLoader.
class WorkflowLoader {
 public:
  WorkflowLoader(std::string_view text, const std::string& file_name, Sources& sources);
  Workflow load(std::span<const Override> overrides);

 private:
  void load_parameters(const Node& root, std::span<const Override> overrides);
  void load_parameters_file(const Node& file);
  void apply_overrides(std::span<const Override> overrides);
  void load_pools(const Node& root);
  void load_defaults(const Node& root);
  void load_steps(const Node& root);
  std::vector<std::size_t> loading_order(const Node& steps);
  void refuse_needed_patterns();
  void load_targets(const Node& root);
  void load_hooks(const Node& root);
  void check_version(const Node& root);

  Sources& sources_;
  Workflow workflow_;
  Diagnostics diagnostics_;
  FieldReader fields_;
  StepDefaults defaults_;
};

}  // namespace provrun::pipeline
