// The process that starts steps: small and static, so that a fork is cheap and a step's memory can
// be told from ours; child subreaper, so that nothing of a step gets lost; under the filter that
// its steps inherit. It calls nothing that the filter watches, but execve in a child.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

#include "protocol.hpp"

using namespace provrun::exec::launcher;

namespace {

int socket_fd = -1;    // to provrun
int children_fd = -1;  // /proc/self/task/ID/children, opened before the filter is there
int signal_fd = -1;
int listener = -1;
int library = -1;  // what programs under the filter look for as LD_PRELOAD
constexpr int kFirstFree = 3;
constexpr uint32_t kNativeCalls = 0xC000003E;  // AUDIT_ARCH_X86_64

struct Child {
  pid_t pid = 0;  // 0: none
  bool own_group = false;
  bool ended = false;
  Ended end;
} child;

void send_bytes(Kind kind, const void* payload, size_t size, int descriptor) {
  Head head{kind, static_cast<uint32_t>(size)};
  iovec parts[2] = {{&head, sizeof head}, {const_cast<void*>(payload), size}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  while (sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

template <typename Payload>
void send_message(Kind kind, const Payload& payload, int descriptor = -1) {
  send_bytes(kind, &payload, sizeof payload, descriptor);
}

// The whole of size bytes; descriptors that came with them. False at the end of the stream.
bool receive(void* into, size_t size, int* descriptors, int* count) {
  char* at = static_cast<char*>(into);
  while (size > 0) {
    iovec part{at, size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_type != SCM_RIGHTS || descriptors == nullptr) continue;
      const size_t got = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < got && *count < 4; ++i)
        memcpy(&descriptors[(*count)++], CMSG_DATA(header) + i * sizeof(int), sizeof(int));
    }
    at += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

void install_filter(const char* payload, size_t size, const int* descriptors, int count) {
  if (count > 0) library = fcntl(descriptors[0], F_DUPFD_CLOEXEC, kFirstFree);
  Filter request;
  memcpy(&request, payload, sizeof request);
  sock_fprog program{};
  program.len = static_cast<unsigned short>((size - sizeof request) / sizeof(sock_filter));
  program.filter =
      const_cast<sock_filter*>(reinterpret_cast<const sock_filter*>(payload + sizeof request));
  // Root keeps set-uid programs working; everybody else must give them up.
  const unsigned long wait_killable = 1UL
                                      << 5;  // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19
  const unsigned long base = request.listens != 0 ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  long result = -1;
  for (int attempt = 0; attempt < 4 && result < 0; ++attempt) {
    if (attempt == 2) {
      if (errno != EACCES) break;
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    }
    const bool killable = attempt % 2 == 0 && request.listens != 0;
    result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, base | (killable ? wait_killable : 0),
                     &program);
    if (result < 0 && errno == EBUSY) break;
  }
  Filtered answer;
  answer.error = result < 0 ? errno : 0;
  if (result >= 0 && request.listens != 0) {
    listener = static_cast<int>(result);
    // Since Linux 6.6: the answer runs on the processor of the question.
    ioctl(listener, _IOW('!', 4, uint64_t), 1UL);
    answer.listens = 1;
  }
  send_message(Kind::filtered, answer, listener);
}

void set_up_child(const Start& request, const int* descriptors, pid_t parent) {
  if (request.own_group != 0) setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (const int number :
       {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGCHLD, SIGUSR1, SIGUSR2, SIGTSTP})
    sigaction(number, &action, nullptr);
  for (int i = 0; i < 3; ++i) dup2(descriptors[i], i);
  if (fchdir(descriptors[3]) != 0) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void start(char* payload, size_t size, const int* descriptors, int count) {
  Start request;
  memcpy(&request, payload, sizeof request);
  Started answer;
  const size_t strings = 1 + static_cast<size_t>(request.argument_count) + request.variable_count;
  char** pointers = static_cast<char**>(malloc((strings + 2) * sizeof(char*)));
  char* at = payload + sizeof request;
  const char* program = at;
  size_t used = 0;
  for (size_t i = 0; i < strings; ++i) {
    if (i > 0) pointers[used++] = at;
    if (i == request.argument_count) pointers[used++] = nullptr;
    at += strlen(at) + 1;
  }
  pointers[used] = nullptr;
  (void)size;
  if (count < 4 || pointers == nullptr) {
    answer.error = EBADF;
    send_message(Kind::started, answer);
    free(pointers);
    return;
  }
  const pid_t parent = getpid();
  child = {};
  child.own_group = request.own_group != 0;
  volatile int child_error = 0;
  // A traced child stops itself first, and so must not borrow our memory and our time.
  const pid_t pid = request.traced != 0 ? fork() : vfork();
  if (pid == 0) {
    set_up_child(request, descriptors, parent);
    if (request.traced != 0) raise(SIGSTOP);
    execve(program, pointers, pointers + request.argument_count + 1);
    child_error = errno;
    _exit(request.traced != 0 ? (errno == ENOENT ? 127 : 126) : 127);
  }
  if (pid < 0) {
    answer.error = errno;
  } else if (child_error != 0) {
    answer.error = child_error;
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  } else {
    answer.pid = pid;
    child.pid = pid;
  }
  free(pointers);
  send_message(Kind::started, answer);
}

// Kills our direct children; theirs come to us and are killed at the next turn.
void kill_children() {
  char buffer[4096];
  off_t offset = 0;
  ssize_t n;
  pid_t pid = 0;
  while ((n = pread(children_fd, buffer, sizeof buffer, offset)) > 0) {
    for (ssize_t i = 0; i < n; ++i) {
      if (buffer[i] >= '0' && buffer[i] <= '9') {
        pid = pid * 10 + (buffer[i] - '0');
      } else if (pid != 0) {
        kill(pid, SIGKILL);
        pid = 0;
      }
    }
    offset += n;
  }
  if (pid != 0) kill(pid, SIGKILL);
}

uint64_t microseconds(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1000000 + static_cast<uint64_t>(time.tv_usec);
}

// Takes in what has ended. False when no child is left.
bool reap() {
  while (true) {
    int status = 0;
    rusage usage{};
    const pid_t pid = wait4(-1, &status, WNOHANG | __WALL, &usage);
    if (pid == 0) return true;
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return false;
    if (pid == child.pid) {
      child.ended = true;
      child.end.status = status;
      child.end.max_rss_kib = static_cast<uint64_t>(usage.ru_maxrss);
    }
    child.end.user_us += microseconds(usage.ru_utime);
    child.end.system_us += microseconds(usage.ru_stime);
  }
}

void children_changed() {
  signalfd_siginfo info;
  while (read(signal_fd, &info, sizeof info) > 0) {
  }
  const bool more = reap();
  if (child.pid == 0 || !child.ended) return;
  if (more) {
    child.end.left = 1;
    if (child.own_group) {
      // What the process left behind must not write on. We are told of each that is gone.
      kill(-child.pid, SIGKILL);
      kill_children();
      return;
    }
  }
  send_message(Kind::ended, child.end);
  child = {};
}

// A program that a daemon starts looks for the library, as its LD_PRELOAD says: without it the
// loader would complain. It finds nobody there to announce to.
bool gives_library(const seccomp_notif& call) {
  if (library < 0 || call.data.arch != kNativeCalls) return false;
  if (call.data.nr != SYS_openat && call.data.nr != SYS_open) return false;
  char path[sizeof kLibraryPath] = {};
  iovec local{path, sizeof path};
  iovec remote{reinterpret_cast<void*>(call.data.args[call.data.nr == SYS_openat ? 1 : 0]),
               sizeof path};
  if (process_vm_readv(static_cast<pid_t>(call.pid), &local, 1, &remote, 1, 0) !=
          static_cast<ssize_t>(sizeof path) ||
      memcmp(path, kLibraryPath, sizeof path) != 0)
    return false;
  lseek(library, 0, SEEK_SET);  // it is one open file for all
  seccomp_notif_addfd answer{};
  answer.id = call.id;
  answer.flags = SECCOMP_ADDFD_FLAG_SEND;
  answer.srcfd = static_cast<uint32_t>(library);
  answer.newfd_flags = O_CLOEXEC;
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &answer) >= 0;
}

[[noreturn]] void end_at_once() {
  kill(getpid(), SIGKILL);  // under a filter that watches exits, ours would wait for an answer
  _exit(0);
}

// provrun is gone. A command whose end it has seen may have left a daemon, which goes on,
// unobserved.
[[noreturn]] void leave() {
  const bool killing = child.pid != 0;
  while (reap()) {
    if (killing) {
      if (child.own_group) kill(-child.pid, SIGKILL);
      kill_children();
    }
    pollfd files[2] = {{signal_fd, POLLIN, 0}, {killing ? -1 : listener, POLLIN, 0}};
    if (poll(files, 2, killing ? 10 : -1) < 0 && errno != EINTR) end_at_once();
    signalfd_siginfo info;
    while (read(signal_fd, &info, sizeof info) > 0) {
    }
    if ((files[1].revents & POLLIN) == 0) continue;
    seccomp_notif call{};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
    if (gives_library(call)) continue;
    seccomp_notif_resp answer{};
    answer.id = call.id;
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
  end_at_once();
}

void serve_one() {
  Head head;
  int descriptors[4];
  int count = 0;
  if (!receive(&head, sizeof head, descriptors, &count)) leave();
  char* payload = static_cast<char*>(malloc(head.size + 1));
  if (payload == nullptr || !receive(payload, head.size, descriptors, &count)) leave();
  payload[head.size] = '\0';
  switch (head.kind) {
    case Kind::filter:
      install_filter(payload, head.size, descriptors, count);
      break;
    case Kind::start:
      start(payload, head.size, descriptors, count);
      break;
    case Kind::signal: {
      Signal request;
      memcpy(&request, payload, sizeof request);
      if (child.pid > 0 && !(child.ended && !child.own_group))
        kill(child.own_group ? -child.pid : child.pid, request.number);
      break;
    }
    default:
      break;
  }
  for (int i = 0; i < count; ++i) close(descriptors[i]);
  free(payload);
}

}  // namespace

int main() {
  prctl(PR_SET_NAME, "provrun-steps");
  prctl(PR_SET_PDEATHSIG, 0);  // the end of the socket tells, and there is something to clear up
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  // It comes as standard input; the standard streams are to be nobody's.
  // Descriptors that somebody left open are for the steps: a make's jobserver is mostly 3 and 4.
  socket_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, kFirstFree);
  if (socket_fd < 0 || dup2(STDOUT_FILENO, STDIN_FILENO) < 0) return 1;
  // Signals of the terminal are for the steps.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE, SIGUSR1, SIGUSR2})
    signal(number, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_SETMASK, &set, nullptr);
  signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  children_fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  while (true) {
    pollfd files[2] = {{socket_fd, POLLIN, 0}, {signal_fd, POLLIN, 0}};
    if (poll(files, 2, -1) < 0) continue;
    if (files[1].revents != 0) children_changed();
    if (files[0].revents != 0) serve_one();
  }
}
