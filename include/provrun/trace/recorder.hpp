#pragma once

#include <memory>
#include <string>
#include <vector>

#include "provrun/core/access.hpp"
#include "provrun/core/record.hpp"
#include "provrun/trace/announcements.hpp"
#include "provrun/trace/deferred_hasher.hpp"
#include "provrun/trace/system_call.hpp"

namespace provrun::trace {

/// Turns the system calls of one attempt at a step into what it did with files. Results of calls
/// are not seen: what a call will do is judged by what stands at its paths when it is made. One
/// thread at a time; several recorders may share a hasher. Those that watch parts of one job share
/// `changes`, which counts what may lead paths elsewhere: what one sees happen, all take notice of.
class Recorder {
 public:
  /// workspace: absolute and without links; paths below it are recorded relative to it.
  Recorder(std::string workspace, DeferredHasher& hasher,
           std::shared_ptr<std::uint64_t> changes = std::make_shared<std::uint64_t>(0));
  ~Recorder();

  /// How a call that waits is answered.
  enum class Answer {
    go_on,    ///< the kernel makes it
    library,  ///< it gets the library of Announcements as an open file
    ring,     ///< it gets their memory
    targets,  ///< it gets the makefile that tells recipes apart
    notes     ///< it gets the file that this one writes to
  };
  /// The call is about to be made and waits for this to return. Never throws.
  Answer handle(const SystemCall& call);
  /// Programs are given the library of Announcements: opens of it are answered, and programs that
  /// cannot have it are started without it.
  void expect_announcements();
  /// The makefile that tells recipes apart is given to who asks for it.
  void expect_makes();
  /// A call was made and told of. Never throws.
  void announced(const Announced& call);
  /// A process may see other files at the same paths from now on.
  bool views_may_change() const;

  // What provrun itself does for the step, told before it is done. Paths are absolute.
  void will_read(const std::string& path);
  enum class Old { replaced, kept };
  void will_write(const std::string& path, Old content);
  void will_look(const std::string& path);

  /// Some uses may have been missed: at best `partial`. The first reason stays.
  void lower_grade(const std::string& reason);

  /// The files that were written so far are now as they are to be: their contents are learnt, of
  /// those that have changed since it was said the last time.
  void files_are_made();
  /// The files that stood there when that was said last. Waits until their contents are known.
  std::vector<core::Artifact> made();
  /// When no process of the attempt is left. Waits until all contents are known.
  core::Observation finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::trace
