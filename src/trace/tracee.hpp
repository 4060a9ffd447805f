#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

// Looking into a process that waits in a system call. What cannot be seen any more, because the
// process was killed meanwhile, is nullopt.
namespace provrun::trace {

std::optional<std::string> read_string(pid_t thread, std::uint64_t address,
                                       std::size_t limit = 4096);
/// Exactly size bytes.
bool read_memory(pid_t thread, std::uint64_t address, void* into, std::size_t size);
bool write_memory(pid_t thread, std::uint64_t address, const void* from, std::size_t size);
std::optional<std::string> working_directory_of(pid_t thread);
/// What an open descriptor leads to: a path, or "pipe:[N]" and the like.
std::optional<std::string> descriptor_path(pid_t thread, int descriptor);

/// The file system as a process sees it. prefix is empty where it is ours, else /proc/ID/root.
struct View {
  std::string prefix;
  std::string root;  ///< where a chroot lies, as a path of ours; only with an empty prefix
};
View view_of(pid_t thread);

/// Of a process: who it is and who made it.
struct Kin {
  pid_t process = 0;
  pid_t parent = 0;
};
std::optional<Kin> kin_of(pid_t thread);

}  // namespace provrun::trace
