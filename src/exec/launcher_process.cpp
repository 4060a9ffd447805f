#include "launcher_process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "launcher/image.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"

namespace provrun::exec {

namespace {

constexpr unsigned kExecutable = 0x10;  // MFD_EXEC, Linux 6.3

// In memory: nothing to install, and no file system that could forbid programs.
os::File launcher_file() {
  int fd = ::memfd_create("provrun-steps", MFD_CLOEXEC | kExecutable);
  if (fd < 0 && errno == EINVAL) fd = ::memfd_create("provrun-steps", MFD_CLOEXEC);
  if (fd < 0) throw base::system_error(errno, "cannot make the process that starts steps");
  os::File file(fd);
  os::write_all(file, launcher::image(), "the process that starts steps");
  return file;
}

template <typename Payload>
std::string bytes_of(const Payload& payload) {
  return {reinterpret_cast<const char*>(&payload), sizeof payload};
}

bool receive_all(int socket, void* into, std::size_t size, int* descriptor) {
  auto* at = static_cast<char*>(into);
  while (size > 0) {
    iovec part{at, size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    const auto* header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_type == SCM_RIGHTS && descriptor != nullptr)
      std::memcpy(descriptor, CMSG_DATA(header), sizeof(int));
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

template <typename Payload>
std::optional<Payload> receive_payload(int socket, std::uint32_t size, int* descriptor = nullptr) {
  Payload payload;
  if (size != sizeof payload || !receive_all(socket, &payload, sizeof payload, descriptor))
    return std::nullopt;
  return payload;
}

}  // namespace

LauncherProcess::LauncherProcess(os::ProcessGroup group) : group_(group) {
  static const os::File file = launcher_file();
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw base::system_error(errno, "cannot talk to the process that starts steps");
  socket_ = os::File(ends[0]);
  const os::File theirs(ends[1]);
  const os::File null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const os::EnvironmentList nothing;
  pid_ = os::spawn({.program = base::format("/proc/self/fd/{}", file.fd()),
                    .arguments = {"provrun-steps"},
                    .environment = &nothing,
                    .working_directory = {},
                    .stdin_fd = theirs.fd(),
                    .stdout_fd = null.fd(),
                    .stderr_fd = null.fd(),
                    .group = group});
}

LauncherProcess::~LauncherProcess() {
  socket_.close();
  // It ends when nothing of a step is left; what outlives a foreground command is not waited for.
  if (pid_ > 0 && !lingers_) {
    try {
      os::reap(pid_);
    } catch (const base::Error&) {
      return;  // reaped by somebody else
    }
  }
}

void LauncherProcess::send(launcher::Kind kind, const std::string& payload,
                           const std::vector<int>& descriptors) {
  const launcher::Head head{kind, static_cast<std::uint32_t>(payload.size())};
  std::string bytes = bytes_of(head) + payload;
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    iovec part{bytes.data() + sent, bytes.size() - sent};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
    if (sent == 0 && !descriptors.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
      auto* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
      std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
    }
    const auto n = ::sendmsg(fd(), &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw base::system_error(errno, "the process that starts steps has ended");
    sent += static_cast<std::size_t>(n);
  }
}

LauncherProcess::FilterResult LauncherProcess::install_filter(
    const std::vector<std::uint64_t>& program, bool listens, int library) {
  const launcher::Filter request{listens ? 1U : 0U};
  send(launcher::Kind::filter,
       bytes_of(request) + std::string(reinterpret_cast<const char*>(program.data()),
                                       program.size() * sizeof program[0]),
       library < 0 ? std::vector<int>{} : std::vector<int>{library});
  launcher::Head head;
  int listener = -1;
  FilterResult result;
  const bool got = receive_all(fd(), &head, sizeof head, &listener);
  if (listener >= 0) result.listener = os::File(listener);
  const auto answer = got && head.kind == launcher::Kind::filtered
                          ? receive_payload<launcher::Filtered>(fd(), head.size)
                          : std::nullopt;
  if (!answer)
    throw base::Error(base::ErrorCode::failed, "the process that starts steps has ended");
  result.error = answer->error;
  return result;
}

void LauncherProcess::start(const Start& request) {
  launcher::Start start;
  start.own_group = request.own_group ? 1 : 0;
  start.traced = request.traced ? 1 : 0;
  start.argument_count = static_cast<std::uint32_t>(request.arguments.size());
  start.variable_count = static_cast<std::uint32_t>(request.environment->size());
  auto payload = bytes_of(start);
  const auto add = [&](const std::string& text) {
    payload.append(text.c_str());
    payload.push_back('\0');
  };
  add(request.program);
  for (const auto& argument : request.arguments) add(argument);
  for (const auto& [name, value] : *request.environment) {
    payload.append(name.c_str());
    payload.push_back('=');
    add(value);
  }
  send(launcher::Kind::start, payload,
       {request.stdin_fd, request.stdout_fd, request.stderr_fd, request.directory_fd});
}

void LauncherProcess::signal(int number) {
  try {
    send(launcher::Kind::signal, bytes_of(launcher::Signal{number}), {});
  } catch (const base::Error&) {
    return;  // receive() tells that it is gone
  }
}

LauncherProcess::Message LauncherProcess::receive() {
  launcher::Head head;
  if (!receive_all(fd(), &head, sizeof head, nullptr)) return Gone{};
  if (head.kind == launcher::Kind::started)
    if (const auto started = receive_payload<launcher::Started>(fd(), head.size)) return *started;
  if (head.kind == launcher::Kind::ended)
    if (const auto ended = receive_payload<launcher::Ended>(fd(), head.size)) {
      lingers_ = lingers_ || (group_ == os::ProcessGroup::inherit && ended->left != 0);
      return *ended;
    }
  return Gone{};
}

}  // namespace provrun::exec
