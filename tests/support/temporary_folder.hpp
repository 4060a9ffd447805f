#pragma once

#include <string>

#include "provrun/os/file.hpp"

namespace provrun::test {

/// A folder that is removed with all it holds at the end of the test.
struct TemporaryFolder {
  std::string path = os::make_temporary_directory("/tmp/provrun-test-");
  TemporaryFolder() = default;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { os::remove_tree(path); }
  std::string operator/(const std::string& name) const { return os::join_path(path, name); }
};

}  // namespace provrun::test
