#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace provrun::capture {

/// The programs that a sh or bash script names at command positions, each once, in order of first
/// appearance: "python3", "./split.sh", "/usr/bin/awk". Builtins, keywords and functions that the
/// script defines are left out. Quotes, comments, here-documents, substitutions wherever they
/// stand, the script of `sh -c '…'` and the wrappers env, exec, command, nohup, nice, time,
/// timeout, sudo, xargs, stdbuf, setsid and their like (the wrapper and the program after it) are
/// understood. Best effort: what stands in a variable ("$CC"), in eval, or in a script of another
/// language is not seen. Any bytes are fine; never throws; the time grows with the text's length.
std::vector<std::string> programs_of_script(std::string_view script);

}  // namespace provrun::capture
