#pragma once

#include <vector>

#include "field_reader.hpp"
#include "provrun/core/compare_rule.hpp"

namespace provrun::pipeline {

/// Reads `compare`: a map from patterns to `exact`, `ignore`, or a method with its settings. The
/// rules come in front of those there are, so that they win.
void read_compare(FieldReader& fields, const Node& node, Where where,
                  std::vector<core::CompareRule>& rules);

}  // namespace provrun::pipeline
