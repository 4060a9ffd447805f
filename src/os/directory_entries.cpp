// What a directory's entries are beside their bytes: links, owners, attributes, special files.
#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "posix.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/directory.hpp"

namespace provrun::os {

namespace {

// Links have no descriptor of their own: the way to them goes through the directory's.
std::string proc_path(const File& directory, const std::string& name) {
  return "/proc/self/fd/" + std::to_string(directory.fd()) + "/" + name;
}

bool has_no_attributes(int error) {
  return error == ENOTSUP || error == ENOSYS || error == ENODATA;
}

// Reads something whose size must be asked for first and may change in between.
template <typename Read>
std::optional<std::string> read_sized(const Read& read) {
  std::string buffer(1024, '\0');
  while (true) {
    const auto n = read(buffer.data(), buffer.size());
    if (n >= 0) {
      buffer.resize(static_cast<std::size_t>(n));
      return buffer;
    }
    if (errno != ERANGE) return std::nullopt;
    const auto wanted = read(nullptr, 0);
    if (wanted < 0) return std::nullopt;
    buffer.resize(static_cast<std::size_t>(wanted) + 256);
  }
}

template <typename List, typename Get>
std::vector<FileAttribute> read_attributes(const std::string& path, const List& list,
                                           const Get& get) {
  std::vector<FileAttribute> attributes;
  const auto names = read_sized(list);
  if (!names) {
    if (has_no_attributes(errno)) return attributes;
    fail("cannot list the attributes of", path);
  }
  for (std::size_t at = 0; at < names->size();) {
    const std::string name = names->c_str() + at;
    at += name.size() + 1;
    auto value =
        read_sized([&](char* buffer, std::size_t size) { return get(name.c_str(), buffer, size); });
    if (value) {
      attributes.push_back({name, std::move(*value)});
    } else if (!has_no_attributes(errno)) {
      fail("cannot read the attribute " + base::printable(name) + " of", path);
    }
  }
  std::sort(attributes.begin(), attributes.end());
  return attributes;
}

}  // namespace

std::vector<FileAttribute> attributes_of(const File& file, const std::string& path) {
  return read_attributes(
      path, [&](char* buffer, std::size_t size) { return ::flistxattr(file.fd(), buffer, size); },
      [&](const char* name, char* buffer, std::size_t size) {
        return ::fgetxattr(file.fd(), name, buffer, size);
      });
}

void set_attribute(const File& file, const FileAttribute& attribute, const std::string& path) {
  if (::fsetxattr(file.fd(), attribute.name.c_str(), attribute.value.data(), attribute.value.size(),
                  0) != 0)
    fail("cannot set the attribute " + base::printable(attribute.name) + " of", path);
}

void remove_attribute(const File& file, const std::string& name, const std::string& path) {
  if (::fremovexattr(file.fd(), name.c_str()) != 0 && errno != ENODATA)
    fail("cannot remove the attribute " + base::printable(name) + " of", path);
}

void set_owner(const File& file, std::uint32_t uid, std::uint32_t gid, const std::string& path) {
  if (::fchown(file.fd(), uid, gid) != 0) fail("cannot set the owner of", path);
}

void set_size(const File& file, std::uint64_t size, const std::string& path) {
  if (::ftruncate(file.fd(), static_cast<off_t>(size)) != 0) fail("cannot set the size of", path);
}

void write_at(const File& file, std::uint64_t offset, std::span<const std::uint8_t> bytes,
              const std::string& path) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(file.fd(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot write", path);
    if (n == 0) {
      errno = ENOSPC;
      fail("cannot write", path);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> data_ranges(const File& file,
                                                                 std::uint64_t size,
                                                                 const std::string& path) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  std::uint64_t at = 0;
  while (at < size) {
    const auto begin = ::lseek(file.fd(), static_cast<off_t>(at), SEEK_DATA);
    if (begin < 0 && errno == ENXIO) break;
    if (begin < 0) {
      if (errno != EINVAL) fail("cannot look for holes in", path);
      ranges = {{0, size}};
      break;
    }
    const auto end = ::lseek(file.fd(), begin, SEEK_HOLE);
    if (end < 0) fail("cannot look for holes in", path);
    const auto from = static_cast<std::uint64_t>(begin);
    const auto to = std::min(static_cast<std::uint64_t>(end), size);
    if (from >= to) break;
    ranges.emplace_back(from, to - from);
    at = to;
  }
  if (::lseek(file.fd(), 0, SEEK_SET) < 0) fail("cannot read", path);
  return ranges;
}

std::pair<std::uint32_t, std::uint32_t> device_numbers(std::uint64_t rdev) {
  return {major(rdev), minor(rdev)};
}

void will_read_once(const File& file) {
  ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

bool punch_hole(const File& file, std::uint64_t offset, std::uint64_t length) {
  return ::fallocate(file.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     static_cast<off_t>(offset), static_cast<off_t>(length)) == 0;
}

void Directory::make_special(FileType type, std::uint32_t device_major, std::uint32_t device_minor,
                             const std::string& name) const {
  const mode_t kind = type == FileType::fifo           ? S_IFIFO
                      : type == FileType::socket       ? S_IFSOCK
                      : type == FileType::block_device ? S_IFBLK
                                                       : S_IFCHR;
  if (::mknodat(file_.fd(), name.c_str(), kind | 0600U, makedev(device_major, device_minor)) == 0)
    return;
  if (errno == EEXIST)
    throw base::Error(base::ErrorCode::conflict,
                      base::printable(join_path(path_, name)) + " exists already");
  fail("cannot make", join_path(path_, name));
}

bool Directory::link_from(const Directory& other, const std::string& from,
                          const std::string& to) const {
  if (::linkat(other.file_.fd(), from.c_str(), file_.fd(), to.c_str(), 0) == 0) return true;
  if (errno == EEXIST) return false;
  fail("cannot link", join_path(path_, to));
}

bool Directory::remove_directory(const std::string& name) const {
  if (::unlinkat(file_.fd(), name.c_str(), AT_REMOVEDIR) == 0) return true;
  if (errno == ENOENT) return false;
  fail("cannot remove", join_path(path_, name));
}

void Directory::set_mode(const std::string& name, std::uint32_t mode) const {
  if (::fchmodat(file_.fd(), name.c_str(), mode, 0) != 0)
    fail("cannot set the mode of", join_path(path_, name));
}

void Directory::set_owner(const std::string& name, std::uint32_t uid, std::uint32_t gid) const {
  if (::fchownat(file_.fd(), name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
    fail("cannot set the owner of", join_path(path_, name));
}

std::vector<FileAttribute> Directory::attributes(const std::string& name) const {
  const auto path = proc_path(file_, name);
  return read_attributes(
      join_path(path_, name),
      [&](char* buffer, std::size_t size) { return ::llistxattr(path.c_str(), buffer, size); },
      [&](const char* attribute, char* buffer, std::size_t size) {
        return ::lgetxattr(path.c_str(), attribute, buffer, size);
      });
}

void Directory::set_attribute(const std::string& name, const FileAttribute& attribute) const {
  const auto path = proc_path(file_, name);
  if (::lsetxattr(path.c_str(), attribute.name.c_str(), attribute.value.data(),
                  attribute.value.size(), 0) != 0)
    fail("cannot set the attribute " + base::printable(attribute.name) + " of",
         join_path(path_, name));
}

void Directory::remove_attribute(const std::string& name, const std::string& attribute) const {
  const auto path = proc_path(file_, name);
  if (::lremovexattr(path.c_str(), attribute.c_str()) != 0 && errno != ENODATA)
    fail("cannot remove the attribute " + base::printable(attribute) + " of",
         join_path(path_, name));
}

std::string Directory::read_symlink(const std::string& name) const {
  std::string target(256, '\0');
  while (true) {
    const auto n = ::readlinkat(file_.fd(), name.c_str(), target.data(), target.size());
    if (n < 0) fail("cannot read the link", join_path(path_, name));
    if (static_cast<std::size_t>(n) < target.size()) {
      target.resize(static_cast<std::size_t>(n));
      return target;
    }
    target.resize(target.size() * 2);
  }
}

std::optional<File> Directory::open_file(const std::string& name) const {
  const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  int fd = ::openat(file_.fd(), name.c_str(), flags | O_NOATIME);
  if (fd < 0 && errno == EPERM) fd = ::openat(file_.fd(), name.c_str(), flags);
  if (fd >= 0) return File(fd);
  if (errno == ENOENT) return std::nullopt;
  if (errno == ELOOP || errno == ENXIO)
    throw base::Error(base::ErrorCode::refused,
                      base::printable(join_path(path_, name)) + " is no regular file any more");
  fail("cannot open", join_path(path_, name));
}

std::optional<File> Directory::open_file_for_writing(const std::string& name) const {
  const int fd = ::openat(file_.fd(), name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0) return File(fd);
  if (errno == ENOENT) return std::nullopt;
  fail("cannot open", join_path(path_, name));
}

std::string Directory::names() const {
  // A descriptor of its own: the directory may be listed again, and fdopendir takes it away.
  const int fd = ::openat(file_.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("cannot open", path_);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), ::closedir);
  if (!stream) {
    ::close(fd);
    fail("cannot list", path_);
  }
  std::string names;
  while (true) {
    errno = 0;
    const auto* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    names.append(name).push_back('\0');
  }
  if (errno != 0) fail("cannot list", path_);
  return names;
}

void remove_entry(const Directory& directory, const std::string& name) {
  const auto stat = directory.lstat(name);
  if (!stat) return;
  if (stat->type != FileType::directory) {
    directory.remove_file(name);
    return;
  }
  const auto below = directory.open_directory(name);
  const auto names = below.names();
  for (std::size_t at = 0; at < names.size();) {
    const std::string next = names.c_str() + at;
    at += next.size() + 1;
    remove_entry(below, next);
  }
  directory.remove_directory(name);
}

void allow_many_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // where it fails, the limit stays as it is
}

FileStat Directory::own_stat() const {
  return stat_of(file_, path_);
}

Directory Directory::open_parent(std::string path) const {
  const int fd = ::openat(file_.fd(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("cannot open", path);
  return Directory(File(fd), std::move(path));
}

}  // namespace provrun::os
