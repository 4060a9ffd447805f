#include "provrun/os/piped_program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"

namespace provrun::os {

PipedProgram::PipedProgram(const std::vector<std::string>& arguments) : name_(arguments.at(0)) {
  const auto program = find_program(name_);
  if (!program)
    throw base::Error(base::ErrorCode::not_found, "there is no program " + base::printable(name_))
        .hint("check the spelling, and PATH");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw base::system_error(errno, "cannot make a pipe");
  output_ = File(ends[0]);
  const File input(ends[1]);
  SpawnRequest request;
  request.program = *program;
  request.arguments = arguments;
  request.stdout_fd = input.fd();
  pid_ = spawn(request);
}

PipedProgram::~PipedProgram() {
  if (pid_ < 0) return;
  output_.close();
  signal_group(pid_, SIGTERM);
  try {
    reap(pid_);
  } catch (const base::Error&) {  // it is gone already
  }
}

std::size_t PipedProgram::read(std::span<std::uint8_t> buffer) {
  return read_some(output_, buffer, "the output of " + name_);
}

ProcessEnd PipedProgram::finish() {
  output_.close();
  const auto end = reap(pid_);
  pid_ = -1;
  return end;
}

std::size_t read_standard_input(std::span<std::uint8_t> buffer) {
  while (true) {
    const auto n = ::read(0, buffer.data(), buffer.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) throw base::system_error(errno, "cannot read standard input");
  }
}

std::string read_all_standard_input(std::uint64_t limit) {
  std::string text;
  std::vector<std::uint8_t> buffer(1 << 16);
  while (const auto n = read_standard_input(buffer)) {
    text.append(reinterpret_cast<const char*>(buffer.data()), n);
    if (text.size() > limit)
      throw base::Error(base::ErrorCode::invalid_input, "standard input is too long");
  }
  return text;
}

void lower_priority(int by) {
  errno = 0;
  if (::nice(by) == -1 && errno != 0) throw base::system_error(errno, "cannot set the priority");
}

}  // namespace provrun::os
