#include "provrun/snapshot/checker.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "provrun/base/error.hpp"
#include "tree_line.hpp"
#include "tree_text.hpp"

namespace provrun::snapshot {

namespace {

constexpr std::size_t kMaximumDepth = 1 << 20;  // a tree that holds itself cannot be, by its hash

bool is_bad_content(const base::Error& error) {
  return error.code() == base::ErrorCode::corruption ||
         error.code() == base::ErrorCode::not_found ||
         error.code() == base::ErrorCode::unsupported ||
         error.code() == base::ErrorCode::invalid_input;
}

class Check {
 public:
  Check(store::Repository& repository, const store::PackSet& present, const store::PackSet& suspect,
        const std::function<void(std::uint64_t)>& progress, const base::Cancellation* cancellation)
      : repository_(repository),
        present_(present),
        suspect_(suspect),
        progress_(progress),
        cancellation_(cancellation) {}

  SnapshotsReport run() {
    std::vector<std::pair<SnapshotName, store::ChunkId>> roots;
    for (const auto& name : list_snapshots(repository_)) {
      try {
        roots.emplace_back(name, load_manifest(repository_, name).root);
        ++report_.snapshots;
      } catch (const base::Error& error) {
        if (!is_bad_content(error)) throw;
        if (!repository_.backend().size_of(name.object_name())) continue;  // forgotten meanwhile
        report_.damage.push_back({name.object_name(), error.message(), {}, 0, {name.id}});
      }
    }
    for (const auto& [name, root] : roots) look(root);
    if (damage_of_.empty()) return std::move(report_);
    for (const auto& [name, root] : roots) blame(name.id, root);
    return std::move(report_);
  }

 private:
  struct Frame {
    store::ChunkId tree;
    std::string text;
    std::size_t at = 0;
    std::string folder;  // used by blame() alone
    bool dirty = false;
  };

  std::optional<std::string> read(const store::ChunkId& tree) {
    try {
      return read_tree_text(repository_, tree);
    } catch (const base::Error& error) {
      if (!is_bad_content(error)) throw;
      note(tree, "tree", error.message());
      return std::nullopt;
    }
  }

  // Goes below a tree once, whichever snapshot it is of; remembers whether anything is damaged
  // there.
  void look(const store::ChunkId& root) {
    std::vector<Frame> stack;
    const auto enter = [&](const store::ChunkId& tree) {
      if (const auto known = dirty_.find(tree); known != dirty_.end()) {
        if (known->second && !stack.empty()) stack.back().dirty = true;
        return;
      }
      if (stack.size() > kMaximumDepth)
        throw base::Error(base::ErrorCode::corruption, "a tree has no end");
      if (cancellation_ != nullptr) cancellation_->check();
      if (progress_ && ++report_.trees % 64 == 0) progress_(report_.trees);
      auto text = read(tree);
      const bool damaged = !text.has_value();
      stack.push_back({tree, std::move(text).value_or(std::string()), 0, {}, damaged});
    };
    enter(root);
    while (!stack.empty()) {
      auto& frame = stack.back();
      if (frame.at == frame.text.size()) {
        const bool dirty = frame.dirty;
        dirty_[frame.tree] = dirty;
        stack.pop_back();
        if (dirty && !stack.empty()) stack.back().dirty = true;
        continue;
      }
      const auto line = next(frame);
      if (!line) continue;
      if (const auto* part = std::get_if<TreePart>(&*line)) {
        enter(part->tree);
        continue;
      }
      const auto& entry = std::get<Entry>(*line);
      if (entry.type == EntryType::directory) {
        enter(entry.tree);
      } else if (entry.type == EntryType::file) {
        ++report_.files;
        if (!needs_of(entry).empty()) frame.dirty = true;
      }
    }
  }

  // nullopt when the rest of the tree is no tree.
  std::optional<TreeLine> next(Frame& frame) {
    try {
      auto rest = std::string_view(frame.text).substr(frame.at);
      const auto before = rest.size();
      auto line = parse_tree_line(take_line(rest));
      frame.at += before - rest.size();
      return line;
    } catch (const base::Error& error) {
      if (!is_bad_content(error)) throw;
      note(frame.tree, "tree", error.message());
      frame.dirty = true;
      frame.at = frame.text.size();
      return std::nullopt;
    }
  }

  // The numbers of the damage that the file's content meets.
  std::set<std::size_t> needs_of(const Entry& entry) {
    std::set<std::size_t> needs;
    try {
      repository_.for_each_chunk(entry.content, [&](const store::ChunkId& id, std::uint64_t) {
        if (const auto damage = chunk(id)) needs.insert(*damage);
      });
    } catch (const base::Error& error) {
      if (!is_bad_content(error)) throw;
      const auto id = entry.content.list.value_or(store::ChunkId{entry.content.id.digest});
      needs.insert(note(id, entry.content.list ? "list" : "content", error.message()));
    }
    return needs;
  }

