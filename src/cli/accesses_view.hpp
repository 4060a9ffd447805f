#pragma once

#include "command.hpp"

namespace provrun::cli {

/// What an execution was seen to do with files; all: with what decides nothing, and why it does
/// not.
void print_accesses(Console& console, app::Archive& archive, const app::StoredRun& run,
                    const core::Execution& execution, bool all);

}  // namespace provrun::cli
