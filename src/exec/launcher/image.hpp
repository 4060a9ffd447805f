#pragma once

#include <string_view>

namespace provrun::exec::launcher {

/// The launcher as an ELF file.
std::string_view image();

}  // namespace provrun::exec::launcher
