// What processes tell of themselves, and the programs that cannot have the library that does it.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "announcer/layout.hpp"
#include "recorder_state.hpp"

namespace provrun::trace {

using core::Presence;
using core::Use;

namespace {

bool same_bytes(const os::FileStat& a, const os::FileStat& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size && a.mtime_ns == b.mtime_ns;
}

// Takes the library out of the LD_PRELOAD of a process that waits in execve. What it is about to
// start must not have it; the rest of its variables stay where they are.
void take_library_away(pid_t thread, std::uint64_t variables) {
  constexpr std::size_t kAtOnce = 128;
  constexpr std::size_t kMost = 16384;
  constexpr std::string_view kName = "LD_PRELOAD=";
  std::array<std::uint64_t, kAtOnce> pointers{};
  for (std::size_t seen = 0; seen < kMost; ++seen) {
    const auto in_block = seen % kAtOnce;
    if (in_block == 0) {
      // What lies behind the end need not be there.
      std::size_t want = kAtOnce;
      while (want > 0 && !read_memory(thread, variables + seen * 8, pointers.data(), want * 8))
        want /= 2;
      if (want == 0) return;
      std::fill(pointers.begin() + static_cast<std::ptrdiff_t>(want), pointers.end(), 0);
    }
    const auto address = pointers[in_block];
    if (address == 0) return;
    std::array<char, kName.size()> begin{};
    if (!read_memory(thread, address, begin.data(), begin.size()) ||
        std::string_view(begin.data(), begin.size()) != kName)
      continue;
    const auto value = read_string(thread, address + kName.size());
    if (!value || !value->starts_with(announcer::kLibraryPath)) return;
    auto rest = value->substr(std::strlen(announcer::kLibraryPath));
    if (!rest.empty() && (rest.front() == ':' || rest.front() == ' ')) rest.erase(0, 1);
    write_memory(thread, address + kName.size(), rest.c_str(), rest.size() + 1);
    return;
  }
}

// They send their variables to places where nobody answers for the library.
bool sends_variables_away(std::string_view program) {
  constexpr std::string_view kPrograms[] = {"sbatch", "srun", "salloc", "qsub", "qrsh",
                                            "bsub",   "flux", "at",     "batch"};
  const auto name = program.substr(program.rfind('/') + 1);
  return std::find(std::begin(kPrograms), std::end(kPrograms), name) != std::end(kPrograms);
}

}  // namespace

void Recorder::State::start(const SystemCall& call, const Named& program) {
  library_unfit_ = sends_variables_away(program.path);
  execute(program);
  if (announcements_ && library_unfit_)
    take_library_away(thread_, call.arguments[call.number == 322 || call.number == 358 ? 3 : 2]);
}

void Recorder::State::announced_open(const Named& named, const Announced& call) {
  const auto& stat = call.stat;
  if (auto* entry = remembered(named)) {
    const bool known = entry->access.uses.has(Use::read);
    if (known && (entry->own() || entry->stat.inode == 0 || stat.inode == 0 ||
                  same_bytes(entry->stat, stat)))
      return;
    if (entry->access.before == Presence::directory) return;
    if (known) {
      entry->access.changed = true;
      return;
    }
  }
  if (!call.failed && stat.inode != 0 && stat.type == os::FileType::regular)
    if (const auto opened = resolver_.find_opened(view(), named.path, stat)) {
      remember(named, table_.read(*opened, Use::read, AccessTable::When::later));
      return;
    }
  auto found = find(named);
  if (found.path.starts_with("/proc/")) return;
  if (call.failed || found.presence == Presence::directory || found.presence == Presence::symlink) {
    remember(named, table_.touch(found, Use::probe));
    return;
  }
  if (stat.inode != 0) {
    // It is the open that counts, not what stands there by now.
    found.presence = stat.type == os::FileType::regular     ? Presence::file
                     : stat.type == os::FileType::directory ? Presence::directory
                                                            : Presence::other;
    if (found.presence == Presence::directory) {
      remember(named, table_.touch(found, Use::probe));
      return;
    }
    if (!same_bytes(found.stat, stat)) found.stat = stat;
  }
  remember(named, table_.read(found, Use::read, AccessTable::When::later));
}

void Recorder::State::announced(const Announced& call) {
  thread_ = 0;
  settle_paths();
  const bool at_link = call.kind == Announced::Kind::read_link ||
                       call.kind == Announced::Kind::look_at_link ||
                       (call.kind == Announced::Kind::open && (call.flags & O_NOFOLLOW) != 0);
  const Named named{std::string(call.path), at_link ? Follow::no : Follow::yes};
  switch (call.kind) {
    case Announced::Kind::open:
      announced_open(named, call);
      break;
    case Announced::Kind::look:
    case Announced::Kind::look_at_link:
      look(named);
      break;
    case Announced::Kind::read_link:
      read_link(named);
      break;
  }
}

}  // namespace provrun::trace
