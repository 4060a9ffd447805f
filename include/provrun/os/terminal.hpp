#pragma once

#include <string_view>

namespace provrun::os {

bool is_terminal(int fd);
/// Columns of the terminal; 80 when it does not say.
int terminal_width(int fd);
/// Writes all of it to a standard stream; a broken pipe is ignored (nobody reads on), other
/// failures throw base::Error.
void write_standard_output(std::string_view text);
void write_standard_error(std::string_view text);

}  // namespace provrun::os
