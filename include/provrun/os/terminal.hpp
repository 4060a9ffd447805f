#pragma once

#include <string_view>

namespace provrun::os {

/// Puts a file nobody can write to in the place of standard streams that were closed, so that no
/// other file gets their numbers and the messages with them. Call first.
void reserve_standard_streams();
bool is_terminal(int fd);
/// Columns of the terminal; 80 when it does not say.
int terminal_width(int fd);
/// Writes all of it to a standard stream; a broken pipe is ignored (nobody reads on), other
/// failures throw base::Error.
void write_standard_output(std::string_view text);
void write_standard_error(std::string_view text);

}  // namespace provrun::os
