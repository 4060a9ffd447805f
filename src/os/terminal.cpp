#include "provrun/os/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "provrun/base/error.hpp"

namespace provrun::os {

namespace {

void write_stream(int fd, std::string_view text, const char* name) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n >= 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EPIPE) {
      return;
    } else if (errno != EINTR && errno != EAGAIN) {
      throw base::system_error(errno, name);
    }
  }
}

}  // namespace

void reserve_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is fd. What would be read is empty, and what is written fails, as it
    // would have without the file.
    if (::open("/dev/null", O_RDONLY) != fd) return;
  }
}

bool is_terminal(int fd) {
  return ::isatty(fd) == 1;
}

int terminal_width(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void write_standard_output(std::string_view text) {
  write_stream(STDOUT_FILENO, text, "cannot write to standard output");
}

void write_standard_error(std::string_view text) {
  // Nowhere is left to report a failure of the stream that failures are reported on.
  try {
    write_stream(STDERR_FILENO, text, "cannot write to standard error");
  } catch (const base::Error&) {
    return;
  }
}

}  // namespace provrun::os
