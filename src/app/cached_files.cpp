#include "provrun/app/cached_files.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/state.hpp"
#include "provrun/core/links.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/random.hpp"

namespace provrun::app {

namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
// The longest tick from which Linux takes file times (100 Hz), and the resolution of FAT and of old
// network file systems, whose times have no fraction.
constexpr std::int64_t kTick = 10 * kMillisecond;
constexpr std::int64_t kCoarseResolution = 2000 * kMillisecond;
constexpr std::size_t kReadSize = 1 << 20;

// How long after its last change a file must be read for its times to prove that it is unchanged.
std::int64_t safe_distance(const os::FileStat& stat) {
  const bool whole_seconds =
      stat.mtime_ns % 1'000'000'000 == 0 && stat.ctime_ns % 1'000'000'000 == 0;
  return whole_seconds ? kCoarseResolution : kTick;
}

bool is_racy(const os::FileStat& stat, base::Timestamp read_at) {
  return read_at.nanoseconds - std::max(stat.mtime_ns, stat.ctime_ns) < safe_distance(stat);
}

[[noreturn]] void wrong_kind(const std::string& path, const char* is, const char* expected) {
  throw base::Error(base::ErrorCode::invalid_input,
                    base::format("{} is {}, declared is {}", base::printable(path), is, expected));
}

}  // namespace

CachedFiles::CachedFiles(std::string root, catalog::State* state, std::string aside,
                         std::function<void(const std::string&)> notice, std::string unfinished)
    : root_(std::move(root)),
      state_(state),
      aside_(std::move(aside)),
      unfinished_(unfinished.empty() ? aside_ : std::move(unfinished)),
      notice_(std::move(notice)) {}

CachedFiles::~CachedFiles() = default;

std::string CachedFiles::absolute(const std::string& path) const {
  return os::join_path(root_, path);
}

bool CachedFiles::is_own(const std::string& directory, std::string_view name) const {
  return name == ".provrun" && os::normalize_path(directory) == root_;
}

core::ContentId CachedFiles::content_of(const std::string& absolute_path,
                                        const os::FileStat& stat) {
  if (const auto content = known_content(stat)) return *content;
  if (state_ != nullptr)
    if (const auto content = state_->find_file(stat)) {
      learn_settled(stat, *content);
      return *content;
    }

  // A file that keeps changing while it is read has no content that one could name.
  constexpr int kAttempts = 3;
  if (buffer_.empty()) buffer_.resize(kReadSize);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto read_at = os::file_clock_now();
    const auto file = os::open_for_reading(absolute_path);
    const auto before = os::stat_of(file, absolute_path);
    hash::Sha256 hasher;
    std::uint64_t size = 0;
    while (const auto n = os::read_some(file, buffer_, absolute_path)) {
      hasher.update(std::span(buffer_.data(), n));
      size += n;
      if (n < buffer_.size() && size == before.size) break;
    }
    const auto after = os::stat_of(file, absolute_path);
    bytes_read_ += size;
    if (before != after || size != after.size) continue;
    ++files_read_;
    const core::ContentId content{hasher.finish()};
    learn(after, content, read_at, absolute_path);
    return content;
  }
  throw base::Error(base::ErrorCode::conflict,
                    base::format("{} changes while it is read", base::printable(absolute_path)));
}

std::optional<core::ContentId> CachedFiles::known_content(const os::FileStat& stat) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find({stat.device, stat.inode});
  if (found == known_.end() || found->second.stat != stat) return std::nullopt;
  return found->second.content;
}

void CachedFiles::learn(const os::FileStat& stat, const core::ContentId& content,
                        base::Timestamp read_at, const std::string& absolute_path) {
  const std::lock_guard lock(mutex_);
  const bool racy = is_racy(stat, read_at) && !fine_timestamps(stat.device);
  known_[{stat.device, stat.inode}] = {stat, content, racy, true,
                                       racy ? absolute_path : std::string()};
}

void CachedFiles::learn_settled(const os::FileStat& stat, const core::ContentId& content) {
  const std::lock_guard lock(mutex_);
  known_[{stat.device, stat.inode}] = {stat, content, false, false, {}};
}

