#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "provrun/os/file.hpp"

namespace provrun::exec {

/// Log files for jobs. Those of jobs that printed nothing are used again: most trivial steps print
/// nothing, and creating a file costs more. Safe from any thread.
class SpareLogs {
 public:
  struct Log {
    os::File file;
    std::string path;
  };
  explicit SpareLogs(std::string directory) : directory_(std::move(directory)) {}
  /// Removes the unused ones.
  ~SpareLogs();
  Log take();
  void give_back(Log log);

 private:
  std::string directory_;
  std::mutex mutex_;
  std::vector<Log> spare_;
  std::uint64_t count_ = 0;
};

}  // namespace provrun::exec
