#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/os/directory.hpp"

namespace provrun::os {

/// Goes through what lies below a directory in the order of the names' bytes, component by
/// component, parents first. It never follows a symlink, works through open directories and so with
/// paths of any length, does not recurse, and keeps only a few directories open however deep it is.
/// A directory's names are held while it is gone through: about 30 bytes each. One thread.
class DirectoryScan {
 public:
  enum class Event {
    entry,    ///< name(), stat() and directory() tell of it; enter() goes into a directory
    leave,    ///< everything in the directory that was entered last has been gone through
    problem,  ///< error() tells what cannot be listed or looked at; the scan goes on
    end
  };

  explicit DirectoryScan(std::shared_ptr<const Directory> root);

  Event next();
  /// After an entry that is a directory: what it holds comes next, and then leave. When it cannot
  /// be opened, a problem and leave.
  void enter() { enter_ = true; }

  const std::string& name() const { return name_; }
  const FileStat& stat() const { return stat_; }
  /// The directory that the entry is in.
  const std::shared_ptr<const Directory>& directory() const { return frames_.back().directory; }
  const base::Error& error() const { return error_; }
  /// Of what the problem is.
  const std::string& problem_path() const { return problem_path_; }

 private:
  struct Frame {
    std::shared_ptr<const Directory> directory;  ///< nullptr while it is closed
    std::string path;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string names;                 ///< each with a NUL
    std::vector<std::uint32_t> order;  ///< offsets in names
    std::size_t next = 0;
    bool failed = false;
  };

  Event problem(const base::Error& error, const std::string& path);
  bool push(std::shared_ptr<const Directory> directory, std::string path);
  bool reopen(const Directory* child);
  void close_far();

  std::vector<Frame> frames_;
  std::string name_;
  FileStat stat_;
  bool enter_ = false;
  bool root_listed_ = false;
  bool lost_ = false;  ///< the way back failed: a problem comes after the leave
  base::Error error_{base::ErrorCode::internal, ""};
  std::string problem_path_;
};

}  // namespace provrun::os