std::optional<core::PathState> CachedFiles::identify(const std::string& path, core::PathKind kind) {
  const auto full = absolute(path);
  auto stat = os::lstat_file(full);
  const bool link = stat && stat->type == os::FileType::symlink;
  if (link) stat = os::stat_file(full);
  if (!stat) {
    seen_.erase(path);
    return std::nullopt;
  }
  if (kind == core::PathKind::directory) {
    if (stat->type != os::FileType::directory)
      wrong_kind(path, "no directory", "one (it ends in '/')");
    return identify_directory(path);
  }
  if (stat->type == os::FileType::directory)
    wrong_kind(path, "a directory", "a file (a directory's path ends in '/')");
  if (stat->type != os::FileType::regular) wrong_kind(path, "no regular file", "one");
  core::Artifact artifact;
  artifact.path = path;
  artifact.content = content_of(full, *stat);
  const auto known = [&] {
    const std::lock_guard lock(mutex_);
    return known_.at({stat->device, stat->inode}).stat;
  }();
  artifact.size = known.size;
  artifact.mode = known.mode | (link ? core::kLinkMode : 0);
  seen_[path] = known;
  return core::PathState{artifact.content, {std::move(artifact)}};
}

// A link inside of a directory: the file that it leads to, or itself.
core::Artifact CachedFiles::identify_link(const std::string& path, const std::string& target) {
  const auto full = absolute(path);
  std::optional<os::FileStat> stat;
  try {
    stat = os::stat_file(full);
  } catch (const base::Error&) {
    stat.reset();  // a circle of links, or a place one may not look into
  }
  core::Artifact artifact{path, {hash::sha256(target)}, target.size(), 0777 | core::kLinkMode};
  if (stat && stat->type == os::FileType::regular) {
    artifact.content = content_of(full, *stat);
    artifact.size = stat->size;
    artifact.mode = stat->mode | core::kLinkMode;
    seen_[path] = *stat;
  }
  return artifact;
}

// A directory's content is the SHA-256 of one line per entry, sorted by path: its kind, the path
// relative to the directory, and the content id or the link's target, separated by NUL.
core::PathState CachedFiles::identify_directory(const std::string& path) {
  return state_of(contents_of(path));
}

CachedFiles::Contents CachedFiles::contents_of(const std::string& path) {
  Contents state;
  auto& lines = state.lines;
  const std::function<void(const std::string&)> visit = [&](const std::string& relative) {
    bool empty = true;
    for (const auto& entry : os::list_directory(absolute(os::join_path(path, relative)))) {
      if (is_own(absolute(os::join_path(path, relative)), entry.name)) continue;
      empty = false;
      const auto name = relative.empty() ? entry.name : relative + "/" + entry.name;
      const auto file_path = path + "/" + name;
      const auto full = absolute(file_path);
      const auto stat = os::lstat_file(full);
      if (!stat) continue;
      if (stat->type == os::FileType::directory) {
        lines.emplace_back(name, "d");
        visit(name);
      } else if (stat->type == os::FileType::symlink) {
        const auto target = os::read_symlink(full);
        lines.emplace_back(name, "l" + target);
        state.files.push_back(identify_link(file_path, target));
      } else if (stat->type == os::FileType::regular) {
        core::Artifact artifact{file_path, content_of(full, *stat), stat->size, stat->mode};
        lines.emplace_back(name, "f" + artifact.content.digest.to_hex());
        seen_[file_path] = *stat;
        state.files.push_back(std::move(artifact));
      } else {
        wrong_kind(file_path, "no regular file", "a directory of files");
      }
    }
    if (!empty) return;
    const auto itself = relative.empty() ? path : path + "/" + relative;
    if (const auto stat = os::stat_file(absolute(itself)))
      state.files.push_back({itself + "/", {hash::sha256("")}, 0, stat->mode});
  };
  visit("");
  auto& found = found_below_[path];
  found.clear();
  for (const auto& file : state.files)
    if (seen_.contains(file.path)) found.insert(file.path);
  return state;
}

