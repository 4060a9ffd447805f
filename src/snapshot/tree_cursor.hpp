#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tree_line.hpp"

namespace provrun::snapshot {

/// Goes through a tree in path order, holding one tree object for each open directory. It does not
/// recurse, so depth is bounded by memory alone.
class TreeCursor {
 public:
  /// Reads a tree object; path is the directory's. nullopt steps over it.
  using Read =
      std::function<std::optional<std::string>(const store::ChunkId&, const std::string& path)>;
  enum class Event {
    entry,  ///< entry() is the next one; if it is a directory, what it holds follows, then leave
    leave,  ///< everything in the directory entry() has been gone through
    end
  };

  TreeCursor(Read read, const store::ChunkId& root);

  /// Throws Error(corruption) for an invalid line; the next call goes on behind that tree object.
  Event next();
  /// With its whole path.
  const Entry& entry() const { return entry_; }
  /// After an entry that is a directory: do not go into it. No leave follows.
  void skip() { enter_ = false; }

 private:
  struct Frame {
    std::string text;
    std::size_t position = 0;
    bool part = false;  ///< of the directory of the frame below
    Entry directory;
  };
  void push(const store::ChunkId& tree, bool part, Entry directory);
  const std::string& directory_path() const;

  Read read_;
  std::vector<Frame> frames_;
  Entry entry_;
  bool enter_ = false;
};

}  // namespace provrun::snapshot
