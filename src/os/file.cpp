#include "provrun/os/file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <utility>

#include "posix.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/random.hpp"

namespace provrun::os {

namespace {

std::int64_t nanoseconds(const timespec& t) {
  return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
}

FileStat from_stat(const struct stat& s) {
  return {.type = type_of(s.st_mode),
          .device = s.st_dev,
          .inode = s.st_ino,
          .size = static_cast<std::uint64_t>(s.st_size),
          .mtime_ns = nanoseconds(s.st_mtim),
          .ctime_ns = nanoseconds(s.st_ctim),
          .mode = s.st_mode & 07777U,
          .uid = s.st_uid,
          .gid = s.st_gid,
          .links = s.st_nlink,
          .rdev = s.st_rdev,
          .blocks = static_cast<std::uint64_t>(s.st_blocks)};
}

std::optional<FileStat> stat_path(const std::string& path, int flags) {
  struct stat s {};
  if (::fstatat(AT_FDCWD, path.c_str(), &s, flags) == 0) return from_stat(s);
  // Links that lead in a circle lead nowhere, as dangling ones do; too long a name can have no
  // file.
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG)
    return std::nullopt;
  fail("cannot stat", path);
}

File open_file(const std::string& path, int flags, mode_t mode, const char* verb) {
  while (true) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0) return File(fd);
    if (errno != EINTR) fail(verb, path);
  }
}

std::string temporary_beside(const std::string& path) {
  return path + ".tmp-" + random_hex(8);
}

// A file that is removed again unless it was published.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& final_path, std::string_view bytes, Durability durability,
                std::uint32_t mode)
      : path_(temporary_beside(final_path)) {
    File file = open_file(path_, O_WRONLY | O_CREAT | O_EXCL, 0600, "cannot create");
    write_all(file, bytes, path_);
    if (::fchmod(file.fd(), mode) != 0) fail("cannot set the mode of", path_);
    if (durability == Durability::synced) sync_file(file, path_);
  }
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }
  void published() { path_.clear(); }

 private:
  std::string path_;
};

}  // namespace

std::optional<FileStat> lstat_file(const std::string& path) {
  return stat_path(path, AT_SYMLINK_NOFOLLOW);
}
std::optional<FileStat> stat_file(const std::string& path) {
  return stat_path(path, 0);
}

File::~File() {
  close();
}
File::File(File&& other) noexcept : fd_(other.release()) {}
File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}
void File::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}
int File::release() {
  return std::exchange(fd_, -1);
}

File open_for_reading(const std::string& path) {
  return open_file(path, O_RDONLY, 0, "cannot open");
}
File create_file(const std::string& path, std::uint32_t mode) {
  return open_file(path, O_WRONLY | O_CREAT | O_TRUNC, mode, "cannot create");
}
File create_new_file(const std::string& path, std::uint32_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd >= 0) return File(fd);
  if (errno == EEXIST)
    throw base::Error(base::ErrorCode::conflict, base::printable(path) + " exists already");
  fail("cannot create", path);
}
File open_for_appending(const std::string& path) {
  return open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0600, "cannot open");
}

FileStat stat_of(const File& file, const std::string& path_for_errors) {
  struct stat s {};
  if (::fstat(file.fd(), &s) != 0) fail("cannot stat", path_for_errors);
  return from_stat(s);
}

std::size_t read_at(const File& file, std::uint64_t offset, std::span<std::uint8_t> buffer,
                    const std::string& path_for_errors) {
  while (true) {
    const auto n = ::pread(file.fd(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) fail("cannot read", path_for_errors);
  }
}

std::size_t read_some(const File& file, std::span<std::uint8_t> buffer,
                      const std::string& path_for_errors) {
  while (true) {
    const auto n = ::read(file.fd(), buffer.data(), buffer.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) fail("cannot read", path_for_errors);
  }
}

void write_all(const File& file, std::span<const std::uint8_t> bytes,
               const std::string& path_for_errors) {
  while (!bytes.empty()) {
    const auto n = ::write(file.fd(), bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      fail("cannot write", path_for_errors);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

void write_all(const File& file, std::string_view bytes, const std::string& path_for_errors) {
  write_all(file, std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()),
            path_for_errors);
}

void sync_file(const File& file, const std::string& path_for_errors) {
  if (::fdatasync(file.fd()) != 0) fail("cannot sync", path_for_errors);
}

void sync_directory(const std::string& path) {
  const File directory = open_file(path, O_RDONLY | O_DIRECTORY, 0, "cannot open");
  // Some network file systems refuse to sync a directory; their metadata is synchronous.
  if (::fsync(directory.fd()) != 0 && errno != EINVAL) fail("cannot sync", path);
}

std::string read_file(const std::string& path, std::uint64_t limit) {
  const File file = open_for_reading(path);
  const auto stat = stat_of(file, path);
  if (stat.type == FileType::directory)
    throw base::Error(base::ErrorCode::invalid_input, base::printable(path) + " is a directory");
  const auto too_large = [&] {
    return base::Error(base::ErrorCode::invalid_input, base::printable(path) + " is larger than " +
                                                           std::to_string(limit) + " bytes");
  };
  if (stat.size > limit) throw too_large();
  std::string content(stat.size + 1, '\0');  // the end is seen without room for more
  std::size_t filled = 0;
  while (true) {
    if (filled == content.size()) content.resize(filled + 4096);  // it may grow, or be a pipe
    const auto n = read_some(file,
                             std::span(reinterpret_cast<std::uint8_t*>(content.data()) + filled,
                                       content.size() - filled),
                             path);
    if (n == 0) break;
    filled += n;
    if (filled > limit) throw too_large();
  }
  content.resize(filled);
  return content;
}

void write_file_atomically(const std::string& path, std::string_view bytes, Durability durability,
                           std::uint32_t mode) {
  TemporaryFile temporary(path, bytes, durability, mode);
  rename_file(temporary.path(), path);
  temporary.published();
  if (durability == Durability::synced) sync_directory(parent_path(path));
}

bool create_if_absent(const std::string& path, std::string_view bytes, Durability durability,
                      std::uint32_t mode) {
  const TemporaryFile temporary(path, bytes, durability, mode);
  if (::link(temporary.path().c_str(), path.c_str()) != 0) {
    const int error = errno;
    // A retransmitted NFS request reports EEXIST for our own link: two names mean that it is ours.
    const auto stat = lstat_file(temporary.path());
    if (!(stat && stat->links == 2)) {
      if (error == EEXIST) return false;
      errno = error;
      fail("cannot create", path);
    }
  }
  if (durability == Durability::synced) sync_directory(parent_path(path));
  return true;
}

void make_directories(const std::string& path, std::uint32_t mode) {
  if (path.empty() || ::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) {
    if (!path.empty()) {
      const auto stat = stat_file(path);
      if (stat && stat->type != FileType::directory) {
        errno = ENOTDIR;
        fail("cannot make the directory", path);
      }
    }
    return;
  }
  if (errno != ENOENT) fail("cannot make the directory", path);
  const auto parent = parent_path(path);
  if (parent == path) fail("cannot make the directory", path);
  make_directories(parent, mode);
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) fail("cannot make the directory", path);
}

bool remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  fail("cannot remove", path);
}

void remove_tree(const std::string& path) {
  const auto stat = lstat_file(path);
  if (!stat) return;
  if (stat->type != FileType::directory) {
    remove_file(path);
    return;
  }
  for (const auto& entry : list_directory(path)) remove_tree(join_path(path, entry.name));
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) fail("cannot remove", path);
}

void rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    fail("cannot rename " + base::printable(from) + " to", to);
}

std::string make_temporary_directory(const std::string& prefix) {
  std::string path = prefix + "XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) fail("cannot make the directory", path);
  return path;
}

std::string read_symlink(const std::string& path) {
  std::string target(256, '\0');
  while (true) {
    const auto n = ::readlink(path.c_str(), target.data(), target.size());
    if (n < 0) fail("cannot read the link", path);
    if (static_cast<std::size_t>(n) < target.size()) {
      target.resize(static_cast<std::size_t>(n));
      return target;
    }
    target.resize(target.size() * 2);
  }
}

void set_mode(const std::string& path, std::uint32_t mode) {
  if (::chmod(path.c_str(), mode) != 0) fail("cannot set the mode of", path);
}

void set_mtime(const std::string& path, std::int64_t mtime_ns) {
  std::int64_t seconds = mtime_ns / 1'000'000'000;
  std::int64_t rest = mtime_ns % 1'000'000'000;
  if (rest < 0) {
    rest += 1'000'000'000;
    --seconds;
  }
  const timespec times[2] = {{0, UTIME_OMIT}, {seconds, rest}};
  if (::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
    fail("cannot set the time of", path);
}

std::uint64_t free_space(const std::string& path) {
  struct statvfs s {};
  if (::statvfs(path.c_str(), &s) != 0) fail("cannot stat the file system of", path);
  return static_cast<std::uint64_t>(s.f_bavail) * s.f_frsize;
}

bool is_network_file_system(const std::string& path) {
  struct statfs s {};
  if (::statfs(path.c_str(), &s) != 0) fail("cannot stat the file system of", path);
  constexpr std::uint32_t kLustre = 0x0BD00BD0, kGpfs = 0x47504653, kCeph = 0x00C36400,
                          kCifs = 0xFF534D42, kFuse = 0x65735546, kBeeGfs = 0x19830326;
  const auto type = static_cast<std::uint32_t>(s.f_type);
  for (const auto network : {std::uint32_t{NFS_SUPER_MAGIC}, std::uint32_t{SMB_SUPER_MAGIC},
                             std::uint32_t{AFS_SUPER_MAGIC}, std::uint32_t{V9FS_MAGIC}, kLustre,
                             kGpfs, kCeph, kCifs, kFuse, kBeeGfs, std::uint32_t{0xFE534D42}})
    if (type == network) return true;
  return false;
}

std::vector<DirectoryEntry> list_directory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
  if (!directory) fail("cannot list", path);
  std::vector<DirectoryEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) {
      if (errno != 0) fail("cannot list", path);
      break;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    std::optional<FileType> type;
    if (entry->d_type != DT_UNKNOWN) type = type_of(DTTOIF(entry->d_type));
    entries.push_back({std::string(name), type});
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty() || (!name.empty() && name[0] == '/')) return std::string(name);
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path.append(name);
}

std::string parent_path(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  if (slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

std::string base_name(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string normalize_path(std::string_view path) {
  const bool absolute = !path.empty() && path[0] == '/';
  std::vector<std::string_view> parts;
  for (const auto part : base::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !absolute) {
      parts.push_back(part);
    }
  }
  std::string normal = absolute ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) normal += '/';
    normal += parts[i];
  }
  return normal.empty() ? "." : normal;
}

std::string current_directory() {
  const std::unique_ptr<char, void (*)(void*)> path(::getcwd(nullptr, 0), &::free);
  if (!path) fail("cannot find", "the current directory");
  return path.get();
}

std::string absolute_path(std::string_view path) {
  return normalize_path(join_path(current_directory(), path));
}

std::string resolve_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr), &::free);
  if (!resolved) fail("cannot resolve", path);
  return resolved.get();
}

}  // namespace provrun::os
