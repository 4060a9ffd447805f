#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "provrun/os/file.hpp"

namespace provrun::trace {

/// Which names of a folder are files themselves, and no links: known of whole folders from which
/// many files are opened, so that one need not look at each. One thread.
class FolderFiles {
 public:
  /// True when `name` in the folder (its path without links) is certainly the regular file that was
  /// opened; false where that is not known.
  bool holds(const std::string& folder, std::string_view name, const os::FileStat& opened);
  void forget() { folders_.clear(); }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  struct Folder {
    std::uint64_t asked = 0;   ///< so often
    std::uint64_t wanted = 0;  ///< it is listed when it was asked so often
    std::uint64_t device = 0;
    std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> inodes;
  };
  static void list(const std::string& path, Folder& folder);

  std::unordered_map<std::string, Folder> folders_;
};

}  // namespace provrun::trace
