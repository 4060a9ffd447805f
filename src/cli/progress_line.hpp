#pragma once

#include <chrono>
#include <string>

#include "console.hpp"
#include "provrun/app/stored_files.hpp"

namespace provrun::cli {

/// The line of a long operation: files, bytes, rate and time left, redrawn a few times a second.
class ProgressLine {
 public:
  ProgressLine(Console& console, std::string verb);
  void operator()(const app::FilesProgress& progress);

 private:
  Console& console_;
  std::string verb_;
  std::chrono::nanoseconds started_;
  std::chrono::nanoseconds drawn_{};
};

}  // namespace provrun::cli
