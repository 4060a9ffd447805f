#pragma once

#include <string>
#include <string_view>

#include "provrun/base/error.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::snapshot {

/// A tree object's text; the error names it.
inline std::string read_tree_text(store::Repository& repository, const store::ChunkId& tree) {
  try {
    const auto bytes = repository.read_chunk(tree);
    return {bytes.begin(), bytes.end()};
  } catch (base::Error& error) {
    error.add_context("cannot read tree " + tree.to_hex().substr(0, 12));
    throw;
  }
}

/// Takes the first line off the text; Error(corruption) when it does not end.
inline std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos)
    throw base::Error(base::ErrorCode::corruption, "a tree ends within a line");
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace provrun::snapshot
