#pragma once

#include <string>
#include <string_view>

#include "provrun/os/file.hpp"

namespace provrun::trace {

/// What the kernel needs besides the file itself to start it.
struct ProgramHead {
  std::string interpreter;  ///< of "#!", or the loader that an ELF file names; empty: none
  bool script = false;
  /// A loader would take a foreign library into it: it is of our kind of machine, and needs no
  /// sanitizer, which insist on coming first.
  bool takes_library = true;
};
/// The first bytes of a program; nothing is believed beyond their end.
ProgramHead parse_program_head(std::string_view bytes);
/// Empty when the file cannot be read. What the file with this stat was found to be is remembered.
ProgramHead read_program_head(const std::string& path, const os::FileStat& stat);

}  // namespace provrun::trace
