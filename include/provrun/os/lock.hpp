#pragma once

#include <optional>
#include <string>

#include "provrun/os/file.hpp"

namespace provrun::os {

/// An exclusive lock on a file, held by this process until it is destroyed or the process dies
/// (flock(2)): nothing stays behind to be cleared by hand. The file's text says who holds it.
class FileLock {
 public:
  /// nullopt when another process holds it.
  static std::optional<FileLock> try_acquire(const std::string& path, const std::string& who);
  /// Who holds the lock, as the holder wrote it; empty when nobody said.
  static std::string holder(const std::string& path);

 private:
  explicit FileLock(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace provrun::os
