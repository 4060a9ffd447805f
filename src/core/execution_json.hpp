#pragma once

#include <cstddef>
#include <string_view>

#include "provrun/core/record.hpp"

namespace provrun::core {

/// The member of an observation that says how many inputs are to be had from the accesses.
inline constexpr std::string_view kInputsLeftOut = "inputs_in_accesses";

/// As to_json; left_out: so many of the inputs, from their end, and all of the undeclared ones are
/// not written but counted.
codec::Json execution_json(const Execution& execution, std::size_t left_out);

}  // namespace provrun::core
