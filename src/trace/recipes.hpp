#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "call_shapes.hpp"
#include "provrun/core/ports/recipes.hpp"
#include "provrun/os/file.hpp"
#include "provrun/trace/make_notes.hpp"
#include "provrun/trace/recorders.hpp"

// How the recipes of a make are told apart; docs/design/make.md says why so. Every make reads a
// makefile of ours first, as MAKEFILES says. It exports a variable whose value make expands anew
// for each recipe, to the make's level and the target, and whose expansion writes a line of notes.
// So a direct child of such a make that starts a program is a line of the recipe that its variable
// names.
namespace provrun::trace {

// Nothing lies at these paths: their opens are answered.
inline constexpr char kTargetsPath[] = "/provrun/targets.mk";
inline constexpr char kNotesPath[] = "/provrun/targets";
inline constexpr char kTargetVariable[] = "PROVRUN_MAKE_TARGET";

class Recorders::Recipes {
 public:
  Recipes(std::string workspace, DeferredHasher& hasher,
          std::shared_ptr<core::RecipeWatcher> watcher, pid_t launcher, std::string mechanism,
          std::shared_ptr<std::uint64_t> changes, Recorder& main);
  ~Recipes();

  Recorder& of(std::uint32_t part);
  std::uint32_t part_of(pid_t thread);
  void expect_announcements();
  bool views_may_change() const;
  void lower_grade(const std::string& reason);
  /// Before the call is recorded.
  void take(const SystemCall& call, Call kind);
  pid_t ending_process() const { return ending_; }
  const os::File* targets_for(pid_t thread);
  const os::File* notes_of(pid_t thread);
  void look_around();
  void finish(const core::Attempt& make);

 private:
  struct Part;
  struct Make;
  // A process that is known.
  struct Process {
    std::uint32_t part = 0;
    std::uint32_t line_of = 0;  // it is the line that runs now of this part
    std::uint64_t start = 0;
    std::chrono::nanoseconds verified{};
  };

  Process& process(pid_t id, pid_t parent);
  pid_t process_of(pid_t thread);
  void starts(pid_t id, pid_t parent, const SystemCall& call);
  void begin_line(pid_t id, Make& make, pid_t maker, const std::string& value,
                  const SystemCall& call);
  Part& begin_part(Make& make, pid_t maker, const std::string& value, pid_t id);
  void end_line(Part& part, int exit_code);
  void end_line_unseen(Part& part);
  void end_part(Part& part);
  void begin_unstarted(Make& make, pid_t maker);
  void end_make(Make& make, pid_t maker, bool succeeded);
  void exits(pid_t id, const SystemCall& call, bool whole);
  void read_notes(Make& make);

  std::string workspace_;
  DeferredHasher& hasher_;
  std::shared_ptr<core::RecipeWatcher> watcher_;
  pid_t launcher_;
  std::string mechanism_;
  std::shared_ptr<std::uint64_t> changes_;
  Recorder& main_;
  os::File targets_;
  bool announcements_ = false;
  pid_t ending_ = 0;
  bool views_may_change_ = false;
  std::unordered_map<pid_t, Process> processes_;
  std::unordered_map<pid_t, std::unique_ptr<Make>> makes_;
  std::vector<std::unique_ptr<Part>> parts_;  // part N is the one before N
  std::vector<std::uint32_t> open_;           // parts that have not ended
  std::chrono::nanoseconds looked_{};
};

}  // namespace provrun::trace
