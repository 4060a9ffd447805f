#include "program_head.hpp"

#include <elf.h>

#include <array>
#include <cstring>

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

}  // namespace

ProgramHead parse_program_head(std::string_view bytes) {
  ProgramHead head;
  if (bytes.starts_with("#!")) {
    bytes.remove_prefix(2);
    bytes = bytes.substr(0, bytes.find('\n'));
    const auto begin = bytes.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return head;
    bytes.remove_prefix(begin);
    head.interpreter = bytes.substr(0, bytes.find_first_of(std::string_view(" \t\0", 3)));
  } else if (bytes.starts_with(std::string_view(ELFMAG, SELFMAG)) && bytes.size() > EI_CLASS) {
    head.interpreter = bytes[EI_CLASS] == ELFCLASS64 ? loader_of<Elf64_Ehdr, Elf64_Phdr>(bytes)
                                                     : loader_of<Elf32_Ehdr, Elf32_Phdr>(bytes);
  }
  return head;
}

ProgramHead read_program_head(const std::string& path) {
  std::array<std::uint8_t, kHead> buffer{};
  try {
    const auto file = os::open_for_reading(path);
    const auto n = os::read_some(file, buffer, path);
    return parse_program_head({reinterpret_cast<const char*>(buffer.data()), n});
  } catch (const base::Error&) {
    return {};
  }
}

}  // namespace provrun::trace
