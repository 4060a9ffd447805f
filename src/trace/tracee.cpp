#include "tracee.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "provrun/os/file.hpp"

namespace provrun::trace {

namespace {

// "/proc/ID/what" without the cost of a formatter: this runs once for every relative path.
class ProcPath {
 public:
  ProcPath(pid_t thread, const char* what) {
    char* at = std::copy_n("/proc/", 6, text_.data());
    at = std::to_chars(at, text_.data() + text_.size() - 32, thread).ptr;
    *at++ = '/';
    std::strncpy(at, what, 24);
  }
  ProcPath(pid_t thread, int descriptor) {
    char* at = std::copy_n("/proc/", 6, text_.data());
    at = std::to_chars(at, text_.data() + text_.size() - 32, thread).ptr;
    at = std::copy_n("/fd/", 4, at);
    *std::to_chars(at, text_.data() + text_.size() - 1, descriptor).ptr = '\0';
  }
  const char* c_str() const { return text_.data(); }

 private:
  std::array<char, 96> text_{};
};

std::optional<std::string> read_link(const char* path) {
  char buffer[4097];
  const auto n = ::readlink(path, buffer, sizeof buffer);
  if (n < 0) return std::nullopt;
  return std::string(buffer, static_cast<std::size_t>(n));
}

}  // namespace

bool read_memory(pid_t thread, std::uint64_t address, void* into, std::size_t size) {
  const iovec local{into, size};
  const iovec remote{reinterpret_cast<void*>(address), size};
  return ::process_vm_readv(thread, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

bool write_memory(pid_t thread, std::uint64_t address, const void* from, std::size_t size) {
  const iovec local{const_cast<void*>(from), size};
  const iovec remote{reinterpret_cast<void*>(address), size};
  return ::process_vm_writev(thread, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

std::optional<std::string> read_string(pid_t thread, std::uint64_t address, std::size_t limit) {
  constexpr std::size_t kPage = 4096;
  std::string text;
  char buffer[kPage];
  std::size_t want = 256;  // most paths are shorter
  while (text.size() < limit) {
    // Never across a page that may not be there.
    const auto n = std::min({want, kPage - address % kPage, limit - text.size()});
    if (!read_memory(thread, address, buffer, n)) return std::nullopt;
    if (const auto* end = static_cast<const char*>(std::memchr(buffer, 0, n))) {
      text.append(buffer, static_cast<std::size_t>(end - buffer));
      return text;
    }
    text.append(buffer, n);
    address += n;
    want = kPage;
  }
  return std::nullopt;  // ENAMETOOLONG for the kernel, too
}

std::optional<std::string> working_directory_of(pid_t thread) {
  return read_link(ProcPath(thread, "cwd").c_str());
}

std::optional<std::string> descriptor_path(pid_t thread, int descriptor) {
  return read_link(ProcPath(thread, descriptor).c_str());
}

View view_of(pid_t thread) {
  static const auto own = read_link("/proc/self/ns/mnt");
  View view;
  const auto space = read_link(ProcPath(thread, "ns/mnt").c_str());
  const auto root = read_link(ProcPath(thread, "root").c_str());
  if (space && own && *space != *own)
    view.prefix = ProcPath(thread, "root").c_str();
  else if (root && *root != "/")
    view.root = *root;
  return view;
}

std::optional<Kin> kin_of(pid_t thread) {
  const int fd = ::open(ProcPath(thread, "status").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  char buffer[1024];
  const auto n = ::read(fd, buffer, sizeof buffer);
  ::close(fd);
  if (n <= 0) return std::nullopt;
  const std::string_view text(buffer, static_cast<std::size_t>(n));
  const auto number = [&](std::string_view name) -> pid_t {
    const auto at = text.find(name);
    if (at == std::string_view::npos) return 0;
    pid_t value = 0;
    std::from_chars(text.data() + at + name.size(), text.data() + text.size(), value);
    return value;
  };
  return Kin{number("\nTgid:\t"), number("\nPPid:\t")};
}

}  // namespace provrun::trace
