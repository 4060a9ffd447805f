#pragma once

#include <deque>

#include "diagnostics.hpp"
#include "provrun/pipeline/workflow.hpp"
#include "yaml_document.hpp"

namespace provrun::pipeline {

/// What a Workflow keeps for messages and for its configuration.
struct Workflow::Texts {
  struct Document {
    YamlDocument yaml;
    Value parameters;
    const Document* outer = nullptr;  ///< the one that includes it
    std::string file;
    std::string prefix;
  };
  SourceTexts texts;
  std::deque<Document> documents;  ///< the pipeline first; each after the one that includes it
};

}  // namespace provrun::pipeline
