#pragma once

#include <chrono>

#include "provrun/base/time.hpp"

namespace provrun::os {

/// Wall-clock time.
base::Timestamp now();
/// The kernel's coarse clock, the one file times are taken from: never ahead of a later mtime.
base::Timestamp file_clock_now();
/// Monotonic time since an arbitrary start, for measuring.
std::chrono::nanoseconds steady_now();

}  // namespace provrun::os
