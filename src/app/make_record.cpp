#include "make_record.hpp"

#include <algorithm>

#include "provrun/app/workspace.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/engine/step_key.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/random.hpp"

namespace provrun::app {

std::deque<RecipeQueue::Event> RecipeQueue::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

void RecipeQueue::add(Event event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  wake_();
}

std::optional<core::Artifact> identify_file(CachedFiles& files, const std::string& path) {
  try {
    const auto state = files.identify(path, core::PathKind::file);
    return state && !state->files.empty() ? std::optional(state->files[0]) : std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

MakeRecord::MakeRecord(const std::string& root, std::string directory,
                       const engine::Variables& variables, const policy::Redactor& redactor,
                       CachedFiles& files)
    : root_(root),
      directory_(std::move(directory)),
      variables_(variables),
      redactor_(redactor),
      files_(files) {}

std::string MakeRecord::name_for(const std::string& directory, const std::string& target) {
  auto name = target;
  if (directory != directory_ && !target.starts_with('/')) {
    auto place = directory;
    if (place.starts_with(directory_ + "/"))
      place = place.substr(directory_.size() + 1);
    else if (place.starts_with(root_ + "/"))
      place = place.substr(root_.size() + 1);
    else if (place == root_)
      place = ".";
    name = place + "/" + target;
  }
  const int count = ++names_[name];
  return count == 1 ? name : base::format("{}#{}", name, count);
}

const core::Execution& MakeRecord::begin(const core::Recipe& recipe) {
  // `make -C DIRECTORY` is there, not where it was started.
  if (recipe.above == 0 && !std::exchange(knows_directory_, true)) directory_ = recipe.directory;
  auto& execution = begun_[recipe.number];
  execution.id.uuid = os::new_uuid();
  execution.step = name_for(recipe.directory, recipe.target);
  for (const auto& name : recipe.prerequisites) {
    const auto path =
        recorded_path(root_, os::normalize_path(os::join_path(recipe.directory, name)));
    if (Workspace::is_own(path)) continue;
    // One that is phony is not there; of a folder only that it is there is wanted.
    if (auto file = identify_file(files_, path)) execution.inputs.push_back(std::move(*file));
  }
  const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
  const auto same = [](const auto& a, const auto& b) { return a.path == b.path; };
  auto& inputs = execution.inputs;
  std::sort(inputs.begin(), inputs.end(), by_path);
  inputs.erase(std::unique(inputs.begin(), inputs.end(), same), inputs.end());
  return execution;
}

core::Execution MakeRecord::end(core::Recipe recipe) {
  if (!begun_.contains(recipe.number)) begin(recipe);
  auto execution = std::move(begun_.extract(recipe.number).mapped());
  auto seen = recipe.seen();
  const auto made = [&](const std::string& path) -> std::optional<core::Artifact> {
    const auto found =
        std::lower_bound(seen.made.begin(), seen.made.end(), path,
                         [](const auto& one, const auto& name) { return one.path < name; });
    return found != seen.made.end() && found->path == path ? std::optional(*found) : std::nullopt;
  };
  // A target that the recipe has not written is none of its outputs: it may be phony.
  auto target = recipe.target;
  if (target.ends_with(')')) target.resize(std::min(target.size(), target.find('(')));
  const auto path =
      recorded_path(root_, os::normalize_path(os::join_path(recipe.directory, target)));
  std::vector<std::string> declared;
  if (auto file = made(path)) {
    declared.push_back(path);
    execution.outputs.push_back(std::move(*file));
  }

  engine::KeyParts parts;
  for (const auto& line : recipe.lines) parts.run.push_back(redactor_.redact(line).text);
  parts.directory = recipe.directory == root_ ? "." : recorded_path(root_, recipe.directory);
  for (const auto& input : execution.inputs) parts.inputs.emplace_back(input.path, input.content);
  parts.outputs = declared;
  execution.key = engine::key_document(parts);
  execution.step_key = engine::step_key(execution.key);

  take_observation(execution, std::move(seen.observation), declared, variables_, made);
  std::sort(execution.outputs.begin(), execution.outputs.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  execution.state = recipe.failed ? core::StepState::failed : core::StepState::executed;
  if (recipe.failed)
    execution.failure = !recipe.attempt.start_error.empty() ? recipe.attempt.start_error
                        : recipe.end_unseen                 ? "was ended by a signal"
                        : recipe.attempt.signal != 0
                            ? base::format("was ended by signal {}", recipe.attempt.signal)
                            : base::format("failed with exit code {}", recipe.attempt.exit_code);
  execution.attempts = {recipe.attempt};
  return execution;
}

}  // namespace provrun::app
