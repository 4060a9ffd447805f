#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "provrun/core/ports/executor.hpp"
#include "provrun/pipeline/workflow.hpp"

// `repeat`: a step whose scripts run in rounds until a condition holds. All rounds of an attempt
// are one attempt, observed as one.
namespace provrun::engine {

/// The rounds of one attempt so far.
struct Rounds {
  std::uint32_t count = 0;
  core::Attempt whole;            ///< from the first round's start to the last one's end
  core::Observation observation;  ///< of all of them
};

/// What becomes of a step after a round.
enum class Verdict { again, done, failed };

/// Adds a job that has ended to the rounds, and a round to the execution. The outputs are added by
/// the caller.
core::Round& add_round(Rounds& rounds, core::JobResult& result, std::uint32_t attempt,
                       core::Execution& execution);
/// failure: why it has failed, as the end of a sentence about the step; empty where the attempt
/// itself tells it.
Verdict judge_round(const pipeline::RepeatRule& rule, const Rounds& rounds,
                    const core::JobResult& result, std::string& failure);
/// Joins what was seen of a later part of an execution to what was seen of the earlier ones: the
/// first use of a path is what counts, and of what it made itself it is no input.
void join_observation(core::Observation& whole, core::Observation part);

}  // namespace provrun::engine
