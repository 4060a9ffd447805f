#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console.hpp"
#include "provrun/app/archive.hpp"
#include "provrun/base/error.hpp"

namespace provrun::cli {

/// What every verb may be given, before or after its name.
struct GlobalOptions {
  std::optional<std::string> repository;
};

/// One call of a verb.
struct Call {
  std::string verb;
  std::vector<std::string> arguments;  ///< after the verb, without global options
  std::vector<std::string> command;    ///< what followed "--"
  bool has_command = false;            ///< there was a "--"
  GlobalOptions global;
  std::vector<std::string> command_line;  ///< all of argv
  std::string called_in;  ///< the directory before -C; empty when it is not known any more
  Console* console = nullptr;
};

/// A verb. run returns the process's exit code, or throws base::Error.
struct Command {
  std::string_view name;
  int (*run)(const Call& call);
};

const std::vector<Command>& commands();
const Command* find_command(std::string_view name);

/// The whole program: parses, runs the verb, prints errors; returns the exit code.
int run_program(int argc, char** argv);

/// A misuse of the verb: Error(invalid_input) that points at its help.
base::Error usage(const Call& call, std::string message);

// For the verbs that look at a repository.
std::optional<app::Workspace> workspace_here();
std::unique_ptr<app::Archive> open_archive(const Call& call, app::Archive::Mode mode);

}  // namespace provrun::cli
