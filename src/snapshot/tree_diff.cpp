#include "provrun/snapshot/tree_diff.hpp"

#include <unordered_map>
#include <utility>

#include "provrun/base/error.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "tree_line.hpp"
#include "tree_text.hpp"

namespace provrun::snapshot {

namespace {

constexpr std::size_t kMaximumFolders = 1 << 20;  // one in another

// The lines of one directory in order; parts are opened only when asked to.
class Lines {
 public:
  Lines(store::Repository& repository, const store::ChunkId& tree) : repository_(&repository) {
    open(tree);
  }
  Lines() = default;

  // nullptr at the end.
  const TreeLine* front() {
    while (!line_ && !texts_.empty()) {
      auto& [text, at] = texts_.back();
      if (at == text.size()) {
        texts_.pop_back();
        continue;
      }
      auto rest = std::string_view(text).substr(at);
      const auto before = rest.size();
      line_ = parse_tree_line(take_line(rest));
      at += before - rest.size();
    }
    return line_ ? &*line_ : nullptr;
  }
  void drop() { line_.reset(); }
  void open_part() {
    const auto tree = std::get<TreePart>(*line_).tree;
    line_.reset();
    open(tree);
  }

 private:
  void open(const store::ChunkId& tree) {
    if (texts_.size() >= static_cast<std::size_t>(kMaximumLevels))
      throw base::Error(base::ErrorCode::corruption, "a tree has too many levels of parts");
    texts_.emplace_back(read_tree_text(*repository_, tree), 0);
  }

  store::Repository* repository_ = nullptr;
  std::vector<std::pair<std::string, std::size_t>> texts_;
  std::optional<TreeLine> line_;
};

const std::string& name_of(const TreeLine& line) {
  if (const auto* part = std::get_if<TreePart>(&line)) return part->first_name;
  return std::get<Entry>(line).path;
}

class Comparison {
 public:
  Comparison(store::Repository& left, store::Repository& right,
             const std::function<void(const TreeChange&)>& visit, FolderTimes folder_times)
      : left_(left), right_(right), visit_(visit), folder_times_(folder_times) {}

  void run(const store::ChunkId& before, const store::ChunkId& after) {
    if (before == after) return;
    folders_.push_back({Lines(left_, before), Lines(right_, after), ""});
    while (!folders_.empty()) {
      auto& folder = folders_.back();
      const auto* a = folder.before.front();
      const auto* b = folder.after.front();
      if (a == nullptr && b == nullptr) {
        folders_.pop_back();
        continue;
      }
      step(folder, a, b);
    }
  }

 private:
  struct Folder {
    Lines before;
    Lines after;
    std::string prefix;
  };

  void step(Folder& folder, const TreeLine* a, const TreeLine* b) {
    const auto* part_a = a != nullptr ? std::get_if<TreePart>(a) : nullptr;
    const auto* part_b = b != nullptr ? std::get_if<TreePart>(b) : nullptr;
    if (part_a != nullptr && part_b != nullptr && part_a->tree == part_b->tree) {
      folder.before.drop();
      folder.after.drop();
      return;
    }
    const int order = a == nullptr ? 1 : b == nullptr ? -1 : name_of(*a).compare(name_of(*b));
    if (part_a != nullptr && order <= 0) return folder.before.open_part();
    if (part_b != nullptr && order >= 0) return folder.after.open_part();
    if (order < 0) {
      auto entry = take(folder.before, *a, folder.prefix);
      only_one(left_, std::move(entry), Change::removed);
    } else if (order > 0) {
      auto entry = take(folder.after, *b, folder.prefix);
      only_one(right_, std::move(entry), Change::added);
    } else {
      auto before = take(folder.before, *a, folder.prefix);
      auto after = take(folder.after, *b, folder.prefix);
      both(std::move(before), std::move(after));
    }
  }

  static Entry take(Lines& lines, const TreeLine& line, const std::string& prefix) {
    Entry entry = std::get<Entry>(line);
    entry.path.insert(0, prefix);
    lines.drop();
    return entry;
  }

