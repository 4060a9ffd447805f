#pragma once

#include <string_view>

namespace provrun::trace::announcer {

/// The library as an ELF file.
std::string_view image();

}  // namespace provrun::trace::announcer
