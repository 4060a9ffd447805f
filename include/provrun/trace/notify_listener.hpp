#pragma once

#include "provrun/os/file.hpp"
#include "provrun/trace/recorder.hpp"

namespace provrun::trace {

/// The observing end of a filter that was installed with FilterAction::notify.
class NotifyListener {
 public:
  NotifyListener() = default;
  explicit NotifyListener(os::File file) : file_(std::move(file)) {}

  /// Readable when a call waits.
  int fd() const { return file_.fd(); }
  explicit operator bool() const { return static_cast<bool>(file_); }
  /// Takes one waiting call, tells the recorder (nullptr: nobody) and lets it go on. The launcher's
  /// own calls are nobody's.
  void serve(Recorder* recorder, int launcher);

 private:
  os::File file_;
};

}  // namespace provrun::trace
