#pragma once

#include <optional>
#include <string>
#include <vector>

namespace provrun::pipeline {

/// The files a workflow may be shaped by. All paths are relative to the pipeline file's directory,
/// or absolute. One thread at a time.
class Sources {
 public:
  virtual ~Sources() = default;
  /// The file's bytes; nullopt if there is no such file. Throws base::Error if it is there and
  /// cannot be read (also when it is a directory).
  virtual std::optional<std::string> read(const std::string& path) = 0;
  /// The existing files that match, in any order, spelled as the pattern is. The only special
  /// character is `*`: any number of characters other than `/`, and not a leading dot.
  virtual std::vector<std::string> glob(const std::string& pattern) = 0;
};

}  // namespace provrun::pipeline