core::PathState CachedFiles::state_of(Contents contents) {
  core::PathState state;
  state.files = std::move(contents.files);
  auto& lines = contents.lines;
  std::sort(lines.begin(), lines.end());
  hash::Sha256 hasher;
  for (const auto& [name, what] : lines) {
    hasher.update(std::string_view(what).substr(0, 1));
    hasher.update(name);
    hasher.update(std::string_view("\0", 1));
    hasher.update(std::string_view(what).substr(1));
    hasher.update(std::string_view("\0", 1));
  }
  state.content = core::ContentId{hasher.finish()};
  std::sort(state.files.begin(), state.files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return state;
}

std::string CachedFiles::relative_to_root(const std::string& absolute_path) const {
  return absolute_path.starts_with(root_ + "/") ? absolute_path.substr(root_.size() + 1)
                                                : absolute_path;
}

bool CachedFiles::unchanged(const std::string& path, core::PathKind kind) {
  if (kind == core::PathKind::file) {
    const auto found = seen_.find(path);
    const auto stat = os::stat_file(absolute(path));
    return found != seen_.end() && stat && found->second == *stat;
  }
  // Files of an earlier state of the directory may have been seen, too.
  const auto& found = found_below_[path];
  for (const auto& file : found) {
    const auto now = os::stat_file(absolute(file));
    if (!now || *now != seen_[file]) return false;
  }
  std::size_t present = 0;
  const std::function<void(const std::string&)> count = [&](const std::string& directory) {
    for (const auto& entry : os::list_directory(directory)) {
      const auto child = os::join_path(directory, entry.name);
      if (is_own(directory, entry.name)) continue;
      const auto stat = os::lstat_file(child);
      if (stat && stat->type == os::FileType::directory) count(child);
      if (stat &&
          (stat->type == os::FileType::regular ||
           (stat->type == os::FileType::symlink && found.contains(relative_to_root(child)))))
        ++present;
    }
  };
  count(absolute(path));
  return found.size() == present;
}

void CachedFiles::make_parents(const std::string& absolute_path) {
  const auto parent = os::parent_path(absolute_path);
  if (!made_directories_.insert(parent).second && os::stat_file(parent)) return;
  os::make_directories(parent);
}

void CachedFiles::prepare_output(const std::string& path, core::PathKind kind,
                                 const std::vector<core::Artifact>& known) {
  const auto full = absolute(path);
  const auto stat = os::lstat_file(full);
  if (stat) {
    // Only what an execution is known to have made, unchanged, may go: anything else may be
    // somebody's work.
    bool ours = false;
    const bool is_directory = stat->type == os::FileType::directory;
    if (is_directory == (kind == core::PathKind::directory) &&
        (is_directory || stat->type == os::FileType::regular ||
         stat->type == os::FileType::symlink)) {
      std::optional<core::PathState> state;
      try {
        state = identify(path, kind);
      } catch (const base::Error&) {
        state.reset();  // what cannot be read cannot be told to be ours
      }
      ours = state && std::all_of(state->files.begin(), state->files.end(), [&](const auto& file) {
               return std::any_of(known.begin(), known.end(), [&](const auto& artifact) {
                 return artifact.path == file.path && artifact.content == file.content;
               });
             });
      // A link whose file went first, as outputs are removed one by one. It holds no bytes of its
      // own.
      if (!state && stat->type == os::FileType::symlink)
        ours = std::any_of(known.begin(), known.end(), [&](const auto& artifact) {
          return artifact.path == path && core::is_link(artifact);
        });
    }
    if (ours) {
      os::remove_tree(full);
    } else {
      const auto where = move_to(path, aside_);
      if (!where.empty())
        notice_(base::format("{} was not made by a recorded run; it is now {}",
                             base::printable(path), base::printable(where)));
    }
  }
  make_parents(full);
  if (kind == core::PathKind::directory) os::make_directories(full);
}

void CachedFiles::protect(const std::string& path, core::PathKind kind) {
  const auto full = absolute(path);
  const auto stat = os::lstat_file(full);
  if (!stat) return;
  if (stat->type == os::FileType::regular) {
    constexpr std::uint32_t kWrite = 0222;
    if ((stat->mode & kWrite) != 0) os::set_mode(full, stat->mode & 07777 & ~kWrite);
  } else if (stat->type == os::FileType::directory && kind == core::PathKind::directory) {
    for (const auto& entry : os::list_directory(full)) protect(path + "/" + entry.name, kind);
  }
}

std::string CachedFiles::set_aside(const std::string& path) {
  return move_to(path, unfinished_);
}

std::string CachedFiles::move_to(const std::string& path, const std::string& directory) {
  const auto full = absolute(path);
  const auto stat = os::lstat_file(full);
  if (!stat) return {};
  if (stat->type == os::FileType::directory && os::list_directory(full).empty()) {
    os::remove_tree(full);
    return {};
  }
  auto place = os::join_path(directory, path);
  // Nothing is copied: on another file system (a link to a scratch disk) it stays beside its path.
  const auto parent = os::parent_path(full);
  const auto here = os::stat_file(root_);
  const auto there = os::stat_file(parent);
  if (here && there && here->device != there->device)
    place = os::join_path(os::parent_path(path),
                          ".provrun-aside/" + os::base_name(directory) + "/" + os::base_name(path));
  auto where = place;
  for (int n = 1; os::lstat_file(absolute(where)); ++n) where = place + base::format("~{}", n);
  os::make_directories(os::parent_path(absolute(where)), 0700);
  os::rename_file(full, absolute(where));
  seen_.erase(path);
  return where;
}

const os::FileStat* CachedFiles::stat_of(const std::string& path) const {
  const auto found = seen_.find(path);
  return found != seen_.end() ? &found->second : nullptr;
}

bool CachedFiles::settled(const os::FileStat& stat) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find({stat.device, stat.inode});
  return found != known_.end() && found->second.stat == stat && !found->second.racy;
}

