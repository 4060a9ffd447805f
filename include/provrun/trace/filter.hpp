#pragma once

#include <cstdint>
#include <vector>

namespace provrun::trace {

/// What the filter does with the calls it watches.
enum class FilterAction {
  notify,  ///< waits for whoever holds the listener (SECCOMP_RET_USER_NOTIF)
  trace    ///< stops for the tracer (SECCOMP_RET_TRACE)
};

/// The seccomp program (struct sock_filter as 64-bit words, in memory order) that a step runs
/// under: file and peer names are watched, io_uring and the x32 ABI are answered ENOSYS since calls
/// through them are not seen, all else passes. announced_pass: so do calls from the page
/// of the library that announces them (Announcements). Exits::watched: the ends of processes wait,
/// too.
enum class Exits { pass, watched };
std::vector<std::uint64_t> step_filter(FilterAction action, bool announced_pass = false,
                                       Exits exits = Exits::pass);

}  // namespace provrun::trace
