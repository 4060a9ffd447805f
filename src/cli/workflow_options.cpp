#include "workflow_options.hpp"

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::cli {

namespace {

bool is_pipeline(const std::string& word) {
  if (word.ends_with(".yaml") || word.ends_with(".yml")) return true;
  const auto stat = os::stat_file(word);
  // A folder may be a target too (an output); only one with a pipeline in it is meant as a
  // pipeline.
  if (stat && stat->type == os::FileType::directory)
    return os::stat_file(os::join_path(word, "pipeline.yaml")).has_value() ||
           word.ends_with(".provrun");
  return false;
}

}  // namespace

base::Error run_usage(std::string message, std::string hint) {
  return base::Error(base::ErrorCode::invalid_input, std::move(message)).hint(std::move(hint));
}

void WorkflowOptions::declare(Options& options) {
  options.value("file,f", file)
      .list("until", until)
      .list("force", force)
      .list("set", set)
      .flag("always-make,B", always_make)
      .positional(words);
}

app::RunRequest WorkflowOptions::request(const Call& call) const {
  app::RunRequest request;
  request.targets = words;
  if (file) {
    request.pipeline = *file;
  } else if (!words.empty() && is_pipeline(words[0])) {
    request.pipeline = words[0];
    request.targets.erase(request.targets.begin());
  } else {
    request.pipeline = app::find_pipeline(os::current_directory());
  }
  request.until = until;
  request.force_steps = force;
  request.force_all = always_make;
  for (const auto& assignment : set) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
      throw run_usage(
          base::format("--set takes NAME=VALUE, not '{}'", base::printable(assignment)));
    request.overrides.push_back({assignment.substr(0, equals), assignment.substr(equals + 1)});
  }
  request.repository = call.global.repository;
  request.trigger = call.command_line;
  for (auto& [name, value] : os::environment_variables()) request.variables[name] = value;
  return request;
}

}  // namespace provrun::cli