  void only_one(store::Repository& repository, Entry entry, Change change) {
    const auto report = [&](Entry one) {
      TreeChange found;
      found.change = change;
      (change == Change::added ? found.after : found.before) = std::move(one);
      visit_(found);
    };
    const bool folder = entry.type == EntryType::directory;
    const auto tree = entry.tree;
    const auto prefix = entry.path + "/";
    report(std::move(entry));
    if (!folder) return;
    walk_tree(repository, tree, [&](const Entry& below) {
      auto one = below;
      one.path.insert(0, prefix);
      report(std::move(one));
      return Walk::into;
    });
  }

  void both(Entry before, Entry after) {
    if (before.type != after.type) {
      // What lay in a folder that became something else is gone, and the other way round.
      const bool was_folder = before.type == EntryType::directory;
      const bool is_folder = after.type == EntryType::directory;
      TreeChange found{Change::kind, before, after, {}};
      visit_(found);
      const auto below = [&](store::Repository& repository, const Entry& folder, Change change) {
        const auto prefix = folder.path + "/";
        list_tree(repository, folder.tree, [&](const Entry& child) {
          auto one = child;
          one.path.insert(0, prefix);
          only_one(repository, std::move(one), change);
          return true;
        });
      };
      if (was_folder) below(left_, before, Change::removed);
      if (is_folder) below(right_, after, Change::added);
      return;
    }
    auto fields = differing_fields(before, after);
    if (!same_links(before, after)) fields.emplace_back("links");
    const bool folder = before.type == EntryType::directory;
    const bool only_time = folder && folder_times_ == FolderTimes::leave_out &&
                           fields.size() == 1 && fields[0] == "modified";
    if (!fields.empty() && !only_time) {
      const bool content = fields.front() == "content" || fields.front() == "target";
      visit_({content ? Change::content : Change::metadata, before, after, std::move(fields)});
    }
    if (!folder || before.tree == after.tree) return;
    if (folders_.size() >= kMaximumFolders)
      throw base::Error(base::ErrorCode::corruption, "a tree has no end");
    folders_.push_back({Lines(left_, before.tree), Lines(right_, after.tree), before.path + "/"});
  }

  // Groups of hard links are named anew in each snapshot: what counts is that one group of the one
  // side is one group of the other.
  bool same_links(const Entry& before, const Entry& after) {
    const auto& a = before.hard_link;
    const auto& b = after.hard_link;
    if (a.empty() || b.empty()) return a.empty() == b.empty();
    return links_after_.try_emplace(a, b).first->second == b &&
           links_before_.try_emplace(b, a).first->second == a;
  }

  store::Repository& left_;
  store::Repository& right_;
  const std::function<void(const TreeChange&)>& visit_;
  FolderTimes folder_times_;
  std::vector<Folder> folders_;
  std::unordered_map<std::string, std::string> links_after_, links_before_;
};

}  // namespace

std::vector<std::string> differing_fields(const Entry& before, const Entry& after) {
  std::vector<std::string> fields;
  const auto compare = [&](const char* name, bool same) {
    if (!same) fields.emplace_back(name);
  };
  if (before.type == EntryType::file)
    compare("content",
            before.content.id == after.content.id && before.content.size == after.content.size);
  if (before.type == EntryType::symlink) compare("target", before.target == after.target);
  compare("mode", before.mode == after.mode);
  compare("owner", before.uid == after.uid && before.user == after.user);
  compare("group", before.gid == after.gid && before.group == after.group);
  compare("modified", before.mtime_ns == after.mtime_ns);
  compare("attributes", before.attributes == after.attributes);
  compare("device",
          before.device_major == after.device_major && before.device_minor == after.device_minor);
  return fields;
}

void diff_trees(store::Repository& repository, const store::ChunkId& before,
                const store::ChunkId& after, const std::function<void(const TreeChange&)>& visit) {
  Comparison(repository, repository, visit, FolderTimes::leave_out).run(before, after);
}

void diff_trees(store::Repository& repository_before, const store::ChunkId& before,
                store::Repository& repository_after, const store::ChunkId& after,
                const std::function<void(const TreeChange&)>& visit, FolderTimes folder_times) {
  Comparison(repository_before, repository_after, visit, folder_times).run(before, after);
}

}  // namespace provrun::snapshot
