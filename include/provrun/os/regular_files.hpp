#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace provrun::os {

struct RegularFile {
  std::string name;
  std::uint64_t inode = 0;  ///< as the directory says it: of a mount point the covered one
};
/// The files of a directory that are regular by what it says of them itself, in its own order.
/// Where the file system does not say so, none. Throws base::Error where it cannot be read.
std::vector<RegularFile> regular_files(const std::string& directory);

}  // namespace provrun::os
