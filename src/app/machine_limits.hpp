#pragma once

#include <vector>

#include "provrun/engine/scheduler.hpp"
#include "provrun/pipeline/graph.hpp"

namespace provrun::app {

/// What the steps of a run share: the machine's memory and gpus, the pipeline's pools, and what the
/// user gave instead. Throws base::Error(not_found) for a name nobody knows, and
/// base::Error(invalid_input) for a step that wants of something there is none of.
engine::Limits limits_of_run(const pipeline::Graph& graph,
                             const std::vector<pipeline::InstanceId>& selection,
                             const engine::Limits& given, bool here = true);

}  // namespace provrun::app
