#pragma once

#include "diagnostics.hpp"
#include "provrun/pipeline/workflow.hpp"
#include "yaml_document.hpp"

namespace provrun::pipeline {

/// What a Workflow keeps for messages and for its configuration.
struct Workflow::Texts {
  SourceTexts texts;
  YamlDocument document;
};

}  // namespace provrun::pipeline
