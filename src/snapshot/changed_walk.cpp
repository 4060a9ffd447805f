#include "changed_walk.hpp"

#include <algorithm>
#include <utility>

#include "provrun/base/error.hpp"

namespace provrun::snapshot {

namespace {

// Whether the path is the folder or lies in it; "" and "/" hold everything.
bool within(std::string_view path, std::string_view folder) {
  if (folder.empty() || folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string join(const std::string& folder, std::string_view rest) {
  if (folder.empty()) return std::string(rest);
  if (rest.empty()) return folder;
  return folder + "/" + std::string(rest);
}

std::string_view rest_of(std::string_view path, std::string_view folder) {
  path.remove_prefix(folder == "/" ? 0 : folder.size());
  while (path.starts_with('/')) path.remove_prefix(1);
  return path;
}

}  // namespace

ChangedWalk::ChangedWalk(const ArchiveSelection& selection, const std::vector<std::string>& changed,
                         store::Repository& repository, const store::ChunkId& root, Intact intact)
    : selection_(selection),
      inner_selection_(selection),
      intact_(std::move(intact)),
      cursor_(
          [&repository](const store::ChunkId& tree, const std::string&) {
            try {
              const auto bytes = repository.read_chunk(tree);
              return std::optional(std::string(bytes.begin(), bytes.end()));
            } catch (const base::Error& error) {
              throw base::Error(error.code(),
                                "the snapshot to compare with is damaged: " + error.message())
                  .hint("without --changed-from everything is looked at");
            }
          },
          root) {
  for (const auto& source : selection.sources) {
    items_.push_back({source.stored_as, source.path, false, true});
    for (const auto& path : changed) add_items(source, path);
  }
  // Each path once, as a whole if it was named; nothing below such a one.
  std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
    if (a.path != b.path) return path_less(a.path, b.path);
    return a.whole > b.whole;
  });
  std::vector<Item> once;
  for (auto& item : items_) {
    if (!once.empty() && (once.back().path == item.path ||
                          (once.back().whole && within(item.path, once.back().path))))
      continue;
    once.push_back(std::move(item));
  }
  items_ = std::move(once);
  advance(true);
}

void ChangedWalk::add_items(const ArchiveSource& source, const std::string& changed) {
  if (within(source.path, changed)) {
    items_.push_back({source.stored_as, source.path, true, true});
    return;
  }
  if (!within(changed, source.path)) return;
  const auto rest = std::string(rest_of(changed, source.path));
  for (std::size_t end = 0; end != std::string::npos; ++end) {
    end = rest.find('/', end);
    const auto part = rest.substr(0, end);
    items_.push_back({join(source.stored_as, part), os::join_path(source.path, part),
                      end == std::string::npos, false});
    if (end == std::string::npos) break;
  }
}

std::optional<ChangedWalk::Item> ChangedWalk::item_of(const std::string& path) const {
  for (const auto& source : selection_.sources)
    if (within(path, source.stored_as)) {
      const auto rest = rest_of(path, source.stored_as);
      if (rest.empty()) return Item{path, source.path, true, true};
      return Item{path, os::join_path(source.path, rest), true, false};
    }
  return std::nullopt;
}

void ChangedWalk::advance(bool into) {
  if (!into) cursor_.skip();
  auto event = cursor_.next();
  while (event == TreeCursor::Event::leave) event = cursor_.next();
  ended_ = event == TreeCursor::Event::end;
}

const ChangedWalk::Item* ChangedWalk::next_item() {
  while (item_ < items_.size() && !dropped_.empty() && within(items_[item_].path, dropped_))
    ++item_;
  return item_ < items_.size() ? &items_[item_] : nullptr;
}

// Whether an entry that nobody said has changed stays: by the sources and rules of today.
bool ChangedWalk::keeps(const Entry& entry) const {
  for (const auto& source : selection_.sources) {
    if (within(source.stored_as, entry.path)) return true;  // on the way to it, or itself
    if (!within(entry.path, source.stored_as)) continue;
    auto disk = os::join_path(source.path, rest_of(entry.path, source.stored_as));
    disk.erase(0, disk.find_first_not_of('/'));
    const bool folder = entry.type == EntryType::directory;
    if (selection_.excludes.decide(disk, folder).value_or(false)) return false;
    return !(selection_.exclude_larger_than && entry.type == EntryType::file &&
             entry.content.size > *selection_.exclude_larger_than);
  }
  return false;
}

// folder: found_ tells of it, and what the snapshot has in it counts.
ChangedWalk::Seen ChangedWalk::look(const Item& item) {
  try {
    const auto stat = os::lstat_file(item.disk);
    if (!stat) {
      if (!item.source) return Seen::gone;
      problem_ = {item.disk, "there is no such file or folder"};
      return Seen::problem;
    }
    const bool folder = stat->type == os::FileType::directory;
    const auto own = std::pair(stat->device, stat->inode);
    if (std::find(selection_.own.begin(), selection_.own.end(), own) != selection_.own.end()) {
      ++excluded_;
      return Seen::gone;
    }
    if (!item.source) {
      auto path = std::string_view(item.disk);
      while (path.starts_with('/')) path.remove_prefix(1);
      const bool large = selection_.exclude_larger_than && stat->type == os::FileType::regular &&
                         stat->size > *selection_.exclude_larger_than;
      if (large || selection_.excludes.decide(path, folder).value_or(false)) {
        ++excluded_;
        return Seen::gone;
      }
    }
    if (!folder || item.whole) return Seen::walk;
    found_ = {};
    found_.path = item.path;
    found_.name = os::base_name(item.disk);
    found_.stat = *stat;
    found_.is_source_directory = true;
    found_.directory = std::make_shared<os::Directory>(item.disk);
    return Seen::folder;
  } catch (const base::Error& error) {
    problem_ = {item.disk, error.message()};
    return Seen::problem;
  }
}

void ChangedWalk::walk(const Item& item) {
  inner_selection_.sources = {{item.disk, item.path}};
  inner_ = std::make_unique<SourceWalk>(inner_selection_);
}

ChangedWalk::Event ChangedWalk::next() {
  while (true) {
    if (inner_) {
      switch (inner_->next()) {
        case SourceWalk::Event::entry:
          if (inner_->found().implied) continue;
          found_ = inner_->found();
          return Event::entry;
        case SourceWalk::Event::problem:
          problem_ = inner_->problem();
          return Event::problem;
        case SourceWalk::Event::end:
          excluded_ += inner_->excluded();
          if (inner_->top()) top_ = inner_->top();
          inner_.reset();
      }
    }
    const auto* at = next_item();
    if (at == nullptr && ended_) return Event::end;
    const auto order = [&] {
      if (at == nullptr) return 1;
      if (ended_ || at->path.empty()) return -1;
      if (at->path == cursor_.entry().path) return 0;
      return path_less(at->path, cursor_.entry().path) ? -1 : 1;
    }();
    if (order > 0) {
      const auto& entry = cursor_.entry();
      if (!keeps(entry)) {
        ++excluded_;
        advance(false);
        continue;
      }
      if (!intact_(entry)) {
        if (auto item = item_of(entry.path)) {
          items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(item_), std::move(*item));
          continue;
        }
      }
      kept_ = entry;
      advance(true);
      return Event::kept;
    }
    const Item item = *at;
    ++item_;
    const auto seen = look(item);
    const bool folder = seen == Seen::folder;
    if (!folder) dropped_ = item.path;
    if (item.path.empty()) {
      // The root itself: all of it, or what was named in it.
      if (!folder) ended_ = true, item_ = items_.size();
    } else if (order == 0) {
      advance(folder && cursor_.entry().type == EntryType::directory);
    }
    if (seen == Seen::walk) walk(item);
    if (seen == Seen::problem) return Event::problem;
    if (!folder) continue;
    if (item.path.empty()) {
      top_ = found_;
      continue;
    }
    return Event::entry;
  }
}

}  // namespace provrun::snapshot
