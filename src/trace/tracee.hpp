#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// What /proc/ID/stat tells. Two processes of one number are told apart by their starts.
struct Times {
  char state = 'R';         ///< Z, X: it has ended; T: it is stopped
  std::uint64_t start = 0;  ///< in ticks since the system's start
  double user_s = 0;        ///< of itself and what it has waited for
  double system_s = 0;
};
std::optional<Times> times_of(pid_t thread);

/// The value of a variable in an environment that lies in the memory of a process.
std::optional<std::string> variable_in(pid_t thread, std::uint64_t environment,
                                       std::string_view name);
/// The first strings of a list of pointers, like argv; no more than bytes of them.
std::vector<std::string> strings_in(pid_t thread, std::uint64_t list, std::size_t bytes);

}  // namespace provrun::trace
