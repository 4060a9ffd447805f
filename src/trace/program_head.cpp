#include "program_head.hpp"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/os/file.hpp"

namespace provrun::trace {

namespace {

// The program headers follow the file header, and the loader's name them, in all that linkers make.
constexpr std::size_t kHead = 4096;

template <typename Header, typename Segment>
std::string loader_of(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof header) return {};
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.e_phentsize != sizeof(Segment)) return {};
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const auto at = header.e_phoff + i * sizeof(Segment);
    Segment segment;
    if (at > bytes.size() || bytes.size() - at < sizeof segment) return {};
    std::memcpy(&segment, bytes.data() + at, sizeof segment);
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_offset > bytes.size() || bytes.size() - segment.p_offset < segment.p_filesz)
      return {};
    const auto text = bytes.substr(segment.p_offset, segment.p_filesz);
    return std::string(text.substr(0, text.find('\0')));
  }
  return {};
}

// Its list of libraries names one of a sanitizer. Nothing in the file is believed but read with
// bounds; one that cannot be understood needs none.
bool needs_sanitizer(const os::File& file, std::string_view bytes) {
  constexpr std::size_t kMost = 4096;
  Elf64_Ehdr header;
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return false;
  std::vector<Elf64_Phdr> segments;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const auto at = header.e_phoff + i * sizeof(Elf64_Phdr);
    if (at > bytes.size() || bytes.size() - at < sizeof(Elf64_Phdr)) break;
    std::memcpy(&segments.emplace_back(), bytes.data() + at, sizeof(Elf64_Phdr));
  }
  const auto dynamic = std::find_if(segments.begin(), segments.end(),
                                    [](const auto& one) { return one.p_type == PT_DYNAMIC; });
  if (dynamic == segments.end()) return false;
  std::vector<Elf64_Dyn> entries(
      std::min<std::size_t>(dynamic->p_filesz / sizeof(Elf64_Dyn), kMost));
  const auto got = ::pread(file.fd(), entries.data(), entries.size() * sizeof(Elf64_Dyn),
                           static_cast<off_t>(dynamic->p_offset));
  entries.resize(got > 0 ? static_cast<std::size_t>(got) / sizeof(Elf64_Dyn) : 0);
  std::optional<std::uint64_t> names;
  for (const auto& entry : entries) {
    if (entry.d_tag != DT_STRTAB) continue;
    for (const auto& segment : segments)
      if (segment.p_type == PT_LOAD && entry.d_un.d_ptr >= segment.p_vaddr &&
          entry.d_un.d_ptr - segment.p_vaddr < segment.p_filesz)
        names = entry.d_un.d_ptr - segment.p_vaddr + segment.p_offset;
  }
  if (!names) return false;
  for (const auto& entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag != DT_NEEDED) continue;
    std::array<char, 64> name{};
    const auto n = ::pread(file.fd(), name.data(), name.size() - 1,
                           static_cast<off_t>(*names + entry.d_un.d_val));
    if (n <= 0) continue;
    const std::string_view text(name.data());
    for (const std::string_view sanitizer :
         {"libasan", "libtsan", "liblsan", "libhwasan", "libclang_rt."})
      if (text.starts_with(sanitizer)) return true;
  }
  return false;
}

}  // namespace

ProgramHead parse_program_head(std::string_view bytes) {
  ProgramHead head;
  if (bytes.starts_with("#!")) {
    head.script = true;
    bytes.remove_prefix(2);
    bytes = bytes.substr(0, bytes.find('\n'));
    const auto begin = bytes.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return head;
    bytes.remove_prefix(begin);
    head.interpreter = bytes.substr(0, bytes.find_first_of(std::string_view(" \t\0", 3)));
  } else if (bytes.starts_with(std::string_view(ELFMAG, SELFMAG)) && bytes.size() > EI_CLASS) {
    head.takes_library = bytes[EI_CLASS] == ELFCLASS64;
    head.interpreter = bytes[EI_CLASS] == ELFCLASS64 ? loader_of<Elf64_Ehdr, Elf64_Phdr>(bytes)
                                                     : loader_of<Elf32_Ehdr, Elf32_Phdr>(bytes);
  }
  return head;
}

ProgramHead read_program_head(const std::string& path, const os::FileStat& stat) {
  using Identity = std::array<std::uint64_t, 4>;
  constexpr std::size_t kMostRemembered = 4096;
  thread_local std::map<Identity, ProgramHead> remembered;
  const Identity identity{stat.device, stat.inode, static_cast<std::uint64_t>(stat.mtime_ns),
                          static_cast<std::uint64_t>(stat.ctime_ns)};
  if (const auto found = remembered.find(identity); found != remembered.end()) return found->second;
  std::array<std::uint8_t, kHead> buffer{};
  try {
    const auto file = os::open_for_reading(path);
    const auto n = os::read_some(file, buffer, path);
    const std::string_view bytes(reinterpret_cast<const char*>(buffer.data()), n);
    auto head = parse_program_head(bytes);
    if (head.takes_library && !head.script && !head.interpreter.empty() &&
        needs_sanitizer(file, bytes))
      head.takes_library = false;
    if (remembered.size() >= kMostRemembered) remembered.clear();
    return remembered[identity] = head;
  } catch (const base::Error&) {
    return {};
  }
}

}  // namespace provrun::trace