// Linux 6.13 and later give a file whose times were looked at a new, finer time at its next change
// (multigrain timestamps); then no file is racy. Tried once per device, on a file of our own.
bool CachedFiles::fine_timestamps(std::uint64_t device) {
  const auto found = fine_timestamps_.find(device);
  if (found != fine_timestamps_.end()) return found->second;
  bool fine = false;
  const auto path = absolute(".provrun/clock-" + os::random_hex(4));
  try {
    const auto file = os::create_new_file(path);
    fine = os::stat_of(file, path).device == device;
    auto before = os::stat_of(file, path);
    for (int i = 0; i < 4 && fine; ++i) {
      os::write_all(file, "x", path);
      const auto after = os::stat_of(file, path);
      fine = after.mtime_ns != before.mtime_ns && after.ctime_ns != before.ctime_ns;
      before = after;
    }
  } catch (const base::Error&) {
    fine = false;
  }
  try {
    os::remove_file(path);
  } catch (const base::Error&) {
    fine = false;
  }
  return fine_timestamps_[device] = fine;
}

void CachedFiles::remember(catalog::State& state) {
  std::vector<std::pair<os::FileStat, core::ContentId>> files;
  bool waited = false;
  const std::lock_guard lock(mutex_);
  for (auto& [key, known] : known_) {
    if (!known.fresh) continue;
    if (known.racy) {
      const auto stat = os::stat_file(known.path);
      if (!stat || *stat != known.stat || safe_distance(*stat) == kCoarseResolution) continue;
      if (is_racy(*stat, os::file_clock_now()) && !waited) {
        std::this_thread::sleep_for(std::chrono::nanoseconds(2 * kTick));
        waited = true;
      }
      const auto read_at = os::file_clock_now();
      const auto again = hash::sha256(os::read_file(known.path));
      if (again != known.content.digest || is_racy(*stat, read_at)) continue;
    }
    files.emplace_back(known.stat, known.content);
    known.fresh = false;
    known.racy = false;
  }
  if (!files.empty()) state.put_files(files);
  remember_listings(state);
}

}  // namespace provrun::app
