#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "provrun/os/file.hpp"

namespace provrun::os {

/// An extended attribute of a file.
struct FileAttribute {
  std::string name;  ///< with its namespace: "user.origin"
  std::string value;
  auto operator<=>(const FileAttribute&) const = default;
};

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
  /// Creates it with mode 0700 when absent, and opens it. made tells whether it was absent.
  Directory make_directory(const std::string& name, bool* made = nullptr) const;
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
  /// A fifo, socket or device with mode 0600; major and minor count for devices. Error(refused) for
  /// devices when not privileged.
  void make_special(FileType type, std::uint32_t device_major, std::uint32_t device_minor,
                    const std::string& name) const;
  /// Another name, in this directory, of a file or symlink of the other. False when `to` exists.
  bool link_from(const Directory& other, const std::string& from, const std::string& to) const;
  bool remove_directory(const std::string& name) const;
  void set_mode(const std::string& name, std::uint32_t mode) const;  ///< not of symlinks
  /// Also of symlinks.
  void set_owner(const std::string& name, std::uint32_t uid, std::uint32_t gid) const;
  /// Of symlinks and special files too, where the kernel has them.
  std::vector<FileAttribute> attributes(const std::string& name) const;
  void set_attribute(const std::string& name, const FileAttribute& attribute) const;
  void remove_attribute(const std::string& name, const std::string& attribute) const;
  std::string read_symlink(const std::string& name) const;

  /// Opens for reading, never through a symlink and without waiting for a fifo's other end; the
  /// access time stays where the kernel allows that. nullopt when there is none. For a name that
  /// is no regular file: Error(refused).
  std::optional<File> open_file(const std::string& name) const;
  /// Opens for reading and writing, not following a symlink; nullopt when there is none.
  std::optional<File> open_file_for_writing(const std::string& name) const;

  /// Names but "." and "..", one after the other with a NUL behind each, in no order.
  std::string names() const;
  FileStat own_stat() const;
  const File& file() const { return file_; }
  /// The directory above, whatever it is called now.
  Directory open_parent(std::string path) const;

  void set_own_mtime(std::int64_t mtime_ns) const;
  void sync() const;

 private:
  Directory(File file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  File file_;
  std::string path_;
};

// Of an open file or directory. Attributes are sorted by name; a file system without them has none.
std::vector<FileAttribute> attributes_of(const File& file, const std::string& path_for_errors);
void set_attribute(const File& file, const FileAttribute& attribute,
                   const std::string& path_for_errors);
void remove_attribute(const File& file, const std::string& name,
                      const std::string& path_for_errors);
void set_owner(const File& file, std::uint32_t uid, std::uint32_t gid,
               const std::string& path_for_errors);
void set_size(const File& file, std::uint64_t size, const std::string& path_for_errors);
void write_at(const File& file, std::uint64_t offset, std::span<const std::uint8_t> bytes,
              const std::string& path_for_errors);
/// Where the file has data, as (offset, length), ascending. One range where the file system does
/// not tell.
std::vector<std::pair<std::uint64_t, std::uint64_t>> data_ranges(
    const File& file, std::uint64_t size, const std::string& path_for_errors);
/// Major and minor number of FileStat::rdev.
std::pair<std::uint32_t, std::uint32_t> device_numbers(std::uint64_t rdev);
/// Tells the kernel that the file will be read once from front to back.
void will_read_once(const File& file);
/// Gives the range back to the file system: it reads as zeros. False where that is not possible.
bool punch_hole(const File& file, std::uint64_t offset, std::uint64_t length);

/// Removes a name, with all that is in it when it is a directory; never follows a symlink.
void remove_entry(const Directory& directory, const std::string& name);
/// Raises the limit of open files as far as one may.
void allow_many_open_files();

void set_mode(const File& file, std::uint32_t mode, const std::string& path_for_errors);
void set_mtime(const File& file, std::int64_t mtime_ns, const std::string& path_for_errors);

}  // namespace provrun::os