  std::optional<std::size_t> chunk(const store::ChunkId& id) {
    if (!damage_of_.empty())
      if (const auto known = damage_of_.find(id); known != damage_of_.end()) return known->second;
    const auto locations = repository_.index().find(id);
    for (const auto& location : locations)
      if (present_.contains(location.pack) && !suspect_.contains(location.pack))
        return std::nullopt;
    if (readable_.contains(id)) return std::nullopt;
    try {
      repository_.read_chunk(id);
      readable_.insert(id);
      return std::nullopt;
    } catch (const base::Error& error) {
      if (!is_bad_content(error)) throw;
      if (locations.empty()) return note(id, "chunk", error.message());
      // What is damaged is the pack; its chunks would be a list nobody can use.
      const auto& pack = locations.front().pack;
      const auto number = by_pack_.find(pack);
      if (number != by_pack_.end()) {
        damage_of_.emplace(id, number->second);
        return number->second;
      }
      const auto made = note(id, "pack", error.message());
      report_.damage[made].object = pack.object_name();
      report_.damage[made].problem = present_.contains(pack) ? "it is damaged: " + error.message()
                                                             : std::string("it is missing");
      by_pack_.emplace(pack, made);
      return made;
    }
  }

  std::size_t note(const store::ChunkId& id, const char* kind, const std::string& problem) {
    const auto [at, added] = damage_of_.emplace(id, report_.damage.size());
    if (added)
      report_.damage.push_back({std::string(kind) + " " + id.to_hex(), problem, {}, 0, {}});
    return at->second;
  }

  void blame_file(std::size_t damage, const std::string& path, const SnapshotId& snapshot) {
    auto& one = report_.damage[damage];
    if (one.snapshots.empty() || one.snapshots.back() != snapshot)
      one.snapshots.push_back(snapshot);
    if (!named_.emplace(damage, path).second) return;
    if (one.files.size() < kNamedFiles) {
      one.files.push_back(path);
    } else {
      ++one.files_omitted;
      named_.erase({damage, path});
    }
  }

  // Goes only where something is damaged.
  void blame(const SnapshotId& snapshot, const store::ChunkId& root) {
    std::vector<Frame> stack;
    const auto enter = [&](const store::ChunkId& tree, const std::string& folder) {
      const auto known = dirty_.find(tree);
      if (known == dirty_.end() || !known->second) return;
      if (const auto own = damage_of_.find(tree); own != damage_of_.end())
        blame_file(own->second, folder.empty() ? "." : folder.substr(0, folder.size() - 1),
                   snapshot);
      if (auto text = read(tree)) stack.push_back({tree, std::move(*text), 0, folder, false});
    };
    enter(root, "");
    while (!stack.empty()) {
      auto& frame = stack.back();
      if (frame.at == frame.text.size()) {
        stack.pop_back();
        continue;
      }
      const auto line = next(frame);
      if (!line) continue;
      if (const auto* part = std::get_if<TreePart>(&*line)) {
        const auto folder = frame.folder;
        enter(part->tree, folder);
        continue;
      }
      const auto& entry = std::get<Entry>(*line);
      const auto path = frame.folder + entry.path;
      if (entry.type == EntryType::directory) {
        enter(entry.tree, path + "/");
      } else if (entry.type == EntryType::file) {
        for (const auto damage : needs_of(entry)) blame_file(damage, path, snapshot);
      }
    }
  }

  store::Repository& repository_;
  const store::PackSet& present_;
  const store::PackSet& suspect_;
  const std::function<void(std::uint64_t)>& progress_;
  const base::Cancellation* cancellation_;
  SnapshotsReport report_;
  std::unordered_map<store::ChunkId, bool> dirty_;  ///< trees; whether damage is below
  std::unordered_map<store::ChunkId, std::size_t> damage_of_;
  std::unordered_map<store::PackId, std::size_t> by_pack_;
  std::unordered_set<store::ChunkId> readable_;  ///< in suspect packs
  std::set<std::pair<std::size_t, std::string>> named_;
};

}  // namespace

SnapshotsReport check_snapshots(store::Repository& repository, const store::PackSet& present,
                                const store::PackSet& suspect,
                                const std::function<void(std::uint64_t trees)>& progress,
                                const base::Cancellation* cancellation) {
  return Check(repository, present, suspect, progress, cancellation).run();
}

}  // namespace provrun::snapshot
