#include "provrun/app/batch_script.hpp"

#include <algorithm>
#include <array>

#include "provrun/app/archive.hpp"
#include "provrun/app/spool.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/piped_program.hpp"

namespace provrun::app {

namespace {

constexpr std::uint64_t kLargestScript = 4U << 20U;  // Slurm's own default limit
constexpr std::string_view kTaskOption = "--task";

// Options of sbatch that take no word after them; every other one does, unless joined by '='.
constexpr std::string_view kLetters = "hHIkOQsuvVW";
constexpr std::array<std::string_view, 27> kFlags{
    "contiguous", "exclusive", "get-user-env", "help",   "hold",          "ignore-pbs",
    "immediate",  "no-kill",   "no-requeue",   "nice",   "overcommit",    "oversubscribe",
    "parsable",   "propagate", "quiet",        "reboot", "requeue",       "share",
    "spread-job", "stepmgr",   "test-only",    "usage",  "use-min-nodes", "verbose",
    "version",    "wait",      "external"};

bool takes_next_word(const std::string& option) {
  if (option.starts_with("--"))
    return option.find('=') == std::string::npos &&
           std::find(kFlags.begin(), kFlags.end(), std::string_view(option).substr(2)) ==
               kFlags.end();
  // Letters may be joined, "-Qv", and the first that takes a value takes the rest for it.
  for (std::size_t at = 1; at < option.size(); ++at)
    if (kLetters.find(option[at]) == std::string_view::npos) return at + 1 == option.size();
  return false;
}

base::Error no_batch_script(const std::string& shown, std::string_view why) {
  return base::Error(base::ErrorCode::invalid_input,
                     base::format("{} is no job script: {}", shown, why));
}

std::string find_script(const std::string& name) {
  const auto stat = os::stat_file(name);
  if (stat && stat->type == os::FileType::regular) return os::absolute_path(name);
  if (name.find('/') == std::string::npos)
    if (auto found = os::find_program(name)) return os::absolute_path(*found);
  throw base::Error(base::ErrorCode::not_found,
                    base::format("there is no job script {}", base::printable(name)))
      .hint("options for sbatch come before the script, those with a value best as --name=value");
}

bool has_option(const BatchWords& words, std::string_view name, char letter) {
  return std::any_of(words.options.begin(), words.options.end(), [&](const auto& option) {
    if (option.starts_with("--")) return option == name;
    if (letter == 0 || option.size() < 2 || option[0] != '-') return false;
    for (std::size_t at = 1; at < option.size(); ++at) {
      if (option[at] == letter) return true;
      if (kLetters.find(option[at]) == std::string_view::npos) return false;
    }
    return false;
  });
}

// "Submitted batch job 17", or of --parsable "17" or "17;cluster".
std::string job_number_in(std::string_view text) {
  for (const auto line : base::split(text, '\n')) {
    auto word = base::trim(line);
    constexpr std::string_view kSentence = "Submitted batch job ";
    if (word.starts_with(kSentence)) word.remove_prefix(kSentence.size());
    const auto end = word.find_first_not_of("0123456789");
    const auto number = word.substr(0, end);
    const bool alone = end == std::string_view::npos || word[end] == ';' || word[end] == ' ';
    if (!number.empty() && alone) return std::string(number);
  }
  return {};
}

struct TemporaryFolder {
  std::string path;
  ~TemporaryFolder() {
    try {
      os::remove_tree(path);
    } catch (const base::Error&) {  // the system clears its temporary files
    }
  }
};

}  // namespace

BatchWords parse_batch_words(const std::vector<std::string>& words) {
  BatchWords result;
  std::size_t at = 0;
  for (; at < words.size(); ++at) {
    const auto& word = words[at];
    if (word == "--") {
      ++at;
      break;
    }
    if (word.size() < 2 || word[0] != '-') break;
    constexpr std::string_view kWrap = "--wrap";
    const bool wraps = word == kWrap || word.starts_with("--wrap=");
    if (wraps && word != kWrap) {
      result.wrapped = word.substr(kWrap.size() + 1);
      continue;
    }
    if (!wraps) result.options.push_back(word);
    if (!takes_next_word(word)) continue;
    if (++at >= words.size())
      throw base::Error(base::ErrorCode::invalid_input,
                        base::format("{} needs a value", base::printable(word)));
    if (wraps)
      result.wrapped = words[at];
    else
      result.options.push_back(words[at]);
  }
  if (at < words.size()) {
    if (result.wrapped)
      throw base::Error(
          base::ErrorCode::invalid_input,
          base::format("--wrap and the script {} exclude each other", base::printable(words[at])));
    result.script = words[at++];
    if (result.script.empty())
      throw base::Error(base::ErrorCode::invalid_input, "the script's name is empty");
  }
  result.arguments.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  return result;
}

bool wants_standard_input(const std::vector<std::string>& words) {
  const auto parsed = parse_batch_words(words);
  return parsed.script.empty() && !parsed.wrapped;
}

std::vector<std::string> interpreter_of(std::string_view script, const std::string& shown) {
  if (!script.starts_with("#!"))
    throw no_batch_script(shown, "its first line names no interpreter")
        .hint("begin it with a line like '#!/bin/bash'");
  if (script.find('\0') != std::string_view::npos) throw no_batch_script(shown, "it is binary");
  if (script.find("\r\n") != std::string_view::npos)
    throw no_batch_script(shown, "its lines end as in DOS").hint("dos2unix converts it");
  // As the kernel reads it: a path, and all that follows as one argument.
  const auto line = base::trim(script.substr(2, script.find('\n') - 2));
  const auto space = line.find_first_of(" \t");
  std::vector<std::string> words{std::string(line.substr(0, space))};
  if (words[0].empty()) throw no_batch_script(shown, "its first line names no interpreter");
  if (space != std::string_view::npos) words.emplace_back(base::trim(line.substr(space)));
  return words;
}

std::string submitted_script(std::string_view script, const std::vector<std::string>& command) {
  std::string text = "#!/bin/sh\n";
  bool first = true;
  for (const auto line : base::split(script, '\n')) {
    if (std::exchange(first, false)) continue;  // the interpreter's
    const auto trimmed = base::trim(line);
    if (!trimmed.empty() && trimmed[0] != '#') break;  // where sbatch stops to look, too
    if (!trimmed.empty()) text.append(line) += '\n';
  }
  text += "exec";
  for (const auto& word : command) text += " " + base::shell_quote(word);
  return text + " \"$@\"\n";
}

BatchReport submit_batch(const BatchRequest& request,
                         const std::function<void(std::string_view)>& said) {
  const auto words = parse_batch_words(request.words);
  const auto directory = os::current_directory();
  const auto workspace = Workspace::find_upwards(directory).value_or(Workspace::at(directory));
  const auto location = locate_repository(request.repository, workspace);
  std::string path;
  std::string text;
  std::string name = "sbatch";
  if (words.wrapped) {
    text = "#!/bin/sh\n" + *words.wrapped + "\n";
    name = "wrap";
  } else if (words.script.empty()) {
    text = request.standard_input;
  } else {
    path = find_script(words.script);
    name = os::base_name(path);
    text = os::read_file(path, kLargestScript);
    if (path.starts_with(workspace.root() + "/")) path = path.substr(workspace.root().size() + 1);
  }
  const auto shown = words.script.empty() ? "standard input" : base::printable(words.script);
  interpreter_of(text, shown);
  const auto sbatch = os::find_program("sbatch");
  if (!sbatch)
    throw base::Error(base::ErrorCode::not_found, "there is no sbatch on PATH")
        .hint("where Slurm is not installed, 'provrun exec -- ./script.sh' runs and records it");
  require_repository(location, workspace);
  workspace.ensure();

  // What the job will run is what it was when it was submitted, as with sbatch.
  const auto folder =
      workspace.spool_directory() + "/scripts/" + hash::sha256(text).to_hex().substr(0, 32);
  const auto copy = folder + "/" + name;
  if (!os::lstat_file(copy)) {
    os::make_directories(folder, 0700);
    os::write_file_atomically(copy, text, os::Durability::synced, 0600);
  }
  std::vector<std::string> command{os::own_program(),
                                   "sbatch",
                                   std::string(kTaskOption),
                                   workspace.root(),
                                   path,
                                   copy,
                                   location.by_default ? std::string() : location.path,
                                   std::to_string(request.trigger.size())};
  command.insert(command.end(), request.trigger.begin(), request.trigger.end());

  const auto temporary = os::environment_variable("TMPDIR").value_or("/tmp");
  const TemporaryFolder place{os::make_temporary_directory(os::join_path(temporary, "provrun-"))};
  const auto wrapper = place.path + "/" + name;  // its name is the job's, where no option says one
  os::write_file_atomically(wrapper, submitted_script(text, command), os::Durability::cached);
  std::vector<std::string> call{*sbatch};
  call.insert(call.end(), words.options.begin(), words.options.end());
  call.push_back(wrapper);
  call.insert(call.end(), words.arguments.begin(), words.arguments.end());

  os::PipedProgram program(call);
  std::string output;
  std::vector<std::uint8_t> buffer(4096);
  while (const auto n = program.read(buffer)) {
    const std::string_view piece(reinterpret_cast<const char*>(buffer.data()), n);
    said(piece);
    if (output.size() < 65536) output += piece;
  }
  const auto end = program.finish();
  BatchReport report;
  report.exit_code = end.signal != 0 ? 128 + end.signal : end.exit_code;
  report.job = job_number_in(output);
  report.waited = has_option(words, "--wait", 'W') && !report.job.empty();
  return report;
}

CommandRequest batch_task(const std::vector<std::string>& words, engine::Variables variables) {
  const auto bad = [] {
    return base::Error(base::ErrorCode::invalid_input, "sbatch --task is what jobs call")
        .hint("submit one with: provrun sbatch SCRIPT");
  };
  constexpr std::size_t kFixed = 6;  // --task, workspace, script, copy, repository, count
  if (words.size() < kFixed) throw bad();
  std::size_t count = 0;
  for (const char c : words[5]) {
    if (c < '0' || c > '9' || count > 100'000) throw bad();
    count = count * 10 + static_cast<std::size_t>(c - '0');
  }
  if (words.size() < kFixed + count || !words[1].starts_with('/') || !words[3].starts_with('/'))
    throw bad();
  const auto after = words.begin() + kFixed + static_cast<std::ptrdiff_t>(count);
  const std::vector<std::string> arguments(after, words.end());

  CommandRequest request;
  BatchTask batch;
  batch.workspace = words[1];
  batch.script = words[2];
  batch.copy = words[3];
  if (!words[4].empty()) request.repository = words[4];
  request.trigger.assign(words.begin() + kFixed, after);
  const auto text = os::read_file(batch.copy, kLargestScript);
  request.command = interpreter_of(text, base::printable(batch.copy));
  if (batch.script.empty()) {
    batch.words = request.command;
    batch.words.emplace_back("-c");
    batch.words.push_back(text.substr(std::min(text.size(), text.find('\n') + 1)));
    batch.words.push_back(os::base_name(batch.copy));
    batch.title = os::base_name(batch.copy);
  } else {
    batch.words = {batch.script};
    batch.title = os::base_name(batch.script);
  }
  batch.words.insert(batch.words.end(), arguments.begin(), arguments.end());
  request.command.push_back(batch.copy);
  request.command.insert(request.command.end(), arguments.begin(), arguments.end());
  variables[std::string(kSpoolVariable)] = batch.workspace;
  request.variables = std::move(variables);
  request.batch = std::move(batch);
  return request;
}

}  // namespace provrun::app
