#pragma once

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "provrun/base/cancellation.hpp"
#include "provrun/os/signals.hpp"

namespace provrun::cli {

/// Turns the first SIGINT, SIGTERM or SIGHUP into a request to cancel while it exists.
class WatchedInterrupts {
 public:
  WatchedInterrupts()
      : watch_([this] {
          std::unique_lock lock(mutex_);
          while (!changed_.wait_for(lock, std::chrono::milliseconds(10), [&] { return ended_; }))
            if (counter_.count() > 0) cancellation_.request();
        }) {}
  ~WatchedInterrupts() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    watch_.join();
  }
  WatchedInterrupts(const WatchedInterrupts&) = delete;
  WatchedInterrupts& operator=(const WatchedInterrupts&) = delete;

  const base::Cancellation& cancellation() const { return cancellation_; }
  /// 130 or 143.
  int exit_code() const {
    return 128 + (counter_.last_signal() != 0 ? counter_.last_signal() : SIGINT);
  }

 private:
  os::InterruptCounter counter_;
  base::Cancellation cancellation_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread watch_;
};

}  // namespace provrun::cli
