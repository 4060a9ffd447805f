#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::exec {

/// A command that needs no shell: words, and at most plain redirections to files.
struct PlainCommand {
  std::vector<std::string> words;  ///< argv, at least one
  std::string stdin_path;          ///< from "< path"; empty when absent
  std::string stdout_path;         ///< from "> path" or ">> path"
  bool append_stdout = false;
  std::string stderr_path;        ///< from "2> path"
  bool stderr_to_stdout = false;  ///< "2>&1" after any stdout redirection
};

/// Reads a script that bash would run the same way as we do by exec alone: one simple command made
/// of literal words (bare, '…', "…" without $ ` \ inside, backslash escapes) with redirections.
/// nullopt when anything else is in it: variables, globs, tildes, assignments, operators, comments,
/// several lines, keywords, builtins. When in doubt it is nullopt, and the shell decides.
std::optional<PlainCommand> parse_plain_command(std::string_view script);

}  // namespace provrun::exec
