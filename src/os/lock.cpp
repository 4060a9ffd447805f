#include "provrun/os/lock.hpp"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"

namespace provrun::os {

std::optional<FileLock> FileLock::try_acquire(const std::string& path, const std::string& who) {
  File file = open_for_appending(path);
  while (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) throw base::system_error(errno, "cannot lock " + base::printable(path));
  }
  if (::ftruncate(file.fd(), 0) != 0)
    throw base::system_error(errno, "cannot write " + base::printable(path));
  write_all(file, who, path);
  return FileLock(std::move(file));
}

std::string FileLock::holder(const std::string& path) {
  try {
    return std::string(base::trim(read_file(path, 4096)));
  } catch (const base::Error&) {
    return {};
  }
}

}  // namespace provrun::os
