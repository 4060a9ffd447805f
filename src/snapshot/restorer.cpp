#include "provrun/snapshot/restorer.hpp"

#include <optional>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/directory.hpp"
#include "provrun/os/random.hpp"
#include "tree_cursor.hpp"

namespace provrun::snapshot {

namespace {

// A name in the directory that is removed again unless it was published.
class TemporaryName {
 public:
  explicit TemporaryName(const os::Directory& directory)
      : directory_(directory), name_(".provrun-" + os::random_hex(8)) {}
  ~TemporaryName() {
    try {
      if (!name_.empty()) directory_.remove_file(name_);
    } catch (const base::Error&) {
      // It is reported already: this runs only after another error.
    }
  }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  const std::string& name() const { return name_; }

  void publish(const std::string& name, Overwrite overwrite) {
    if (overwrite == Overwrite::yes) {
      directory_.rename(name_, name);
      name_.clear();
    } else if (!directory_.link(name_, name)) {
      throw base::Error(base::ErrorCode::conflict,
                        base::printable(os::join_path(directory_.path(), name)) + " exists already")
          .hint("restore into another directory, or allow overwriting");
    }
  }

 private:
  const os::Directory& directory_;
  std::string name_;
};

void write_file(store::Repository& repository, const Entry& entry, const os::Directory& directory,
                const std::string& name, const RestoreOptions& options) {
  const auto path = os::join_path(directory.path(), name);
  TemporaryName temporary(directory);
  const auto file = directory.create_new_file(temporary.name());
  repository.read_content(entry.content, [&](std::span<const std::uint8_t> bytes) {
    os::write_all(file, bytes, path);
    if (options.progress != nullptr) options.progress->bytes_done(bytes.size());
    if (options.cancellation != nullptr) options.cancellation->check();
  });
  os::set_mode(file, entry.mode, path);
  os::set_mtime(file, entry.mtime_ns, path);
  if (options.durability == os::Durability::synced) os::sync_file(file, path);
  temporary.publish(name, options.overwrite);
}

void write_symlink(const Entry& entry, const os::Directory& directory, const std::string& name,
                   Overwrite overwrite) {
  TemporaryName temporary(directory);
  directory.make_symlink(entry.target, temporary.name());
  directory.set_mtime(temporary.name(), entry.mtime_ns);
  temporary.publish(name, overwrite);
}

// Restores a tree. Directories are made when the first selected entry below them appears, so that a
// pattern does not leave empty ones, and get their mode and time when everything in them is there.
class TreeRestorer {
 public:
  TreeRestorer(store::Repository& repository, const std::string& target,
               const RestoreOptions& options)
      : repository_(repository), options_(options), matched_(options.patterns.size(), false) {
    open_.push_back({.entry = {}, .directory = os::Directory(target)});
  }

  RestoreReport run(const store::ChunkId& root) {
    TreeCursor cursor(
        [&](const store::ChunkId& tree, const std::string&) {
          const auto bytes = repository_.read_chunk(tree);
          return std::string(bytes.begin(), bytes.end());
        },
        root);
    for (auto event = cursor.next(); event != TreeCursor::Event::end; event = cursor.next()) {
      if (options_.cancellation != nullptr) options_.cancellation->check();
      try {
        if (event == TreeCursor::Event::leave) {
          close_directory(cursor.entry().path);
        } else {
          restore_entry(cursor.entry());
        }
      } catch (base::Error& error) {
        error.add_context("cannot restore " + base::printable(cursor.entry().path));
        throw;
      }
    }
    for (std::size_t i = 0; i < matched_.size(); ++i)
      if (!matched_[i]) report_.unmatched_patterns.push_back(options_.patterns[i]);
    if (options_.durability == os::Durability::synced) open_.front().directory->sync();
    return std::move(report_);
  }

 private:
  struct OpenDirectory {
    Entry entry;                             ///< path is the bare name
    std::optional<os::Directory> directory;  ///< once something needed it
  };

  void restore_entry(const Entry& entry) {
    const auto& path = entry.path;
    const auto name = path.substr(path.rfind('/') + 1);
    const bool wanted = selected(path);
    if (entry.type == EntryType::directory) {
      open_.push_back({.entry = entry, .directory = std::nullopt});
      open_.back().entry.path = name;
      if (wanted) innermost();
      return;
    }
    if (!wanted) return;
    const auto& directory = innermost();
    if (entry.type == EntryType::file) {
      write_file(repository_, entry, directory, name, options_);
      ++report_.files;
      report_.bytes += entry.content.size;
    } else {
      write_symlink(entry, directory, name, options_.overwrite);
      ++report_.symlinks;
    }
    if (options_.progress != nullptr) options_.progress->entry_done(entry);
  }

  bool selected(const std::string& path) {
    if (options_.patterns.empty()) return true;
    bool any = false;
    for (std::size_t i = 0; i < options_.patterns.size(); ++i)
      if (pattern_selects(options_.patterns[i], path)) any = matched_[i] = true;
    return any;
  }

  const os::Directory& innermost() {
    for (std::size_t i = 1; i < open_.size(); ++i)
      if (!open_[i].directory)
        open_[i].directory.emplace(open_[i - 1].directory->make_directory(open_[i].entry.path));
    return *open_.back().directory;
  }

  void close_directory(const std::string& path) {
    auto& closing = open_.back();
    if (closing.directory) {
      closing.directory->set_own_mode(closing.entry.mode);
      closing.directory->set_own_mtime(closing.entry.mtime_ns);
      if (options_.durability == os::Durability::synced) closing.directory->sync();
      ++report_.directories;
      closing.entry.path = path;
      if (options_.progress != nullptr) options_.progress->entry_done(closing.entry);
    }
    open_.pop_back();
  }

  store::Repository& repository_;
  const RestoreOptions& options_;
  std::vector<bool> matched_;
  std::vector<OpenDirectory> open_;
  RestoreReport report_;
};

}  // namespace

void restore_file(store::Repository& repository, const Entry& entry, const std::string& path,
                  Overwrite overwrite, os::Durability durability) {
  if (entry.type == EntryType::directory)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::printable(entry.path) + " is a directory in the snapshot");
  const os::Directory directory(os::parent_path(path));
  RestoreOptions options;
  options.overwrite = overwrite;
  options.durability = durability;
  const auto name = os::base_name(path);
  if (entry.type == EntryType::file) {
    write_file(repository, entry, directory, name, options);
  } else {
    write_symlink(entry, directory, name, overwrite);
  }
  if (durability == os::Durability::synced) directory.sync();
}

RestoreReport restore_tree(store::Repository& repository, const store::ChunkId& root,
                           const std::string& directory, const RestoreOptions& options) {
  os::make_directories(directory);
  return TreeRestorer(repository, directory, options).run(root);
}

}  // namespace provrun::snapshot
