#include "provrun/trace/notify_listener.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace provrun::trace {

namespace {

// A file of its own for each who asks: programs read from where the last one stopped otherwise.
bool give_file(int listener, std::uint64_t id, const os::File& file, int flags) {
  std::array<char, 40> path{};
  char* const end = std::copy_n("/proc/self/fd/", 14, path.data());
  *std::to_chars(end, path.data() + path.size() - 1, file.fd()).ptr = '\0';
  const os::File fresh(::open(path.data(), flags | O_CLOEXEC));
  seccomp_notif_addfd answer{};
  answer.id = id;
  answer.flags = SECCOMP_ADDFD_FLAG_SEND;
  answer.srcfd = static_cast<std::uint32_t>(fresh.fd());
  answer.newfd_flags = O_CLOEXEC;
  int result = -1;
  do {
    result = ::ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &answer);
  } while (result < 0 && errno == EINTR);
  return result >= 0;
}

}  // namespace

bool NotifyListener::can_give_files(const os::File& any) const {
  seccomp_notif_addfd answer{};
  answer.flags = SECCOMP_ADDFD_FLAG_SEND;
  answer.srcfd = static_cast<std::uint32_t>(any.fd());
  // Nobody waits under this number.
  return ::ioctl(fd(), SECCOMP_IOCTL_NOTIF_ADDFD, &answer) < 0 && errno == ENOENT;
}

void NotifyListener::serve(Recorder* recorder, int launcher, Announcements* announcements) {
  seccomp_notif notice{};
  if (::ioctl(fd(), SECCOMP_IOCTL_NOTIF_RECV, &notice) != 0) return;  // it was killed meanwhile
  const auto thread = static_cast<pid_t>(notice.pid);
  if (recorder != nullptr && thread != launcher) {
    // What was done before comes first: this call may change it.
    if (announcements != nullptr) announcements->drain(recorder);
    SystemCall call;
    call.thread = thread;
    call.abi = notice.data.arch == AUDIT_ARCH_X86_64 ? Abi::x86_64 : Abi::i386;
    call.number = notice.data.nr;
    std::copy(std::begin(notice.data.args), std::end(notice.data.args), call.arguments.begin());
    const auto answer = recorder->handle(call);
    if (announcements != nullptr) {
      if (recorder->views_may_change()) announcements->turn_off();
      if (answer == Recorder::Answer::library &&
          give_file(fd(), notice.id, announcements->library(), O_RDONLY))
        return;
      if (answer == Recorder::Answer::ring &&
          give_file(fd(), notice.id, announcements->ring(), O_RDWR))
        return;
    }
  }
  seccomp_notif_resp answer{};
  answer.id = notice.id;
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  while (::ioctl(fd(), SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0 && errno == EINTR) {
  }
}

}  // namespace provrun::trace
