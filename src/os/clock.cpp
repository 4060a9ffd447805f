#include "provrun/os/clock.hpp"

#include <ctime>

namespace provrun::os {

namespace {
std::int64_t read_clock(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
}
}  // namespace

base::Timestamp now() {
  return {read_clock(CLOCK_REALTIME)};
}
base::Timestamp file_clock_now() {
  return {read_clock(CLOCK_REALTIME_COARSE)};
}
std::chrono::nanoseconds steady_now() {
  return std::chrono::nanoseconds(read_clock(CLOCK_MONOTONIC));
}

}  // namespace provrun::os
