#include "provrun/os/regular_files.hpp"

#include <dirent.h>

#include <cerrno>
#include <memory>

#include "posix.hpp"

namespace provrun::os {

std::vector<RegularFile> regular_files(const std::string& directory) {
  struct Closer {
    void operator()(DIR* opened) const { ::closedir(opened); }
  };
  const std::unique_ptr<DIR, Closer> opened(::opendir(directory.c_str()));
  if (!opened) fail("cannot list", directory);
  std::vector<RegularFile> files;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(opened.get());
    if (entry == nullptr) break;
    if (entry->d_type == DT_REG) files.push_back({entry->d_name, entry->d_ino});
  }
  if (errno != 0) fail("cannot list", directory);
  return files;
}

}  // namespace provrun::os
