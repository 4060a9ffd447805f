#include <algorithm>

#include "command.hpp"
#include "manual.hpp"
#include "provrun/app/version.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/signals.hpp"
#include "provrun/os/terminal.hpp"
#include "provrun/os/working_directory.hpp"

namespace provrun::cli {

namespace {

// What follows this verb belongs to the program that it runs.
constexpr std::string_view kTakesAll = "make";

struct Preliminary {
  Call call;
  ConsoleOptions console;
  std::vector<std::string> directories;  // -C, in order
  std::string colour = "auto";
  std::string progress = "auto";
  bool help = false;
  bool version = false;
};

base::Error misuse(std::string message) {
  return base::Error(base::ErrorCode::invalid_input, std::move(message))
      .hint("'provrun help' shows how it is used");
}

// Takes the global options out of the arguments, wherever they stand before "--".
class Splitter {
 public:
  Splitter(const std::vector<std::string>& arguments, Preliminary& result)
      : arguments_(arguments), result_(result) {}

  void split() {
    for (; at_ < arguments_.size(); ++at_) {
      const auto& word = arguments_[at_];
      if (word == "--") {
        result_.call.has_command = true;
        result_.call.command.assign(arguments_.begin() + static_cast<std::ptrdiff_t>(at_) + 1,
                                    arguments_.end());
        break;
      }
      if (verb_ == "sbatch") {  // its words are sbatch's and the script's
        take_rest();
        break;
      }
      if (take(word)) continue;
      const bool has_value =
          word == "-f" || word == "--file" || word == "--trace" || word == "--require";
      if (verb_.empty() && has_value && at_ + 1 < arguments_.size()) {
        rest_.push_back(word);
        rest_.push_back(arguments_[++at_]);  // `provrun -f FILE plan`: its value is no verb
        continue;
      }
      if (verb_.empty() && !word.starts_with('-')) {
        verb_ = word;
        if (find_command(word) == nullptr) rest_.push_back(word);
        if (word == kTakesAll) {
          take_all();
          break;
        }
        continue;
      }
      rest_.push_back(word);
    }
    finish();
  }

 private:
  bool take(const std::string& word) {
    auto& console = result_.console;
    if (word == "--json") return console.json = true;
    if (word == "-q" || word == "--quiet") return console.quiet = true;
    if (word == "-v" || word == "--verbose") return ++console.verbosity > 0;
    if (word == "-h" || word == "--help") return result_.help = true;
    if (word == "--version" && verb_.empty()) return result_.version = true;
    std::string value;
    if (take_value(word, "--repo", value)) {
      result_.call.global.repository = value;
    } else if (take_value(word, "--color", value)) {
      if (value != "auto" && value != "always" && value != "never")
        throw misuse(
            base::format("--color is auto, always or never, not '{}'", base::printable(value)));
      result_.colour = value;
    } else if (take_value(word, "--progress", value)) {
      if (value != "auto" && value != "plain" && value != "none")
        throw misuse(
            base::format("--progress is auto, plain or none, not '{}'", base::printable(value)));
      result_.progress = value;
    } else if (word == "-C") {
      if (++at_ >= arguments_.size() || arguments_[at_].empty()) throw misuse("-C needs a folder");
      result_.directories.push_back(arguments_[at_]);
    } else if (word.starts_with("-C") && word.size() > 2) {
      result_.directories.push_back(word.substr(2));
    } else {
      return false;
    }
    return true;
  }

  // Before the script stand options of sbatch, -C and -q among them, and those of provrun that
  // sbatch does not have.
  void take_rest() {
    for (; at_ < arguments_.size(); ++at_) {
      const auto& word = arguments_[at_];
      const bool ours = word == "--json" || word == "--help" || word == "-h" || word == "--repo" ||
                        word.starts_with("--repo=") || word == "--color" ||
                        word.starts_with("--color=") || word.starts_with("--progress=");
      if (!ours) break;
      take(word);
    }
    rest_.insert(rest_.end(), arguments_.begin() + static_cast<std::ptrdiff_t>(at_),
                 arguments_.end());
  }

  bool take_value(const std::string& word, const std::string& name, std::string& value) {
    if (word.starts_with(name + "=")) {
      value = word.substr(name.size() + 1);
      return true;
    }
    if (word != name) return false;
    if (++at_ >= arguments_.size()) throw misuse(name + " needs a value");
    value = arguments_[at_];
    return true;
  }

  // All that follows the verb is for the program that it runs, but for `provrun make --help` alone.
  void take_all() {
    auto& call = result_.call;
    call.has_command = true;
    call.command.assign(arguments_.begin() + static_cast<std::ptrdiff_t>(at_) + 1,
                        arguments_.end());
    result_.help = result_.help || call.command == std::vector<std::string>{"--help"};
  }

