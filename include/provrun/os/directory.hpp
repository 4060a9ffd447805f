#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "provrun/os/file.hpp"

namespace provrun::os {

/// An open directory, for working below it without ever following a symlink: a name is one path
/// component, relative to this directory, whatever happens to the path meanwhile. Names that are
/// empty, ".", ".." or contain "/" or a NUL are refused with Error(invalid_input). Every function
/// throws base::Error from errno otherwise. Safe from any thread.
class Directory {
 public:
  /// Opens an existing directory; symlinks in this path are followed, it is the user's own word.
  explicit Directory(const std::string& path);

  const std::string& path() const { return path_; }

  /// Opens the sub-directory. Error(refused) when the name is a symlink or no directory.
  Directory open_directory(const std::string& name) const;
  /// Creates it with mode 0700 when absent, and opens it.
  Directory make_directory(const std::string& name) const;
  /// nullopt when there is no such entry; symlinks are not followed.
  std::optional<FileStat> lstat(const std::string& name) const;
  /// Creates with mode 0600; Error(conflict) when the name exists.
  File create_new_file(const std::string& name) const;
  void make_symlink(const std::string& target, const std::string& name) const;
  /// Within this directory, replacing a file or symlink of that name.
  void rename(const std::string& from, const std::string& to) const;
  /// Within this directory; false, and nothing changed, when `to` exists.
  bool link(const std::string& from, const std::string& to) const;
  bool remove_file(const std::string& name) const;
  void set_mtime(const std::string& name, std::int64_t mtime_ns) const;
  void set_own_mode(std::uint32_t mode) const;
  void set_own_mtime(std::int64_t mtime_ns) const;
  void sync() const;

 private:
  Directory(File file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  File file_;
  std::string path_;
};

void set_mode(const File& file, std::uint32_t mode, const std::string& path_for_errors);
void set_mtime(const File& file, std::int64_t mtime_ns, const std::string& path_for_errors);

}  // namespace provrun::os
