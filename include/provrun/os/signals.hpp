#pragma once

namespace provrun::os {

/// Counts SIGINT, SIGTERM and SIGHUP from now on instead of dying of them. One at a time in a
/// process; the destructor puts the earlier handling back.
class InterruptCounter {
 public:
  InterruptCounter();
  ~InterruptCounter();
  InterruptCounter(const InterruptCounter&) = delete;
  InterruptCounter& operator=(const InterruptCounter&) = delete;

  /// How many have come. SIGTERM and SIGHUP count as two: what runs is ended at once.
  int count() const noexcept;
  /// How many SIGTERM and SIGHUP have come.
  int terminations() const noexcept;
  /// The last one's number; 0 before any.
  int last_signal() const noexcept;
};

/// Writing to a closed pipe is an error, not a death.
void ignore_broken_pipes();

}  // namespace provrun::os
