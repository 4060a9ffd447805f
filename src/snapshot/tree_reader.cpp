#include "provrun/snapshot/tree_reader.hpp"

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "tree_cursor.hpp"
#include "tree_line.hpp"

namespace provrun::snapshot {

namespace {

std::string read_tree(store::Repository& repository, const store::ChunkId& tree) {
  try {
    const auto bytes = repository.read_chunk(tree);
    return {bytes.begin(), bytes.end()};
  } catch (base::Error& error) {
    error.add_context("cannot read tree " + tree.to_hex().substr(0, 12));
    throw;
  }
}

// Calls for each line until the visitor returns false; false then.
template <typename Visit>
bool for_each_line(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos)
      throw base::Error(base::ErrorCode::corruption, "a tree ends within a line");
    if (!visit(text.substr(0, end))) return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

bool list_part(store::Repository& repository, const store::ChunkId& tree, int level,
               const std::function<bool(const Entry&)>& visit) {
  if (level > kMaximumLevels)
    throw base::Error(base::ErrorCode::corruption, "a tree has too many levels of parts");
  const auto text = read_tree(repository, tree);
  return for_each_line(text, [&](std::string_view line) {
    const auto parsed = parse_tree_line(line);
    if (const auto* part = std::get_if<TreePart>(&parsed))
      return list_part(repository, part->tree, level + 1, visit);
    return visit(std::get<Entry>(parsed));
  });
}

// Reads only the part that can hold the name: the last one whose first name is not after it.
std::optional<Entry> find_name(store::Repository& repository, store::ChunkId tree,
                               const std::string& name) {
  for (int level = 0; level <= kMaximumLevels; ++level) {
    const auto text = read_tree(repository, tree);
    std::optional<Entry> found;
    std::optional<store::ChunkId> next;
    for_each_line(text, [&](std::string_view line) {
      auto parsed = parse_tree_line(line);
      if (auto* part = std::get_if<TreePart>(&parsed)) {
        if (part->first_name > name) return false;
        next = part->tree;
        return true;
      }
      auto& entry = std::get<Entry>(parsed);
      if (entry.path < name) return true;
      if (entry.path == name) found = std::move(entry);
      return false;
    });
    if (!next) return found;
    tree = *next;
  }
  throw base::Error(base::ErrorCode::corruption, "a tree has too many levels of parts");
}

}  // namespace

bool list_tree(store::Repository& repository, const store::ChunkId& tree,
               const std::function<bool(const Entry&)>& visit) {
  return list_part(repository, tree, 0, visit);
}

void walk_tree(store::Repository& repository, const store::ChunkId& root,
               const std::function<Walk(const Entry&)>& visit) {
  TreeCursor cursor(
      [&](const store::ChunkId& tree, const std::string&) { return read_tree(repository, tree); },
      root);
  while (true) {
    const auto event = cursor.next();
    if (event == TreeCursor::Event::end) return;
    if (event == TreeCursor::Event::leave) continue;
    const auto next = visit(cursor.entry());
    if (next == Walk::stop) return;
    if (next == Walk::over) cursor.skip();
  }
}

std::optional<Entry> find_entry(store::Repository& repository, const store::ChunkId& root,
                                std::string_view path) {
  Entry entry{.path = {}, .type = EntryType::directory, .mode = 0755, .tree = root};
  for (const auto part : base::split(path, '/')) {
    if (part.empty()) continue;
    if (entry.type != EntryType::directory) return std::nullopt;
    auto child = find_name(repository, entry.tree, std::string(part));
    if (!child) return std::nullopt;
    child->path = entry.path.empty() ? child->path : entry.path + "/" + child->path;
    entry = std::move(*child);
  }
  return entry;
}

}  // namespace provrun::snapshot
