#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "command_record.hpp"
#include "provrun/app/cached_files.hpp"
#include "provrun/core/ports/recipes.hpp"

namespace provrun::app {

/// Hands what the executor's thread tells of recipes over to the thread that records.
class RecipeQueue : public core::RecipeWatcher {
 public:
  struct Started {
    core::Recipe recipe;
  };
  struct Ended {
    core::Recipe recipe;
  };
  using Event = std::variant<Started, Ended>;

  /// wake: called after each event, by the executor's thread.
  explicit RecipeQueue(std::function<void()> wake) : wake_(std::move(wake)) {}
  void recipe_started(const core::Recipe& recipe) override { add(Started{recipe}); }
  void recipe_ended(core::Recipe recipe) override { add(Ended{std::move(recipe)}); }
  std::deque<Event> take();

 private:
  void add(Event event);
  std::mutex mutex_;
  std::deque<Event> events_;
  std::function<void()> wake_;
};

/// Makes executions of recipes.
class MakeRecord {
 public:
  /// directory: where the job's own make was started.
  MakeRecord(const std::string& root, std::string directory, const engine::Variables& variables,
             const policy::Redactor& redactor, CachedFiles& files);

  /// The recipe begins: what it is declared to need is looked at.
  const core::Execution& begin(const core::Recipe& recipe);
  /// It is over: all that is to be recorded of it.
  core::Execution end(core::Recipe recipe);
  /// A name that no execution of this run has: the target, after its directory where that is not
  /// the one of the job's own make.
  std::string name_for(const std::string& directory, const std::string& target);

 private:
  std::string root_;
  std::string directory_;
  const engine::Variables& variables_;
  const policy::Redactor& redactor_;
  CachedFiles& files_;
  bool knows_directory_ = false;
  std::map<std::string, int> names_;
  std::map<std::uint32_t, core::Execution> begun_;
};

/// What the file at a recorded path is; nullopt: it is not there, or is nothing that one could
/// keep.
std::optional<core::Artifact> identify_file(CachedFiles& files, const std::string& path);

}  // namespace provrun::app
