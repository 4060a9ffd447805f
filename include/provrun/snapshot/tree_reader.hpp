#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "provrun/snapshot/entry.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::snapshot {

/// How deep the parts of one directory's tree go: three levels hold 10^9 names.
inline constexpr int kMaximumLevels = 16;

enum class Walk { into, over, stop };  ///< go into this directory, step over it, end the walk

/// Calls for every entry of one directory, in name order, reading one part of it at a time.
/// entry.path is the bare name. Returns false as soon as the visitor does.
bool list_tree(store::Repository& repository, const store::ChunkId& tree,
               const std::function<bool(const Entry&)>& visit);

/// Calls for every entry below the root in path order, parents first; entry.path is the whole path.
/// What the visitor returns matters for directories (into, over) and stop.
void walk_tree(store::Repository& repository, const store::ChunkId& root,
               const std::function<Walk(const Entry&)>& visit);

/// The entry at the path ("a/b/c"; repeated and trailing slashes are fine), reading only the parts
/// on the way. nullopt when there is none. The empty path is the root: a directory entry with path
/// "".
std::optional<Entry> find_entry(store::Repository& repository, const store::ChunkId& root,
                                std::string_view path);

}  // namespace provrun::snapshot
