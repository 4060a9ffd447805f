#pragma once

#include <sys/types.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "provrun/core/access.hpp"

namespace provrun::trace {

/// Which programs were started, and by which. A process that only forked is not one of them.
class Processes {
 public:
  void started(pid_t thread, const std::string& program);
  std::vector<core::ObservedProcess> take() { return std::move(started_); }

 private:
  std::unordered_map<pid_t, std::uint32_t> current_;
  std::vector<core::ObservedProcess> started_;
};

}  // namespace provrun::trace
