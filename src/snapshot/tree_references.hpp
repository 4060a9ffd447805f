#pragma once

#include <string_view>

#include "provrun/store/content.hpp"

namespace provrun::snapshot {

/// Told what a tree object refers to.
class ReferenceSink {
 public:
  virtual ~ReferenceSink() = default;
  virtual void chunk(const store::ChunkId& id) = 0;
  virtual void list(const store::ChunkId& id, int levels) = 0;
  virtual void tree(const store::ChunkId& id) = 0;
};

/// Reads only the references of a tree's lines, about ten times as fast as parsing the entries.
/// Error(corruption) for anything it is not sure of: what is not known to be unneeded is needed.
void read_references(std::string_view tree, ReferenceSink& sink);

/// The same of a list object of so many levels (1: a list of chunks); holes are left out.
void read_list_references(std::string_view list, ReferenceSink& sink, int levels);

}  // namespace provrun::snapshot
