#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>

#include "provrun/os/clock.hpp"

namespace provrun::app {

/// Keeps a rate of bytes a second over all threads that call it: each waits until its bytes are
/// due. What was not used is saved up for at most a tenth of a second.
class RateLimit {
 public:
  explicit RateLimit(std::uint64_t bytes_per_second)
      : rate_(static_cast<double>(bytes_per_second)) {}

  void take(std::uint64_t bytes) {
    std::chrono::nanoseconds due;
    const auto now = os::steady_now();
    {
      const std::lock_guard lock(mutex_);
      due_ = std::max(due_, now - std::chrono::milliseconds(100));
      due_ += std::chrono::nanoseconds(
          static_cast<std::int64_t>(static_cast<double>(bytes) / rate_ * 1e9));
      due = due_;
    }
    if (due > now) std::this_thread::sleep_for(due - now);
  }

 private:
  const double rate_;
  std::mutex mutex_;
  std::chrono::nanoseconds due_{0};
};

}  // namespace provrun::app