  // A first word that is no verb is a pipeline: `provrun pipeline.yaml` means `provrun run
  // pipeline.yaml`.
  void finish() {
    auto& call = result_.call;
    call.arguments = std::move(rest_);
    call.verb = verb_;
    if (!verb_.empty() && find_command(verb_) != nullptr) return;
    if (verb_.empty()) {
      if (!call.arguments.empty()) call.verb = "run";  // provrun -f FILE, provrun -n
      return;
    }
    const auto stat = os::stat_file(directory_of_call() + verb_);
    if (stat || verb_.ends_with(".yaml") || verb_.ends_with(".yml") || result_has_file_option()) {
      call.verb = "run";
      return;
    }
    std::vector<std::string> names;
    for (const auto& command : commands()) names.emplace_back(command.name);
    const auto nearest = base::nearest(verb_, names);
    auto error = base::Error(base::ErrorCode::invalid_input,
                             base::format("'{}' is no verb and no file", base::printable(verb_)));
    throw std::move(error).hint(nearest ? base::format("did you mean '{}'?", *nearest)
                                        : std::string("'provrun help' lists the verbs"));
  }

  bool result_has_file_option() const {
    return std::any_of(
        result_.call.arguments.begin(), result_.call.arguments.end(),
        [](const auto& word) { return word.starts_with("-f") || word.starts_with("--file"); });
  }

  std::string directory_of_call() const {
    std::string directory;
    for (const auto& next : result_.directories) directory = os::join_path(directory, next);
    return directory.empty() ? std::string() : directory + "/";
  }

  const std::vector<std::string>& arguments_;
  Preliminary& result_;
  std::size_t at_ = 0;
  std::string verb_;
  std::vector<std::string> rest_;
};

void decide_appearance(Preliminary& result) {
  const auto set = [](const char* name) {
    const auto value = os::environment_variable(name);
    return value && !value->empty();
  };
  const bool dumb = os::environment_variable("TERM").value_or("") == "dumb";
  const auto coloured = [&](int fd) {
    if (result.colour != "auto") return result.colour == "always";
    return !set("NO_COLOR") && !dumb && os::is_terminal(fd);
  };
  result.console.colour_out = coloured(1);
  result.console.colour_err = coloured(2);
  result.console.silent_progress = result.progress == "none";
  result.console.live =
      result.progress == "auto" && os::is_terminal(2) && !dumb && !result.console.quiet;
}

int run(Preliminary& result, Console& console) {
  try {
    result.call.called_in = os::current_directory();
  } catch (const base::Error&) {  // it was removed: -C leads out of it
  }
  for (const auto& directory : result.directories) os::change_directory(directory);
  result.call.console = &console;
  if (result.version) {
    console.result(base::format("provrun {}", app::kVersion));
    console.object(codec::Json::object({{"type", "version"}, {"version", app::kVersion}}));
    return 0;
  }
  if (!result.help && result.call.verb.empty() && console.json()) throw misuse("no verb is given");
  if (result.help || result.call.verb.empty()) {
    const bool asked = result.help;
    const auto verb = result.call.verb.empty() ? std::string("provrun") : result.call.verb;
    const auto page = manual_page(verb, console);
    console.raw_result(page);
    console.object(codec::Json::object({{"type", "help"}, {"verb", verb}, {"text", page}}));
    return asked ? 0 : 2;
  }
  return find_command(result.call.verb)->run(result.call);
}

}  // namespace

int run_program(int argc, char** argv) {
  os::reserve_standard_streams();
  os::ignore_broken_pipes();
  Preliminary result;
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  result.call.command_line.assign(argv, argv + argc);
  std::optional<base::Error> bad_usage;  // shown as the options that could be read want it
  try {
    Splitter(arguments, result).split();
  } catch (const base::Error& error) {
    bad_usage = error;
  }
  decide_appearance(result);
  Console console(result.console);
  const auto report = [&](const base::Error& error) {
    try {
      if (error.code() == base::ErrorCode::no_space && error.hint().empty())
        console.error(base::Error(error).hint("make room and try again: what is recorded is safe"));
      else
        console.error(error);
    } catch (const base::Error& unwritten) {
      os::write_standard_error("provrun: error: " + unwritten.message() + "\n");
    }
    return exit_code_of(error.code());
  };
  try {
    if (bad_usage) throw *bad_usage;
    const int code = run(result, console);
    console.status("");
    console.flush();
    return code;
  } catch (const base::Error& error) {
    return report(error);
  } catch (const std::bad_alloc&) {
    return report(base::Error(base::ErrorCode::unavailable, "out of memory"));
  } catch (const std::exception& error) {
    return report(base::Error(base::ErrorCode::internal, error.what())
                      .hint("this is a defect in provrun; please report it with the command"));
  }
}

base::Error usage(const Call& call, std::string message) {
  return base::Error(base::ErrorCode::invalid_input, std::move(message))
      .hint(base::format("'provrun help {}' lists what it takes", call.verb));
}

std::optional<app::Workspace> workspace_here() {
  return app::Workspace::find_upwards(os::current_directory());
}

std::unique_ptr<app::Archive> open_archive(const Call& call, app::Archive::Mode mode) {
  const auto workspace = workspace_here();
  const auto location = app::locate_repository(call.global.repository, workspace);
  return app::Archive::open(location, workspace, mode);
}

}  // namespace provrun::cli
