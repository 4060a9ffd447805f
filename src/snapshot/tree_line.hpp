#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "provrun/snapshot/entry.hpp"

namespace provrun::snapshot {

/// A line that stands for the entries of another tree object, the first of which has this name:
///   {"n":NAME,"t":"+","d":TREE}
struct TreePart {
  std::string first_name;
  store::ChunkId tree;
};
using TreeLine = std::variant<Entry, TreePart>;

void append_part_line(std::string& out, std::string_view first_name, const store::ChunkId& tree);
/// Throws Error(corruption), or Error(unsupported) for a type of entry that is not known.
TreeLine parse_tree_line(std::string_view line);

}  // namespace provrun::snapshot
