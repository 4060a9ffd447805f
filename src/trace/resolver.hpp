#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "folder_files.hpp"
#include "provrun/core/access.hpp"
#include "provrun/os/file.hpp"
#include "tracee.hpp"

namespace provrun::trace {

/// What a path leads to, as the process that uses it sees the file system.
struct Found {
  std::string path;  ///< absolute, of ours; without links but for a last component not followed
  std::string real_path;  ///< by which we can reach the file; empty: the same
  core::Presence presence = core::Presence::absent;
  bool parent_there = true;  ///< so that something could be made here
  os::FileStat stat;         ///< when it is there

  const std::string& real() const { return real_path.empty() ? path : real_path; }
};

/// Follows paths as the kernel does and tells which links lie on the way. Directories are
/// remembered until forget(): what the observed processes do to links and directories must be told.
/// One thread.
class Resolver {
 public:
  using OnLink = std::function<void(const Found& link, const std::string& target)>;
  explicit Resolver(OnLink on_link) : on_link_(std::move(on_link)) {}

  enum class Follow { no, yes };
  /// path: absolute, as the process says it. thread: for /proc/self.
  Found find(const View& view, pid_t thread, const std::string& path, Follow follow);
  /// The same for a regular file that was opened by this path, of which the open file is known;
  /// nullopt where only find() can tell.
  std::optional<Found> find_opened(const View& view, const std::string& path,
                                   const os::FileStat& opened);
  void forget() {
    directories_.clear();
    files_.forget();
  }

 private:
  struct Directory {
    std::string path;  // canonical as the process sees it, "" for the root
    bool there = true;
    bool lasting = true;  // the same for every process
  };
  Found walk(const std::string& path, Follow follow);
  Directory directory(std::string_view path);
  Found at(std::string seen) const;

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  OnLink on_link_;
  std::unordered_map<std::string, std::string, Hash, std::equal_to<>> directories_;
  FolderFiles files_;
  const View* view_ = nullptr;
  pid_t thread_ = 0;
  int links_ = 0;
};

}  // namespace provrun::trace
