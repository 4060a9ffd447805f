#pragma once

#include <cstdint>
#include <memory>

#include "provrun/snapshot/entry.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::snapshot {

struct TreeCounts {
  std::uint64_t files = 0;
  std::uint64_t directories = 0;  ///< without the root
  std::uint64_t symlinks = 0;
  std::uint64_t others = 0;  ///< fifos, sockets and devices
  std::uint64_t bytes = 0;   ///< sum of the files' sizes
  bool operator==(const TreeCounts&) const = default;
};

/// Builds the tree objects of a snapshot bottom-up from entries in path order, holding only the
/// directories that are open. Large directories are split by a content-defined boundary on names.
/// One thread.
class TreeWriter {
 public:
  explicit TreeWriter(store::WriteSession& session);
  ~TreeWriter();

  /// Entries in the order of path_less, each path once. A directory stands before what it holds;
  /// directories nobody added get mode 0755. Those, and directories with the mtime INT64_MIN, get
  /// the newest mtime of what they hold.
  /// Error(invalid_input) for a path that is out of order, absolute, or has an invalid component.
  void add(const Entry& entry);
  /// The root directory's object. Call once; nothing can be added afterwards.
  store::ChunkId finish();

  const TreeCounts& counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::snapshot
