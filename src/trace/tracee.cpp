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

std::optional<Times> times_of(pid_t thread) {
  const int fd = ::open(ProcPath(thread, "stat").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  char buffer[1024];
  const auto n = ::read(fd, buffer, sizeof buffer);
  ::close(fd);
  if (n <= 0) return std::nullopt;
  std::string_view text(buffer, static_cast<std::size_t>(n));
  const auto name_end = text.rfind(')');  // a name may have anything in it
  if (name_end == std::string_view::npos || name_end + 3 > text.size()) return std::nullopt;
  text.remove_prefix(name_end + 2);
  // proc(5): the state is field 3, user and system time 14 to 17, the start 22.
  std::array<std::string_view, 20> fields;
  for (auto& field : fields) {
    const auto end = std::min(text.find(' '), text.size());
    field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto number = [&](std::size_t field) {
    std::uint64_t value = 0;
    const auto digits = fields.at(field - 3);
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  static const auto ticks = static_cast<double>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
  Times times;
  if (!fields[0].empty()) times.state = fields[0].front();
  times.user_s = static_cast<double>(number(14) + number(16)) / ticks;
  times.system_s = static_cast<double>(number(15) + number(17)) / ticks;
  times.start = number(22);
  return times;
}

namespace {

constexpr std::size_t kPointersAtOnce = 128;
constexpr std::size_t kMostPointers = 16384;

// A block of a list of pointers; shorter where what lies behind is not there. Zero ends the list.
std::vector<std::uint64_t> pointers_at(pid_t thread, std::uint64_t address) {
  for (std::size_t want = kPointersAtOnce; want > 0; want /= 2) {
    std::vector<std::uint64_t> block(want);
    if (read_memory(thread, address, block.data(), want * 8)) return block;
  }
  return {};
}

}  // namespace

std::optional<std::string> variable_in(pid_t thread, std::uint64_t environment,
                                       std::string_view name) {
  constexpr std::size_t kBegin = 32;
  if (name.size() + 1 > kBegin) return std::nullopt;
  for (std::size_t seen = 0; seen < kMostPointers;) {
    const auto block = pointers_at(thread, environment + seen * 8);
    if (block.empty()) return std::nullopt;
    const auto count = static_cast<std::size_t>(
        std::find(block.begin(), block.end(), std::uint64_t{0}) - block.begin());
    // Many at once: most begin with something else.
    std::vector<std::array<char, kBegin>> begins(count);
    for (std::size_t at = 0; at < count;) {
      std::array<iovec, kPointersAtOnce> local{};
      std::array<iovec, kPointersAtOnce> remote{};
      const auto n = count - at;
      for (std::size_t i = 0; i < n; ++i) {
        local.at(i) = {begins[at + i].data(), kBegin};
        remote.at(i) = {reinterpret_cast<void*>(block[at + i]), kBegin};
      }
      const auto got = ::process_vm_readv(thread, local.data(), n, remote.data(), n, 0);
      at += got > 0 ? static_cast<std::size_t>(got) / kBegin : 0;
      if (at >= count) break;
      // One that ends where the memory does.
      begins[at].fill('\0');
      read_memory(thread, block[at], begins[at].data(), name.size() + 1);
      ++at;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view text(begins[i].data(), kBegin);
      if (text.starts_with(name) && text[name.size()] == '=')
        return read_string(thread, block[i] + name.size() + 1, 131072);
    }
    if (count < block.size()) return std::nullopt;
    seen += count;
  }
  return std::nullopt;
}

std::vector<std::string> strings_in(pid_t thread, std::uint64_t list, std::size_t bytes) {
  std::vector<std::string> strings;
  for (std::size_t seen = 0; seen < kMostPointers;) {
    const auto block = pointers_at(thread, list + seen * 8);
    if (block.empty()) return strings;
    for (const auto address : block) {
      if (address == 0 || bytes == 0) return strings;
      auto text = read_string(thread, address, 131072);
      if (!text) return strings;
      if (text->size() > bytes) text->resize(bytes);
      bytes -= text->size();
      strings.push_back(std::move(*text));
    }
    seen += block.size();
  }
  return strings;
}

}  // namespace provrun::trace
