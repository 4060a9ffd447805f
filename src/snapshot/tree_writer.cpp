#include "provrun/snapshot/tree_writer.hpp"

#include <algorithm>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/hash/sha256.hpp"
#include "tree_line.hpp"

namespace provrun::snapshot {

namespace {

constexpr std::size_t kMinimumLines = 256;
constexpr std::size_t kMaximumLines = 4096;
constexpr std::size_t kMaximumBytes = 4 << 20;

// Whether a tree object may end after this name: one name in 1024.
bool ends_part(std::string_view name) {
  const auto digest = hash::sha256(name);
  return digest.bytes[0] == 0 && (digest.bytes[1] & 3U) == 0;
}

}  // namespace

struct TreeWriter::State {
  explicit State(store::WriteSession& s) : session(s) {}

  // The lines of one level of one directory: level 0 holds entries, level n+1 the parts of level n.
  struct Level {
    std::string text = {};
    std::string first_name = {};
    std::size_t lines = 0;
    bool split = false;  ///< something was closed before
  };
  struct Directory {
    Entry entry;  ///< its line in the parent; path is the whole path
    bool implied = false;
    std::string last_name;
    std::vector<Level> levels;
  };

  store::WriteSession& session;
  std::vector<Directory> open;  ///< the root first
  TreeCounts counts;
  bool finished = false;

  store::ChunkId store_tree(const std::string& text) {
    return session.put_object({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                              store::ChunkKind::tree);
  }

  // One level below may come into being, so levels are addressed by number.
  template <typename Append>
  void add_line(Directory& directory, std::size_t level, std::string_view name,
                const Append& append) {
    if (directory.levels.size() <= level) directory.levels.resize(level + 1);
    auto& lines = directory.levels[level];
    if (lines.lines == 0) lines.first_name = name;
    append(lines.text);
    ++lines.lines;
    const bool full = lines.lines >= kMaximumLines || lines.text.size() >= kMaximumBytes;
    if (full || (lines.lines >= kMinimumLines && ends_part(name))) close_part(directory, level);
  }

  void close_part(Directory& directory, std::size_t level) {
    const auto tree = store_tree(directory.levels[level].text);
    const auto first = std::move(directory.levels[level].first_name);
    directory.levels[level] = Level{.split = true};
    add_line(directory, level + 1, first,
             [&](std::string& text) { append_part_line(text, first, tree); });
  }

  // A level that was never closed holds everything, and is the directory's object; one part alone
  // needs no level above it.
  store::ChunkId close_levels(Directory& directory) {
    for (std::size_t level = 0; level < directory.levels.size(); ++level) {
      if (!directory.levels[level].split) {
        const auto& lines = directory.levels[level];
        return level > 0 && lines.lines == 1 ? only_part(lines) : store_tree(lines.text);
      }
      if (directory.levels[level].lines > 0) close_part(directory, level);
    }
    return store_tree({});  // an empty directory
  }

  // The tree of a level with a single part line.
  static store::ChunkId only_part(const Level& lines) {
    const auto line = std::string_view(lines.text).substr(0, lines.text.size() - 1);
    return std::get<TreePart>(parse_tree_line(line)).tree;
  }

  void close_directory() {
    auto directory = std::move(open.back());
    open.pop_back();
    directory.entry.tree = close_levels(directory);
    if (directory.entry.mtime_ns == INT64_MIN) directory.entry.mtime_ns = 0;
    auto& parent = open.back();
    if (parent.implied)
      parent.entry.mtime_ns = std::max(parent.entry.mtime_ns, directory.entry.mtime_ns);
    auto line = std::move(directory.entry);
    line.path = base_name(line.path);
    add_line(parent, 0, line.path, [&](std::string& text) { append_entry_line(text, line); });
    ++counts.directories;
  }

  static std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  // Whether the path lies below the innermost open directory.
  bool below_innermost(std::string_view path) const {
    const auto& directory = open.back().entry.path;
    return directory.empty() || (path.size() > directory.size() && path[directory.size()] == '/' &&
                                 path.starts_with(directory));
  }

  void take_name(std::string_view name, std::string_view path) {
    auto& last = open.back().last_name;
    if (!is_valid_name(name))
      throw base::Error(base::ErrorCode::invalid_input,
                        "'" + base::printable(path) + "' cannot be stored: it is no relative path");
    if (!last.empty() && last >= name)
      throw base::Error(base::ErrorCode::invalid_input,
                        "'" + base::printable(path) + "' is out of order, or there twice");
    last = name;
  }

  void open_directory(Entry entry, bool implied) {
    open.push_back({.entry = std::move(entry), .implied = implied, .last_name = {}, .levels = {}});
  }
};

TreeWriter::TreeWriter(store::WriteSession& session) : state_(std::make_unique<State>(session)) {
  state_->open_directory(Entry{.path = {}, .type = EntryType::directory, .mode = 0755}, true);
}
TreeWriter::~TreeWriter() = default;

void TreeWriter::add(const Entry& entry) {
  auto& s = *state_;
  if (s.finished) throw base::Error(base::ErrorCode::internal, "this tree is finished already");
  const std::string_view path = entry.path;
  while (!s.below_innermost(path)) s.close_directory();
  while (true) {
    const auto& outer = s.open.back().entry.path;
    const auto begin = outer.empty() ? 0 : outer.size() + 1;
    const auto slash = path.find('/', begin);
    if (slash == std::string_view::npos) {
      s.take_name(path.substr(begin), path);
      break;
    }
    s.take_name(path.substr(begin, slash - begin), path);
    s.open_directory(Entry{.path = std::string(path.substr(0, slash)),
                           .type = EntryType::directory,
                           .mode = 0755,
                           .mtime_ns = INT64_MIN},
                     true);
  }
  if (s.open.back().implied)
    s.open.back().entry.mtime_ns = std::max(s.open.back().entry.mtime_ns, entry.mtime_ns);
  if (entry.type == EntryType::directory) {
    s.open_directory(entry, entry.mtime_ns == INT64_MIN);
    return;
  }
  if (entry.type == EntryType::file) {
    ++s.counts.files;
    s.counts.bytes += entry.content.size;
  } else if (entry.type == EntryType::symlink) {
    ++s.counts.symlinks;
  } else {
    ++s.counts.others;
  }
  const auto name = s.open.back().last_name;
  Entry line = entry;
  line.path = name;
  s.add_line(s.open.back(), 0, name, [&](std::string& text) { append_entry_line(text, line); });
}

store::ChunkId TreeWriter::finish() {
  auto& s = *state_;
  if (s.finished) throw base::Error(base::ErrorCode::internal, "this tree is finished already");
  s.finished = true;
  while (s.open.size() > 1) s.close_directory();
  return s.close_levels(s.open.back());
}

const TreeCounts& TreeWriter::counts() const {
  return state_->counts;
}

}  // namespace provrun::snapshot
