#pragma once

#include <atomic>

#include "provrun/base/error.hpp"

namespace provrun::base {

/// A flag that one thread (or a signal handler) raises and long work polls. Safe from any thread.
class Cancellation {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
  /// Throws Error(cancelled) once requested.
  void check() const {
    if (requested()) throw Error(ErrorCode::cancelled, "interrupted");
  }

 private:
  std::atomic<bool> requested_{false};
};

}  // namespace provrun::base
