#pragma once

#include <string>
#include <string_view>

#include "console.hpp"

namespace provrun::cli {

/// The page of a verb ("provrun" for the program itself), its headings marked where colours are
/// wanted. Throws Error(invalid_input) when there is none.
std::string manual_page(std::string_view verb, const Console& console);

}  // namespace provrun::cli
