#include "provrun/trace/notify_listener.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace provrun::trace {

namespace {

// A file of its own for each who asks: programs read from where the last one stopped otherwise.
bool give_file(int listener, std::uint64_t id, const os::File& file, int flags,
               std::uint32_t at = 0) {
  std::array<char, 40> path{};
  char* const end = std::copy_n("/proc/self/fd/", 14, path.data());
  *std::to_chars(end, path.data() + path.size() - 1, file.fd()).ptr = '\0';
  const os::File fresh(::open(path.data(), flags | O_CLOEXEC));
  if (at > 0) ::lseek(fresh.fd(), at, SEEK_SET);
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

void NotifyListener::serve(Recorders* recorders, int launcher, Announcements* announcements) {
  seccomp_notif notice{};
  if (::ioctl(fd(), SECCOMP_IOCTL_NOTIF_RECV, &notice) != 0) return;  // it was killed meanwhile
  const auto thread = static_cast<pid_t>(notice.pid);
  if (recorders != nullptr && thread != launcher) {
    // What was done before comes first: this call may change it.
    if (announcements != nullptr) announcements->drain(recorders);
    SystemCall call;
    call.thread = thread;
    call.abi = notice.data.arch == AUDIT_ARCH_X86_64 ? Abi::x86_64 : Abi::i386;
    call.number = notice.data.nr;
    std::copy(std::begin(notice.data.args), std::end(notice.data.args), call.arguments.begin());
    const auto answer = recorders->handle(call);
    using Answer = Recorder::Answer;
    if (announcements != nullptr) {
      if (recorders->views_may_change()) announcements->turn_off();
      if (const int ending = recorders->ending_process(); ending != 0)
        announcements->process_ends(ending, recorders->part_of(ending));
      if (answer == Answer::library &&
          give_file(fd(), notice.id, announcements->library(), O_RDONLY))
        return;
      if (answer == Answer::ring &&
          give_file(fd(), notice.id, announcements->ring(), O_RDWR, recorders->part_of(thread)))
        return;
    }
    if (answer == Answer::targets)
      if (const auto* file = recorders->targets_for(thread);
          file != nullptr && give_file(fd(), notice.id, *file, O_RDONLY))
        return;
    if (answer == Answer::notes)
      if (const auto* file = recorders->notes_of(thread);
          file != nullptr && give_file(fd(), notice.id, *file, O_WRONLY | O_APPEND))
        return;
  }
  seccomp_notif_resp answer{};
  answer.id = notice.id;
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  while (::ioctl(fd(), SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0 && errno == EINTR) {
  }
}

}  // namespace provrun::trace
