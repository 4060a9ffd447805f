#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "provrun/base/error.hpp"
#include "provrun/core/ports/results.hpp"
#include "provrun/pipeline/workflow.hpp"

// What an execution's record says of how it went.
namespace provrun::engine {

inline constexpr std::string_view kOnlyDeclared = "files are those that the pipeline declares";

/// The end of a sentence about the step. number: which attempt it was, from 1.
std::string describe_failure(const core::Attempt& attempt, const pipeline::Step& step,
                             std::uint32_t number);
/// Why a step did not get its instances, as the end of a sentence about it.
std::string laid_out_failure(const base::Error& error);
/// What was observed of the stored execution holds for the one that takes its results.
void take_observed(core::StoredResult& stored, core::Execution& execution);
void forget_observed(core::Execution& execution);
/// Files that it used and made without declaring them, as the end of a sentence about the step;
/// empty: none. A step that declares no inputs leaves them to observation, and so with outputs. An
/// output that it goes on with is declared.
std::string undeclared_files(const core::Execution& execution, const pipeline::Step& step,
                             const std::function<bool(const std::string&)>& is_output);

}  // namespace provrun::engine
