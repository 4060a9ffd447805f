#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "provrun/core/ports/executor.hpp"
#include "provrun/engine/scheduler.hpp"
#include "provrun/pipeline/workflow.hpp"

// What an attempt may take, and after which failures there is another one. Attempts count from 1.
namespace provrun::engine {

std::optional<std::chrono::nanoseconds> time_limit_of(const pipeline::Resources& resources,
                                                      std::uint32_t attempt);
Scheduler::Demands demands_of(const pipeline::Resources& resources, std::uint32_t attempt);
/// Tells the job its limits, and its processes by PROVRUN_ATTEMPT, PROVRUN_CPUS and
/// PROVRUN_MEMORY_BYTES. None of them is part of the step key.
void add_resources(core::Job& job, const pipeline::Resources& resources, std::uint32_t attempt);
/// A successful attempt is one that did not make what it should have made.
bool is_worth_a_retry(const pipeline::RetryPolicy& policy, const core::Attempt& attempt);

}  // namespace provrun::engine
