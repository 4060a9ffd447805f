#pragma once

#include "diagnostics.hpp"
#include "provrun/pipeline/graph.hpp"

namespace provrun::pipeline {

/// Reports members of `targets` that name nothing.
void check_targets(const Graph& graph, Diagnostics& diagnostics);

}  // namespace provrun::pipeline
