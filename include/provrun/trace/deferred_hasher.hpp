#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "provrun/trace/file_contents.hpp"

namespace provrun::trace {

/// Hashes files beside the steps that use them. A file that somebody is about to change is hashed
/// first: settle() returns when what was asked for it before is known. Safe from any thread.
class DeferredHasher {
 public:
  class Pending;
  explicit DeferredHasher(FileContents& contents);
  ~DeferredHasher();

  FileContents& contents() { return contents_; }
  /// Asks for the content of the file that has this stat now. path: absolute, readable by us.
  std::shared_ptr<Pending> later(const std::string& path, const os::FileStat& stat);
  /// Waits for one, or does it. nullopt: the file changed or went before it could be read.
  std::optional<core::ContentId> wait(const std::shared_ptr<Pending>& pending);
  /// Waits for all that was asked of this inode.
  void settle(std::uint64_t device, std::uint64_t inode);

 private:
  struct State;
  FileContents& contents_;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::trace
