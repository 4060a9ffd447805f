#pragma once

#include <string>
#include <vector>

#include "provrun/snapshot/entry.hpp"
#include "provrun/store/repository.hpp"
#include "tree_cursor.hpp"

namespace provrun::snapshot {

/// What a snapshot has at paths that are asked for in order: goes through its tree once, and only
/// where something is asked for. What is damaged there counts as absent. One thread.
class PreviousEntries {
 public:
  PreviousEntries(store::Repository& repository, const store::ChunkId& root);
  /// paths in the order of path_less. The entry stays valid until the next call.
  const Entry* find(const std::string& path);

 private:
  void advance(bool into);

  TreeCursor cursor_;
  bool ended_ = false;
};

}  // namespace provrun::snapshot
