#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::exec {

/// Holds the processes of one job to a limit of memory. In a control group of its own, where this
/// process may make one, the limit is that of all of them together and the kernel says when it was
/// hit; else each process gets it for its data (RLIMIT_DATA), and allocations fail at the limit.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t bytes);
  /// Ends what is still in the group, and removes it.
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

  /// The process that will start the job's, which are held like it. Throws base::Error.
  void hold(pid_t process);
  /// Lets that one go again, before this object ends what is left.
  void release(pid_t process);
  /// "cgroup2", "cgroup1" or "rlimit".
  std::string_view by() const { return by_; }
  std::uint64_t bytes() const { return bytes_; }
  /// A process was ended because the limit was hit. Always false by rlimit.
  bool was_hit() const;

 private:
  std::uint64_t bytes_;
  std::string_view by_ = "rlimit";
  std::string group_;                    // its directory; empty: none
  std::optional<std::uint64_t> before_;  // the launcher's limit of data
};

/// Where control groups with a memory controller can be made.
struct ControlGroups {
  std::string directory;  ///< of this process's own group
  bool unified = false;   ///< version 2
};
/// From the texts of /proc/self/mountinfo and /proc/self/cgroup; best first.
std::vector<ControlGroups> find_control_groups(std::string_view mounts, std::string_view groups);

}  // namespace provrun::exec
