#include "provrun/snapshot/restorer.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "entry_writer.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "tree_cursor.hpp"

namespace provrun::snapshot {

namespace {

// Small files are handed to a thread together, neighbours, so that threads do not meet in one
// folder or for one bundle. What waits keeps its folders open.
constexpr std::size_t kWaitingBatches = 24;
constexpr std::size_t kBatchFiles = 128;
constexpr std::size_t kBatchFolders = 8;
constexpr std::uint64_t kBatchBytes = 1 << 20;

bool is_damage(const base::Error& error) {
  return error.code() == base::ErrorCode::corruption || error.code() == base::ErrorCode::not_found;
}

// Threads that do what they are given, and remember the first failure.
class Workers {
 public:
  explicit Workers(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      queue_.clear();
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void add(std::function<void()> task) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return queue_.size() < kWaitingBatches || failure_; });
    if (failure_) std::rethrow_exception(failure_);
    queue_.push_back(std::move(task));
    lock.unlock();
    changed_.notify_all();
  }
  void settle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return (queue_.empty() && busy_ == 0) || failure_; });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return ended_ || (!queue_.empty() && !failure_); });
      if (ended_) return;
      auto task = std::move(queue_.front());
      queue_.pop_front();
      ++busy_;
      lock.unlock();
      std::exception_ptr failure;
      try {
        task();
        task = nullptr;  // what it holds ends here, not under the lock
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      --busy_;
      if (failure && !failure_) failure_ = failure;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::size_t busy_ = 0;
  bool ended_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

// Restores a tree. Directories are made when the first selected entry below them appears, so that a
// pattern does not leave empty ones, and get their mode and time when everything in them is there:
// each is held by its tasks and by those below it, and finished by the last that lets go.
class TreeRestorer {
 public:
  TreeRestorer(store::Repository& repository, const std::string& target,
               const RestoreOptions& options)
      : repository_(repository),
        options_(options),
        target_(target),
        matched_(options.patterns.size(), false),
        writer_(repository, options,
                options.owners ? EntryWriter::Ownership::restore : EntryWriter::Ownership::leave) {
    auto root = std::make_shared<Folder>(*this);
    if (!options.dry_run) {
      const bool made = !os::lstat_file(target);
      os::make_directories(target);
      root->directory.emplace(target);
      if (made) root->fresh = EntryWriter::fresh(*root->directory);
    } else if (os::stat_file(target)) {
      root->directory.emplace(target);
    }
    root->whole = options.patterns.empty();
    if (options.top != nullptr && options.patterns.empty()) root->entry = *options.top;
    open_.push_back(std::move(root));
    const auto cores = static_cast<unsigned>(os::available_cores());
    workers_.emplace(options.threads > 0 ? options.threads : std::max(cores, 1U));
  }

  RestoreReport run(const store::ChunkId& root) {
    os::allow_many_open_files();
    TreeCursor cursor(
        [&](const store::ChunkId& tree, const std::string& path) -> std::optional<std::string> {
          try {
            const auto bytes = repository_.read_chunk(tree);
            return std::string(bytes.begin(), bytes.end());
          } catch (const base::Error& error) {
            if (!is_damage(error)) throw;
            if (!open_.empty()) open_.back()->whole = false;  // not all its names are known
            problem(path.empty() ? "." : path, "its entries cannot be read: " + error.message(),
                    true);
            return std::nullopt;
          }
        },
        root);
    for (auto event = cursor.next(); event != TreeCursor::Event::end; event = cursor.next()) {
      if (options_.cancellation != nullptr) options_.cancellation->check();
      if (event == TreeCursor::Event::leave) {
        leave();
        continue;
      }
      restore_entry(cursor.entry());
    }
    hand_over();
    workers_->settle();
    leave();
    workers_->settle();
    for (std::size_t i = 0; i < matched_.size(); ++i)
      if (!matched_[i]) report_.unmatched_patterns.push_back(options_.patterns[i]);
    if (folder_failure_) std::rethrow_exception(folder_failure_);
    std::sort(report_.problems.begin(), report_.problems.end(),
              [](const auto& a, const auto& b) { return path_less(a.path, b.path); });
    writer_.fill(report_);
    return std::move(report_);
  }

 private:
  struct Folder {
    explicit Folder(TreeRestorer& r) : restorer(r) {}
    ~Folder() { restorer.finish(*this); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    TreeRestorer& restorer;
    std::optional<Entry> entry;               ///< with its whole path
    std::string name;                         ///< in its parent
    std::optional<os::Directory> directory;   ///< once something needed it
    std::optional<EntryWriter::Fresh> fresh;  ///< when it was made here
    bool complete = false;                    ///< the tree has been gone through to its end here
    bool whole = false;                       ///< all of it is restored
    bool missing = false;                     ///< of a dry run
    std::unordered_set<std::string> names;    ///< that the snapshot has, when others are removed
    std::shared_ptr<Folder> parent;
  };

  void problem(const std::string& path, const std::string& message, bool damage) {
    const std::lock_guard lock(mutex_);
    report_.problems.push_back({path, message, damage});
  }

  // Metadata of a directory, when nothing more happens in it.
  void finish(Folder& folder) {
    try {
      if (!folder.directory) return;
      if (options_.remove_others && folder.whole && folder.complete) remove_others(folder);
      if (!folder.entry || options_.dry_run) return;
      writer_.finish_directory(*folder.entry, *folder.directory);
    } catch (const base::Error& error) {
      problem(folder.entry ? folder.entry->path : target_, error.message(), false);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!folder_failure_) folder_failure_ = std::current_exception();
    }
  }

  void remove_others(Folder& folder) {
    const auto names = folder.directory->names();
    for (std::size_t at = 0; at < names.size();) {
      const std::string name = names.c_str() + at;
      at += name.size() + 1;
      if (folder.names.contains(name)) continue;
      {
        const std::lock_guard lock(mutex_);
        ++report_.removed;
      }
      if (!options_.dry_run) os::remove_entry(*folder.directory, name);
    }
  }

  void restore_entry(const Entry& entry) {
    const auto& path = entry.path;
    const auto name = path.substr(path.rfind('/') + 1);
    const bool wanted = selected(path);
    if (options_.remove_others) open_.back()->names.insert(name);
    if (entry.type == EntryType::directory) {
      auto folder = std::make_shared<Folder>(*this);
      folder->entry = entry;
      folder->name = name;
      folder->whole = wanted;
      folder->parent = open_.back();
      open_.push_back(std::move(folder));
      if (wanted) innermost_for(entry);
      return;
    }
    if (!wanted) return;
    const auto folder = innermost_for(entry);
    if (options_.dry_run) {
      const bool kept = entry.type == EntryType::file && folder->directory &&
                        writer_.has_content(entry, *folder->directory, name);
      done(entry, kept);
      return;
    }
    if (!entry.hard_link.empty() && link_to_first(entry, *folder, name)) return;
    if (entry.hard_link.empty() && entry.type == EntryType::file) {
      batch(entry, folder, name);
    } else if (write(entry, *folder, name) && !entry.hard_link.empty()) {
      first_names_[entry.hard_link] = path;
    }
  }

  void batch(const Entry& entry, const std::shared_ptr<Folder>& folder, const std::string& name) {
    if (batch_.empty() || batch_.back().folder != folder) ++batch_folders_;
    batch_bytes_ += entry.content.size;
    batch_.push_back({entry, folder, name});
    if (batch_.size() >= kBatchFiles || batch_bytes_ >= kBatchBytes ||
        batch_folders_ >= kBatchFolders)
      hand_over();
  }

  void hand_over() {
    if (batch_.empty()) return;
    workers_->add([this, files = std::exchange(batch_, {})]() mutable {
      for (auto& file : files) {
        write(file.entry, *file.folder, file.name);
        file.folder = nullptr;  // it may be finished with this one
      }
    });
    batch_bytes_ = 0;
    batch_folders_ = 0;
  }

  // Whether the file has a name already, and this one is made another of it.
  bool link_to_first(const Entry& entry, const Folder& folder, const std::string& name) {
    const auto first = first_names_.find(entry.hard_link);
    if (first == first_names_.end()) return false;
    try {
      auto parts = base::split(first->second, '/');
      const std::string last(parts.back());
      parts.pop_back();
      os::Directory at(target_);
      for (const auto part : parts) at = at.open_directory(std::string(part));
      writer_.link(at, last, *folder.directory, name);
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::conflict) throw;
      return false;  // a file of its own is better than none
    }
    done(entry, false);
    return true;
  }

  bool write(const Entry& entry, const Folder& folder, const std::string& name) {
    try {
      const auto* fresh = folder.fresh ? &*folder.fresh : nullptr;
      done(entry, writer_.write(entry, *folder.directory, name, fresh) == EntryWriter::Done::kept);
      return true;
    } catch (base::Error& error) {
      const bool fatal =
          error.code() == base::ErrorCode::conflict || error.code() == base::ErrorCode::no_space ||
          error.code() == base::ErrorCode::cancelled || error.code() == base::ErrorCode::internal;
      if (fatal) {
        error.add_context("cannot restore " + base::printable(entry.path));
        throw;
      }
      problem(entry.path, error.message(), is_damage(error));
      return false;
    }
  }

  void done(const Entry& entry, bool kept) {
    const std::lock_guard lock(mutex_);
    switch (entry.type) {
      case EntryType::file:
        ++report_.files;
        report_.bytes += entry.content.size;
        if (kept) ++report_.kept_files;
        break;
      case EntryType::symlink:
        ++report_.symlinks;
        break;
      default:
        ++report_.others;
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

  std::shared_ptr<Folder> innermost_for(const Entry& entry) {
    try {
      return innermost();
    } catch (base::Error& error) {
      error.add_context("cannot restore " + base::printable(entry.path));
      throw;
    }
  }

  std::shared_ptr<Folder> innermost() {
    for (std::size_t i = 1; i < open_.size(); ++i) {
      auto& folder = *open_[i];
      if (folder.directory || folder.missing) continue;
      const auto& outer = *open_[i - 1];
      if (options_.dry_run) {
        folder.missing = true;
        const auto stat = outer.directory ? outer.directory->lstat(folder.name) : std::nullopt;
        if (stat && stat->type == os::FileType::directory)
          folder.directory.emplace(outer.directory->open_directory(folder.name));
      } else {
        bool made = false;
        folder.directory.emplace(outer.directory->make_directory(folder.name, &made));
        if (made) folder.fresh = EntryWriter::fresh(*folder.directory);
      }
      const std::lock_guard lock(mutex_);
      ++report_.directories;
      if (options_.progress != nullptr) options_.progress->entry_done(*folder.entry);
    }
    return open_.back();
  }

  void leave() {
    open_.back()->complete = true;
    open_.pop_back();
  }

  store::Repository& repository_;
  const RestoreOptions& options_;
  const std::string target_;
  std::vector<bool> matched_;
  std::mutex mutex_;  ///< of the report and the progress
  RestoreReport report_;
  std::exception_ptr folder_failure_;
  EntryWriter writer_;
  std::unordered_map<std::string, std::string> first_names_;  ///< of files with several names
  std::vector<std::shared_ptr<Folder>> open_;
  struct WaitingFile {
    Entry entry;
    std::shared_ptr<Folder> folder;
    std::string name;
  };
  std::vector<WaitingFile> batch_;
  std::uint64_t batch_bytes_ = 0;
  std::size_t batch_folders_ = 0;
  std::optional<Workers> workers_;
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
  EntryWriter(repository, options, EntryWriter::Ownership::leave)
      .write(entry, directory, os::base_name(path));
  if (durability == os::Durability::synced) directory.sync();
}

RestoreReport restore_tree(store::Repository& repository, const store::ChunkId& root,
                           const std::string& directory, const RestoreOptions& options) {
  return TreeRestorer(repository, directory, options).run(root);
}

}  // namespace provrun::snapshot
