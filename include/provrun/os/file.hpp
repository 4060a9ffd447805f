#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/time.hpp"

// Files through POSIX. Paths are bytes. Every function throws base::Error from errno, with the path
// in the message, unless it says otherwise. All are safe from any thread.
namespace provrun::os {

enum class FileType { regular, directory, symlink, fifo, socket, block_device, character_device };

/// What lstat tells of a file: enough to know that it has not changed since.
struct FileStat {
  FileType type = FileType::regular;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint32_t mode = 0;  ///< permission bits with set-id and sticky, without the type
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t links = 1;
  std::uint64_t rdev = 0;
  std::uint64_t blocks = 0;  ///< 512-byte blocks in use
  auto operator<=>(const FileStat&) const = default;
};

/// nullopt when there is no such file (ENOENT, ENOTDIR); symlinks are not followed.
std::optional<FileStat> lstat_file(const std::string& path);
/// The same, following symlinks.
std::optional<FileStat> stat_file(const std::string& path);

/// An open file descriptor, closed at the end of its life.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  ~File();
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void close();
  int release();

 private:
  int fd_ = -1;
};

File open_for_reading(const std::string& path);
/// Creates (mode as given, less the umask) or truncates.
File create_file(const std::string& path, std::uint32_t mode = 0600);
/// Creates; throws Error(conflict) when the path exists.
File create_new_file(const std::string& path, std::uint32_t mode = 0600);
/// Opens for appending, created private when absent.
File open_for_appending(const std::string& path);

FileStat stat_of(const File& file, const std::string& path_for_errors);
/// At most buffer.size() bytes from the offset; 0 at the end.
std::size_t read_at(const File& file, std::uint64_t offset, std::span<std::uint8_t> buffer,
                    const std::string& path_for_errors);
/// From the file's own position; 0 at the end.
std::size_t read_some(const File& file, std::span<std::uint8_t> buffer,
                      const std::string& path_for_errors);
void write_all(const File& file, std::span<const std::uint8_t> bytes,
               const std::string& path_for_errors);
void write_all(const File& file, std::string_view bytes, const std::string& path_for_errors);
/// fdatasync.
void sync_file(const File& file, const std::string& path_for_errors);
void sync_directory(const std::string& path);

/// The whole file. Error(invalid_input) when it is larger than the limit.
std::string read_file(const std::string& path, std::uint64_t limit = UINT64_MAX);

enum class Durability { cached, synced };
/// Writes beside the path under a temporary name, then renames: readers see the old or the new
/// bytes. synced also waits until file and directory are on the disk.
void write_file_atomically(const std::string& path, std::string_view bytes, Durability durability,
                           std::uint32_t mode = 0600);
/// Writes to a temporary name and links it to the path. False, with nothing changed, when the path
/// exists already: the one coordination primitive of the repository.
bool create_if_absent(const std::string& path, std::string_view bytes, Durability durability,
                      std::uint32_t mode = 0444);

/// Creates the directory and its missing parents; fine when it is there.
void make_directories(const std::string& path, std::uint32_t mode = 0777);
/// False when there was none.
bool remove_file(const std::string& path);
/// Removes a file or a whole directory, never following symlinks. Fine when absent.
void remove_tree(const std::string& path);
void rename_file(const std::string& from, const std::string& to);
/// A new private directory named prefix + random letters.
std::string make_temporary_directory(const std::string& prefix);
std::string read_symlink(const std::string& path);
void set_mode(const std::string& path, std::uint32_t mode);
void set_mtime(const std::string& path, std::int64_t mtime_ns);
std::uint64_t free_space(const std::string& path);
/// True on NFS, SMB, Lustre, GPFS, Ceph, AFS, 9p and FUSE, where SQLite's locks cannot be trusted.
bool is_network_file_system(const std::string& path);

struct DirectoryEntry {
  std::string name;
  std::optional<FileType> type;  ///< nullopt where the file system does not say
};
/// Entries but "." and "..", sorted by raw bytes.
std::vector<DirectoryEntry> list_directory(const std::string& path);

// Paths as text; nothing here touches the disk.
std::string join_path(std::string_view directory, std::string_view name);
std::string parent_path(std::string_view path);
std::string base_name(std::string_view path);
/// Without ".", "..", repeated and trailing slashes; relative paths stay relative and may begin
/// with "..".
std::string normalize_path(std::string_view path);

std::string current_directory();
/// Absolute and normalized, symlinks kept.
std::string absolute_path(std::string_view path);
/// realpath(3).
std::string resolve_path(const std::string& path);

}  // namespace provrun::os
