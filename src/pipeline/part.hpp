#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "instance_table.hpp"
#include "provrun/pipeline/workflow.hpp"
#include "yaml_document.hpp"

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

/// One of the files a workflow is made of while it is read: the pipeline, or one that `include`
/// names. What it does not say itself it has from the one around it.
struct Part {
  const Part* outer = nullptr;                   ///< null: the pipeline
  std::shared_ptr<const IncludedFile> included;  ///< null: the pipeline
  std::uint32_t text = 0;                        ///< index for Place::file
  Node root;
  Place place;  ///< of the `include`
  Value parameters;
  StepDefaults defaults;
  std::shared_ptr<const EnvironmentDeclaration> environment;
  std::unique_ptr<InstanceTableReader> tables;

  std::string_view folder() const { return included ? included->folder : std::string_view(); }
  std::string_view prefix() const { return included ? included->prefix : std::string_view(); }
  /// The step that a name means here: one of this part, or else of those around it.
  std::optional<StepId> find_step(const Workflow& workflow, std::string_view name) const;
  /// The names that find_step knows.
  std::vector<std::string> step_names(const Workflow& workflow) const;
};

}  // namespace provrun::pipeline
