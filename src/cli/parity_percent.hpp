#pragma once

#include <string>

#include "command.hpp"

namespace provrun::cli {

/// "0", "3", "6", "12" or "25"; a usage error otherwise.
int parity_percent_of(const Call& call, const std::string& text);

}  // namespace provrun::cli
