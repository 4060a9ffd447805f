#pragma once

#include <string>
#include <string_view>

namespace provrun::trace {

/// What the kernel needs besides the file itself to start it.
struct ProgramHead {
  std::string interpreter;  ///< of "#!", or the loader that an ELF file names; empty: none
};
/// The first bytes of a program; nothing is believed beyond their end.
ProgramHead parse_program_head(std::string_view bytes);
/// Empty when the file cannot be read.
ProgramHead read_program_head(const std::string& path);

}  // namespace provrun::trace
