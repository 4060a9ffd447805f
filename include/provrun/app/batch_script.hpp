#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/app/run_command.hpp"

// Job scripts that users wrote for sbatch, submitted so that each task of the job runs under
// observation: docs/design/slurm.md.
namespace provrun::app {

/// The words of a command line of sbatch.
struct BatchWords {
  std::vector<std::string> options;    ///< for sbatch, as they stood; without --wrap
  std::string script;                  ///< empty: it comes from standard input, or is wrapped
  std::vector<std::string> arguments;  ///< of the script
  std::optional<std::string> wrapped;  ///< the command of --wrap
};
/// Where the options end is decided as sbatch does: at the first word that is no option and no
/// option's value. Throws Error(invalid_input).
BatchWords parse_batch_words(const std::vector<std::string>& words);

/// The program and at most one argument of a script's first line. Throws Error(invalid_input) for
/// what sbatch would not take: no such line, a NUL, DOS line ends.
std::vector<std::string> interpreter_of(std::string_view script, const std::string& shown);
/// The script that Slurm gets: the head of the user's, with its #SBATCH lines, and one command.
std::string submitted_script(std::string_view script, const std::vector<std::string>& command);

struct BatchRequest {
  std::vector<std::string> words;  ///< after the verb
  std::vector<std::string> trigger;
  std::optional<std::string> repository;
  std::string standard_input;  ///< the script, when the words name none
};
struct BatchReport {
  int exit_code = 0;    ///< of sbatch; with --wait the job's
  std::string job;      ///< its number; empty when sbatch said none
  bool waited = false;  ///< the job has ended
};
/// Whether the words leave the script to standard input.
bool wants_standard_input(const std::vector<std::string>& words);
/// Submits with the sbatch on PATH, whose standard output goes to said as it comes. Throws
/// Error(not_found) when there is no sbatch or no script.
BatchReport submit_batch(const BatchRequest& request,
                         const std::function<void(std::string_view)>& said);

/// In the job: what the words of submit_batch's command want to be run. variables are completed.
CommandRequest batch_task(const std::vector<std::string>& words, engine::Variables variables);

}  // namespace provrun::app
