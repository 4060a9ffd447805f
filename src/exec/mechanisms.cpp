#include "provrun/exec/mechanisms.hpp"

#include <cerrno>
#include <cstring>

#include "launcher_process.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/trace/announcements.hpp"
#include "provrun/trace/filter.hpp"
#include "provrun/trace/notify_listener.hpp"

namespace provrun::exec {

std::string reason_of_refusal(int error) {
  switch (error) {
    case EBUSY:
      return "another program observes already (a listener of seccomp is there)";
    case ENOSYS:
    case EINVAL:
      return "the kernel cannot notify of system calls (seccomp, Linux 5.5 or later)";
    default:
      return base::format("the kernel does not let a program watch system calls (seccomp: {})",
                          std::strerror(error));
  }
}

std::vector<MechanismFact> mechanisms() {
  MechanismFact announced{"preload+notify", false, {}};
  MechanismFact notify{"notify", false, {}};
  try {
    LauncherProcess launcher(os::ProcessGroup::own);
    auto result = launcher.install_filter(trace::step_filter(trace::FilterAction::notify), true);
    notify.works = result.error == 0;
    if (notify.works) {
      const trace::Announcements announcements;
      announced.works =
          trace::NotifyListener(std::move(result.listener)).can_give_files(announcements.ring());
      announced.detail = announced.works
                             ? "the same, and programs with a libc need not wait for it"
                             : "the kernel cannot give files to programs (Linux 5.14 or later)";
    } else {
      announced.detail = reason_of_refusal(result.error);
    }
    notify.detail =
        notify.works ? "every use of a file by name is seen" : reason_of_refusal(result.error);
  } catch (const base::Error& error) {
    notify.detail = error.message();
    announced.detail = error.message();
  }
  return {announced, notify};
}

}  // namespace provrun::exec
