#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::test {

/// A private directory that is removed with all it holds.
class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_(os::resolve_path(os::make_temporary_directory(
            os::environment_variable("TMPDIR").value_or("/tmp") + "/provrun-test-"))) {}
  ~TemporaryDirectory() {
    try {
      os::remove_tree(path_);
    } catch (const std::exception&) {  // a test may have taken its own permissions away
    }
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return os::join_path(path_, name); }

 private:
  std::string path_;
};

/// Writes the text, and makes the directories on the way to it.
inline void write_file(const std::string& path, std::string_view text, std::uint32_t mode = 0644) {
  os::make_directories(os::parent_path(path));
  os::write_file_atomically(path, text, os::Durability::cached, mode);
}

}  // namespace provrun::test
