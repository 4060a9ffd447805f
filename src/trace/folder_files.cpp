#include "folder_files.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/os/regular_files.hpp"

namespace provrun::trace {

namespace {

// A folder is listed when as many files were opened from it as make the listing cheap: each look at
// a file costs what sixteen lines of a listing do. A line of a directory has some 32 bytes.
constexpr std::uint64_t kFewest = 32;
constexpr std::uint64_t kBytesPerFile = 32 * 16;

}  // namespace

void FolderFiles::list(const std::string& path, Folder& folder) {
  try {
    const auto stat = os::stat_file(path);
    if (!stat) return;
    folder.device = stat->device;
    for (auto& file : os::regular_files(path))
      folder.inodes.emplace(std::move(file.name), file.inode);
  } catch (const base::Error&) {  // each file is looked at, then
  }
}

bool FolderFiles::holds(const std::string& path, std::string_view name,
                        const os::FileStat& opened) {
  auto& folder = folders_[path];
  if (folder.asked == 0) {
    folder.wanted = kFewest;
    try {
      if (const auto stat = os::stat_file(path))
        folder.wanted = std::max(kFewest, stat->size / kBytesPerFile);
    } catch (const base::Error&) {
      folder.wanted = UINT64_MAX;
    }
  }
  if (++folder.asked < folder.wanted) return false;
  if (folder.asked == folder.wanted) list(path, folder);
  // The same inode by this name is the same file. That of a link would be another one.
  const auto found = folder.inodes.find(name);
  return found != folder.inodes.end() && found->second == opened.inode &&
         folder.device == opened.device;
}

}  // namespace provrun::trace
