#pragma once

#include "provrun/os/file.hpp"
#include "provrun/trace/announcements.hpp"
#include "provrun/trace/recorders.hpp"

namespace provrun::trace {

/// The observing end of a filter that was installed with FilterAction::notify.
class NotifyListener {
 public:
  NotifyListener() = default;
  explicit NotifyListener(os::File file) : file_(std::move(file)) {}

  /// Readable when a call waits.
  int fd() const { return file_.fd(); }
  explicit operator bool() const { return static_cast<bool>(file_); }
  /// Takes one waiting call, tells the recorders (nullptr: nobody) and lets it go on. The
  /// launcher's own calls are nobody's. announcements: nullptr where there are none.
  void serve(Recorders* recorders, int launcher, Announcements* announcements);
  /// The kernel can answer a call with an open file (Linux 5.14).
  bool can_give_files(const os::File& any) const;

 private:
  os::File file_;
};

}  // namespace provrun::trace
