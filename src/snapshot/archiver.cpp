#include "provrun/snapshot/archiver.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "changed_walk.hpp"
#include "file_reader.hpp"
#include "previous_entries.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/random.hpp"
#include "resume_journal.hpp"
#include "source_walk.hpp"

namespace provrun::snapshot {

namespace {

constexpr std::size_t kWindow = 16'384;   // entries that wait for one before them to be read
constexpr std::size_t kGroupFiles = 256;  // small files read in one go
constexpr std::uint64_t kGroupBytes = store::kBundleSize;
constexpr std::size_t kWaitingGroups = 4;  // groups that wait for a reader

// What has been read is made certain to be found again after so much of it, or so long.
constexpr std::uint64_t kCheckpointBytes = std::uint64_t{1} << 30U;
constexpr std::chrono::seconds kCheckpointTime{30};

using Group = std::vector<std::shared_ptr<PendingFile>>;

// Threads that read groups of files.
class Readers {
 public:
  Readers(FileReader& reader, unsigned threads) : reader_(reader) {
    for (unsigned i = 0; i < std::max(threads, 1U); ++i) threads_.emplace_back([this] { work(); });
  }
  ~Readers() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      queue_.clear();
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  void add(Group group) {
    if (group.empty()) return;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return queue_.size() < kWaitingGroups || failure_; });
    if (failure_) std::rethrow_exception(failure_);
    queue_.push_back(std::move(group));
    changed_.notify_all();
  }
  bool is_ready(const PendingFile& file) {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    return file.ready;
  }
  // False when it takes longer than a moment.
  bool wait_for(const PendingFile& file) {
    std::unique_lock lock(mutex_);
    const bool ready = changed_.wait_for(lock, std::chrono::milliseconds(200),
                                         [&] { return file.ready || failure_; });
    if (failure_) std::rethrow_exception(failure_);
    return ready;
  }
  // Returns when nothing is being read.
  void settle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return (queue_.empty() && busy_ == 0) || failure_; });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return ended_ || !queue_.empty(); });
      if (ended_) return;
      const auto group = std::move(queue_.front());
      queue_.pop_front();
      ++busy_;
      changed_.notify_all();
      lock.unlock();
      std::exception_ptr failure;
      try {
        reader_.read(group);
      } catch (...) {
        failure = std::current_exception();
      }
      for (const auto& file : group) file->directory.reset();
      lock.lock();
      --busy_;
      if (failure && !failure_) failure_ = failure;
      for (const auto& file : group) file->ready = true;
      changed_.notify_all();
    }
  }

  FileReader& reader_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Group> queue_;
  std::size_t busy_ = 0;
  bool ended_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

bool unchanged(const os::FileStat& stat, const Entry& previous) {
  return previous.type == EntryType::file && !previous.changed && previous.ctime_ns != 0 &&
         previous.content.size == stat.size && previous.mtime_ns == stat.mtime_ns &&
         previous.ctime_ns == stat.ctime_ns && previous.inode == stat.inode;
}

// Names of one file: the first is read, the others get what it got.
class HardLinks {
 public:
  struct Link {
    std::string group;
    bool first = false;
  };
  /// Groups get names that no other snapshot has.
  void name_apart() { prefix_ = os::random_hex(8) + ":"; }
  Link meet(const os::FileStat& stat) {
    const auto [device, added] = devices_.try_emplace(stat.device, devices_.size());
    const Key key{stat.device, stat.inode};
    auto& known = known_[key];
    const bool first = known.seen++ == 0;
    return {prefix_ + std::to_string(device->second) + ":" + std::to_string(stat.inode), first};
  }
  void store(const os::FileStat& stat, const Entry* entry) {
    auto& known = known_[{stat.device, stat.inode}];
    if (entry != nullptr) known.entry = std::make_unique<Entry>(*entry);
  }
  // What the first name got; nullptr when it was not stored.
  const Entry* of(const os::FileStat& stat) {
    return known_[{stat.device, stat.inode}].entry.get();
  }
  // When all names of a file have been seen it can be forgotten.
  void done(const os::FileStat& stat) {
    const auto at = known_.find({stat.device, stat.inode});
    if (at != known_.end() && ++at->second.done >= stat.links) known_.erase(at);
  }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  struct Hash {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::uint64_t>{}(key.second * 0x9E3779B97F4A7C15U + key.first);
    }
  };
  struct Known {
    std::uint64_t seen = 0;
    std::uint64_t done = 0;
    std::unique_ptr<Entry> entry;
  };
  std::unordered_map<Key, Known, Hash> known_;
  std::string prefix_;
  std::unordered_map<std::uint64_t, std::size_t> devices_;
};

