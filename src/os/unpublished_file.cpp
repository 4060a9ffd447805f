#include "provrun/os/unpublished_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/random.hpp"

namespace provrun::os {

namespace {

std::string descriptor_path(const File& file) {
  return "/proc/self/fd/" + std::to_string(file.fd());
}

std::string scratch_name(const std::string& directory) {
  return join_path(directory, "tmp-" + random_hex(8));
}

}  // namespace

UnpublishedFile::UnpublishedFile(std::string scratch_directory)
    : scratch_directory_(std::move(scratch_directory)) {
  const int fd = ::open(scratch_directory_.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
  if (fd >= 0) {
    file_ = File(fd);
    return;
  }
  name_ = scratch_name(scratch_directory_);
  file_ = create_new_file(name_);
}

UnpublishedFile::~UnpublishedFile() {
  if (!name_.empty()) ::unlink(name_.c_str());
}

void UnpublishedFile::append(std::span<const std::uint8_t> bytes) {
  write_all(file_, bytes, scratch_directory_);
}

bool UnpublishedFile::publish(const std::string& path, std::uint32_t mode) {
  if (::fchmod(file_.fd(), mode) != 0)
    throw base::system_error(errno, "cannot set the mode of " + base::printable(path));
  sync_file(file_, path);
  const bool unnamed = name_.empty();
  const std::string source = unnamed ? descriptor_path(file_) : name_;
  if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, path.c_str(), unnamed ? AT_SYMLINK_FOLLOW : 0) !=
      0) {
    const int error = errno;
    // A retransmitted NFS request reports EEXIST for our own link: the count of names tells.
    const bool ours = stat_of(file_, path).links == (unnamed ? 1U : 2U);
    if (!ours) {
      if (error == EEXIST) return false;
      throw base::system_error(error, "cannot create " + base::printable(path));
    }
  }
  if (!unnamed) ::unlink(std::exchange(name_, {}).c_str());
  return true;
}

LinkOutcome link_file(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return LinkOutcome::created;
  if (errno == EEXIST) return LinkOutcome::exists;
  if (errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP || errno == ENOSYS)
    return LinkOutcome::unsupported;
  throw base::system_error(errno, "cannot create " + base::printable(to));
}

}  // namespace provrun::os
