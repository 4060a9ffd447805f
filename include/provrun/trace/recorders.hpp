#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "provrun/core/ports/recipes.hpp"
#include "provrun/trace/recorder.hpp"

namespace provrun::trace {

/// Who is told of what the processes of one attempt do: one recorder, or, of a make, one for each
/// recipe and one for all else. One thread.
class Recorders {
 public:
  /// workspace, hasher: as Recorder's. It must have been asked that the ends of processes be
  /// watched, and that files can be given, when there is a watcher. mechanism: of observations.
  Recorders(const std::string& workspace, DeferredHasher& hasher,
            std::shared_ptr<core::RecipeWatcher> watcher = nullptr, int launcher = 0,
            std::string mechanism = {});
  ~Recorders();

  /// Where makes find the makefile that tells recipes apart: a value of MAKEFILES.
  static std::string makefiles_value();
  /// The variable that it has in the environment of recipes.
  static std::string variable();

  /// Of what belongs to no recipe.
  Recorder& main() { return *main_; }
  /// Of a part by its number, 0 is main. One that has ended already is main.
  Recorder& of(std::uint32_t part);
  /// Which part the process belongs to.
  std::uint32_t part_of(int thread);

  /// As Recorder's.
  Recorder::Answer handle(const SystemCall& call);
  /// The process that the last call that was handled ends; 0: none, or nobody wants to know.
  int ending_process() const;
  void expect_announcements();
  bool views_may_change() const;
  void lower_grade(const std::string& reason);
  /// What handle's answer is about; nullptr: there is none.
  const os::File* targets_for(int thread);
  const os::File* notes_of(int thread);

  /// Is there a need for look_around?
  bool divides() const { return recipes_ != nullptr; }
  /// Regularly: finds what has ended unseen, and tells of recipes that are over.
  void look_around();
  /// When no process is left: tells of all other recipes, and what belongs to none. make: how it
  /// ended.
  core::Observation finish(const core::Attempt& make);

 private:
  class Recipes;
  std::unique_ptr<Recorder> main_;
  std::unique_ptr<Recipes> recipes_;
};

}  // namespace provrun::trace