class Archiver {
 public:
  Archiver(store::WriteSession* session, store::Repository* repository,
           const ArchiveSelection& selection, const ArchiveOptions& options)
      : session_(session), options_(options), walk_(selection) {
    if (options.parent) previous_.emplace(*repository, *options.parent);
    if (options.parent && options.changed) {
      // Groups of the parent go on in entries that are kept: none may be taken for another.
      links_.name_apart();
      changed_.emplace(selection, *options.changed, *repository, *options.parent,
                       [session](const Entry& entry) {
                         return session == nullptr || entry.type != EntryType::file ||
                                session->has_all(entry.content);
                       });
    }
    if (session == nullptr) return;
    tree_.emplace(*session);
    reader_.emplace(*session, options);
    const auto cores = static_cast<unsigned>(os::available_cores());
    readers_.emplace(*reader_, options.threads > 0 ? options.threads : cores);
    journal_.emplace(options.resume_directory);
  }

  ArchiveReport run() {
    try {
      go();
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::cancelled) save();
      throw;
    }
    return std::move(report_);
  }

 private:
  void go() {
    if (changed_) {
      using Event = ChangedWalk::Event;
      for (auto event = changed_->next(); event != Event::end; event = changed_->next()) {
        if (event == Event::problem) report_.problems.push_back(changed_->problem());
        if (event == Event::kept) keep(changed_->kept());
        if (event == Event::entry) take(changed_->found());
        go_on();
      }
    } else {
      using Event = SourceWalk::Event;
      for (auto event = walk_.next(); event != Event::end; event = walk_.next()) {
        if (event == Event::problem) report_.problems.push_back(walk_.problem());
        if (event == Event::entry) take(walk_.found());
        go_on();
      }
    }
    close_group();
    settle(0);
    finish();
  }

  void go_on() {
    if (options_.cancellation != nullptr) options_.cancellation->check();
    settle(kWindow);
  }

  void take(const Found& found) {
    try {
      meet(found);
    } catch (const base::Error& error) {
      if (!source_error_) throw;
      report_.problems.push_back({found.disk_path(), error.message()});
    }
    source_error_ = false;
  }

  // An entry of the parent that nobody said has changed.
  void keep(const Entry& entry) {
    auto file = std::make_shared<PendingFile>();
    file->entry = entry;
    file->state = PendingFile::State::stored;
    if (entry.type == EntryType::file) ++report_.unmodified_files;
    window_.push_back({std::move(file), std::nullopt, false, false});
  }

  // Leaves what has been read for the next backup, as far as that is possible.
  void save() {
    if (session_ == nullptr) return;
    readers_.reset();
    try {
      for (const auto& waiting : window_) {
        if (!waiting.file->ready) continue;
        if (waiting.file->state == PendingFile::State::stored)
          journal_->record(waiting.file->entry);
      }
      journal_->flush();
      session_->checkpoint();
    } catch (const base::Error&) {
      // Then the next one reads again what was not certain to be stored.
    }
  }

  void checkpoint_when_due() {
    const auto bytes = reader_->bytes_read();
    const auto now = os::steady_now();
    if (bytes - saved_bytes_ < kCheckpointBytes && now - saved_ < kCheckpointTime) return;
    if (bytes == saved_bytes_) return;
    readers_->settle();
    session_->checkpoint();
    journal_->flush();
    saved_bytes_ = bytes;
    saved_ = os::steady_now();
  }

  struct Waiting {
    std::shared_ptr<PendingFile> file;   ///< entry, and its content when it is there
    std::optional<os::FileStat> linked;  ///< one of several names
    bool first_name = false;
    bool wait = false;  ///< for the readers
  };

  void meet(const Found& found) {
    const bool is_file = found.stat.type == os::FileType::regular && !found.implied;
    source_error_ = true;  // until the entry is made, errors are the source's
    auto file = std::make_shared<PendingFile>();
    file->entry = entry_of(found, owners_);
    source_error_ = false;
    file->stat = found.stat;
    file->state = PendingFile::State::stored;
    Waiting waiting{file, std::nullopt, false, false};
    if (found.stat.links > 1 && found.stat.type != os::FileType::directory && !found.implied) {
      const auto link = links_.meet(found.stat);
      file->entry.hard_link = link.group;
      waiting.linked = found.stat;
      waiting.first_name = link.first;
    }
    if (is_file) meet_file(found, waiting);
    window_.push_back(std::move(waiting));
  }

  void meet_file(const Found& found, Waiting& waiting) {
    auto& file = *waiting.file;
    const auto* previous = previous_ ? previous_->find(found.path) : nullptr;
    if (previous != nullptr && unchanged(found.stat, *previous) &&
        (session_ == nullptr || session_->has_all(previous->content))) {
      file.entry.content = previous->content;
      file.entry.attributes = previous->attributes;
      ++report_.unmodified_files;
      return;
    }
    ++(previous != nullptr ? report_.changed_files : report_.new_files);
    const auto* resumed = journal_ ? journal_->find(found.path) : nullptr;
    if (resumed != nullptr && unchanged(found.stat, *resumed) &&
        session_->has_all(resumed->content)) {
      file.entry.content = resumed->content;
      file.entry.attributes = resumed->attributes;
      ++report_.resumed_files;
      return;
    }
    if (session_ == nullptr) {
      report_.read_bytes += found.stat.size;
      file.entry.content.size = found.stat.size;
      return;
    }
    if (waiting.linked && !waiting.first_name) return;
    if (previous != nullptr && previous->type == EntryType::file) file.previous = previous->content;
    file.directory = found.directory;
    file.name = found.name;
    file.state = PendingFile::State::reading;
    waiting.wait = true;
    if (found.stat.size > store::kBundledFileLimit) {
      readers_->add({waiting.file});
      return;
    }
    group_.push_back(waiting.file);
    group_bytes_ += found.stat.size;
    if (group_.size() >= kGroupFiles || group_bytes_ >= kGroupBytes) close_group();
  }

  void close_group() {
    if (readers_) readers_->add(std::move(group_));
    group_.clear();
    group_bytes_ = 0;
  }

  // Hands what is ready to the tree, and waits until at most so many entries are left.
  void settle(std::size_t most) {
    while (!window_.empty()) {
      auto& front = window_.front();
      if (front.wait && !readers_->is_ready(*front.file)) {
        if (window_.size() <= most) return;
        close_group();
        while (!readers_->wait_for(*front.file)) tell();
      }
      store(front);
      window_.pop_front();
    }
  }

  void store(Waiting& waiting) {
    auto& file = *waiting.file;
    if (waiting.linked && file.entry.type == EntryType::file) {
      if (waiting.first_name) {
        links_.store(*waiting.linked,
                     file.state == PendingFile::State::stored ? &file.entry : nullptr);
      } else if (const auto* first = links_.of(*waiting.linked)) {
        auto group = std::move(file.entry.hard_link);
        auto path = std::move(file.entry.path);
        file.entry = *first;
        file.entry.hard_link = std::move(group);
        file.entry.path = std::move(path);
      } else {
        file.state = PendingFile::State::failed;
        file.problem = "another name of the same file could not be read";
      }
    }
    if (waiting.linked) links_.done(*waiting.linked);
    if (file.state == PendingFile::State::failed)
      report_.problems.push_back({file.entry.path, file.problem});
    if (file.state != PendingFile::State::stored) return;
    if (file.entry.changed)
      report_.unsteady.push_back({file.entry.path, "it changed while it was read"});
    if (tree_) {
      if (waiting.wait) {
        journal_->record(file.entry);
        checkpoint_when_due();
      }
      tree_->add(file.entry);
    } else {
      count(file.entry);
    }
    if (file.entry.type == EntryType::file) {
      ++progress_.files;
      progress_.bytes += file.entry.content.size;
    }
    if (options_.progress && ++told_ % 64 == 0) tell();
  }

  void count(const Entry& entry) {
    auto& counts = report_.counts;
    switch (entry.type) {
      case EntryType::file:
        ++counts.files;
        counts.bytes += entry.content.size;
        break;
      case EntryType::directory:
        ++counts.directories;
        break;
      case EntryType::symlink:
        ++counts.symlinks;
        break;
      default:
        ++counts.others;
    }
  }

  void tell() {
    if (!options_.progress) return;
    progress_.read_bytes = reader_ ? reader_->bytes_read() : 0;
    options_.progress(progress_);
  }

  void finish() {
    report_.excluded = changed_ ? changed_->excluded() : walk_.excluded();
    if (const auto& top = changed_ ? changed_->top() : walk_.top()) {
      try {
        report_.top = entry_of(*top, owners_);
      } catch (const base::Error& error) {
        report_.problems.push_back({top->disk_path(), error.message()});
      }
    }
    tell();
    if (!tree_) return;
    report_.root = tree_->finish();
    report_.counts = tree_->counts();
    report_.read_bytes = reader_->bytes_read();
  }

  store::WriteSession* session_;
  const ArchiveOptions& options_;
  SourceWalk walk_;
  std::optional<ChangedWalk> changed_;  ///< instead of walk_
  std::optional<PreviousEntries> previous_;
  std::optional<TreeWriter> tree_;
  os::Owners owners_;
  HardLinks links_;
  std::deque<Waiting> window_;
  Group group_;
  std::uint64_t group_bytes_ = 0;
  bool source_error_ = false;
  ArchiveProgress progress_;
  std::uint64_t told_ = 0;
  ArchiveReport report_;
  std::optional<ResumeJournal> journal_;
  std::uint64_t saved_bytes_ = 0;
  std::chrono::nanoseconds saved_ = os::steady_now();
  std::optional<FileReader> reader_;
  std::optional<Readers> readers_;  ///< last: its threads end first
};

}  // namespace

ArchiveReport archive(store::WriteSession& session, store::Repository& repository,
                      const ArchiveSelection& selection, const ArchiveOptions& options) {
  return Archiver(&session, &repository, selection, options).run();
}

ArchiveReport survey(store::Repository* repository, const ArchiveSelection& selection,
                     const ArchiveOptions& options) {
  return Archiver(nullptr, repository, selection, options).run();
}

void forget_interrupted(const std::string& resume_directory) {
  if (!resume_directory.empty()) os::remove_tree(resume_directory);
}

void count_sources(const ArchiveSelection& selection, const base::Cancellation& cancellation,
                   const std::function<void(std::uint64_t, std::uint64_t)>& counted) {
  SourceWalk walk(selection);
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  for (auto event = walk.next(); event != SourceWalk::Event::end; event = walk.next()) {
    if (cancellation.requested()) return;
    if (event == SourceWalk::Event::problem || walk.found().implied ||
        walk.found().stat.type != os::FileType::regular)
      continue;
    ++files;
    bytes += walk.found().stat.size;
  }
  counted(files, bytes);
}

}  // namespace provrun::snapshot
