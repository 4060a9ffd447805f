#pragma once

#include <optional>
#include <string>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/pipeline/workflow.hpp"

namespace provrun::app {

/// Something in a valid pipeline that its author probably did not mean.
struct Finding {
  std::string rule;  ///< "unused-parameter", "dead-step", "unread-output", "absolute-path", …
  std::string message;
  std::string hint;
  std::optional<base::Position> place;
};

/// All findings, in the order of the file. Throws what loading the pipeline throws.
std::vector<Finding> lint_pipeline(const std::string& pipeline,
                                   const std::vector<pipeline::Override>& overrides);

}  // namespace provrun::app
