#pragma once

#include "provrun/engine/engine.hpp"

namespace provrun::engine {

/// What the executor is told of an instance, but for what an attempt may take.
core::Job job_of(const pipeline::Graph& graph, pipeline::InstanceId id, const Variables& variables,
                 const Options& options);

}  // namespace provrun::engine
