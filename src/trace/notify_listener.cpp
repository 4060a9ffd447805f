#include "provrun/trace/notify_listener.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>

namespace provrun::trace {

void NotifyListener::serve(Recorder* recorder, int launcher) {
  seccomp_notif notice{};
  if (::ioctl(fd(), SECCOMP_IOCTL_NOTIF_RECV, &notice) != 0) return;  // it was killed meanwhile
  const auto thread = static_cast<pid_t>(notice.pid);
  if (recorder != nullptr && thread != launcher) {
    SystemCall call;
    call.thread = thread;
    call.abi = notice.data.arch == AUDIT_ARCH_X86_64 ? Abi::x86_64 : Abi::i386;
    call.number = notice.data.nr;
    std::copy(std::begin(notice.data.args), std::end(notice.data.args), call.arguments.begin());
    recorder->handle(call);
  }
  seccomp_notif_resp answer{};
  answer.id = notice.id;
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  while (::ioctl(fd(), SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0 && errno == EINTR) {
  }
}

}  // namespace provrun::trace
