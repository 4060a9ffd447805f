#include "provrun/os/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "posix.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"

namespace provrun::os {

namespace {

void require_name(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos)
    throw base::Error(base::ErrorCode::invalid_input,
                      "'" + base::printable(name) + "' is not a name within a directory");
}

timespec to_timespec(std::int64_t nanoseconds) {
  std::int64_t seconds = nanoseconds / 1'000'000'000;
  std::int64_t rest = nanoseconds % 1'000'000'000;
  if (rest < 0) {
    rest += 1'000'000'000;
    --seconds;
  }
  return {seconds, rest};
}

File open_child(int parent, const std::string& name, const std::string& path) {
  const int fd = ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) return File(fd);
  if (errno == ENOTDIR || errno == ELOOP)
    throw base::Error(base::ErrorCode::refused,
                      base::printable(path) + " is in the way: it is not a directory");
  fail("cannot open", path);
}

}  // namespace

Directory::Directory(const std::string& path) : path_(path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("cannot open", path);
  file_ = File(fd);
}

Directory Directory::open_directory(const std::string& name) const {
  require_name(name);
  auto path = join_path(path_, name);
  File file = open_child(file_.fd(), name, path);
  return Directory(std::move(file), std::move(path));
}

Directory Directory::make_directory(const std::string& name, bool* made) const {
  require_name(name);
  const bool absent = ::mkdirat(file_.fd(), name.c_str(), 0700) == 0;
  if (!absent && errno != EEXIST) fail("cannot make the directory", join_path(path_, name));
  if (made != nullptr) *made = absent;
  return open_directory(name);
}

std::optional<FileStat> Directory::lstat(const std::string& name) const {
  require_name(name);
  struct stat s {};
  if (::fstatat(file_.fd(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    fail("cannot stat", join_path(path_, name));
  }
  const auto nanoseconds = [](const timespec& t) {
    return t.tv_sec * std::int64_t{1'000'000'000} + t.tv_nsec;
  };
  return FileStat{.type = type_of(s.st_mode),
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

File Directory::create_new_file(const std::string& name) const {
  require_name(name);
  const int fd = ::openat(file_.fd(), name.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0) return File(fd);
  const auto path = join_path(path_, name);
  if (errno == EEXIST)
    throw base::Error(base::ErrorCode::conflict, base::printable(path) + " exists already");
  fail("cannot create", path);
}

void Directory::make_symlink(const std::string& target, const std::string& name) const {
  require_name(name);
  if (::symlinkat(target.c_str(), file_.fd(), name.c_str()) == 0) return;
  const auto path = join_path(path_, name);
  if (errno == EEXIST)
    throw base::Error(base::ErrorCode::conflict, base::printable(path) + " exists already");
  fail("cannot make the link", path);
}

void Directory::rename(const std::string& from, const std::string& to) const {
  require_name(from);
  require_name(to);
  if (::renameat(file_.fd(), from.c_str(), file_.fd(), to.c_str()) != 0)
    fail("cannot replace", join_path(path_, to));
}

bool Directory::link(const std::string& from, const std::string& to) const {
  require_name(from);
  require_name(to);
  if (::linkat(file_.fd(), from.c_str(), file_.fd(), to.c_str(), 0) == 0) return true;
  if (errno == EEXIST) return false;
  fail("cannot create", join_path(path_, to));
}

bool Directory::remove_file(const std::string& name) const {
  require_name(name);
  if (::unlinkat(file_.fd(), name.c_str(), 0) == 0) return true;
  if (errno == ENOENT) return false;
  fail("cannot remove", join_path(path_, name));
}

void Directory::set_mtime(const std::string& name, std::int64_t mtime_ns) const {
  require_name(name);
  const timespec times[2] = {{0, UTIME_OMIT}, to_timespec(mtime_ns)};
  if (::utimensat(file_.fd(), name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
    fail("cannot set the time of", join_path(path_, name));
}

void Directory::set_own_mode(std::uint32_t mode) const {
  os::set_mode(file_, mode, path_);
}
void Directory::set_own_mtime(std::int64_t mtime_ns) const {
  os::set_mtime(file_, mtime_ns, path_);
}

void Directory::sync() const {
  // Some network file systems refuse to sync a directory; their metadata is synchronous.
  if (::fsync(file_.fd()) != 0 && errno != EINVAL) fail("cannot sync", path_);
}

void set_mode(const File& file, std::uint32_t mode, const std::string& path_for_errors) {
  if (::fchmod(file.fd(), mode) != 0) fail("cannot set the mode of", path_for_errors);
}

void set_mtime(const File& file, std::int64_t mtime_ns, const std::string& path_for_errors) {
  const timespec times[2] = {{0, UTIME_OMIT}, to_timespec(mtime_ns)};
  if (::futimens(file.fd(), times) != 0) fail("cannot set the time of", path_for_errors);
}

}  // namespace provrun::os
