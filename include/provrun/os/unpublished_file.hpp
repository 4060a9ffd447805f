#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "provrun/os/file.hpp"

namespace provrun::os {

/// A file that is being written and that nobody sees until it is published under its name; gone if
/// it never is. Where the file system has unnamed files (O_TMPFILE) nothing is left behind even by
/// kill -9; elsewhere a kill leaves one file in the scratch directory. One thread at a time.
class UnpublishedFile {
 public:
  /// The scratch directory must exist on the file system of the final path.
  explicit UnpublishedFile(std::string scratch_directory);
  ~UnpublishedFile();
  UnpublishedFile(const UnpublishedFile&) = delete;
  UnpublishedFile& operator=(const UnpublishedFile&) = delete;

  void append(std::span<const std::uint8_t> bytes);
  /// Waits until the bytes are on the disk (fdatasync), then links the file to the path. False, and
  /// nothing changed, when the path exists. The new name is durable after sync_directory().
  bool publish(const std::string& path, std::uint32_t mode = 0444);

 private:
  std::string scratch_directory_;
  std::string name_;  ///< the temporary path; empty while the file has no name
  File file_;
};

enum class LinkOutcome { created, exists, unsupported };
/// A second name for the file, at a path where there is none yet; unsupported where the file system
/// has no hard links. Throws base::Error from errno otherwise.
LinkOutcome link_file(const std::string& from, const std::string& to);

}  // namespace provrun::os
