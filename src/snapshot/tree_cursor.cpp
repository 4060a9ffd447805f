#include "tree_cursor.hpp"

#include <utility>

#include "provrun/base/error.hpp"

namespace provrun::snapshot {

namespace {
constexpr std::size_t kMaximumFrames = 1 << 20;  // a tree of parts that names itself never ends
}

TreeCursor::TreeCursor(Read read, const store::ChunkId& root) : read_(std::move(read)) {
  push(root, false, Entry{.path = {}, .type = EntryType::directory, .tree = root});
}

const std::string& TreeCursor::directory_path() const {
  return frames_.back().directory.path;
}

void TreeCursor::push(const store::ChunkId& tree, bool part, Entry directory) {
  if (frames_.size() >= kMaximumFrames)
    throw base::Error(base::ErrorCode::corruption, "a tree has no end");
  auto text = read_(tree, directory.path);
  frames_.push_back({std::move(text).value_or(std::string()), 0, part, std::move(directory)});
}

TreeCursor::Event TreeCursor::next() {
  if (std::exchange(enter_, false)) push(entry_.tree, false, entry_);
  while (!frames_.empty()) {
    auto& frame = frames_.back();
    if (frame.position == frame.text.size()) {
      const bool part = frame.part;
      entry_ = std::move(frame.directory);
      frames_.pop_back();
      if (part) continue;
      return frames_.empty() ? Event::end : Event::leave;
    }
    const auto rest = std::string_view(frame.text).substr(frame.position);
    const auto end = rest.find('\n');
    TreeLine line;
    try {
      if (end == std::string_view::npos)
        throw base::Error(base::ErrorCode::corruption, "a tree ends within a line");
      line = parse_tree_line(rest.substr(0, end));
    } catch (...) {
      frame.position = frame.text.size();
      throw;
    }
    frame.position += end + 1;
    if (const auto* part = std::get_if<TreePart>(&line)) {
      push(part->tree, true, frame.directory);
      continue;
    }
    entry_ = std::move(std::get<Entry>(line));
    if (!directory_path().empty()) entry_.path = directory_path() + "/" + entry_.path;
    enter_ = entry_.type == EntryType::directory;
    return Event::entry;
  }
  return Event::end;
}

}  // namespace provrun::snapshot
