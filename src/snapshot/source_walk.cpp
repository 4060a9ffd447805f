#include "source_walk.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"

namespace provrun::snapshot {

namespace {

constexpr std::string_view kCacheTag = "CACHEDIR.TAG";
constexpr std::string_view kCacheSignature = "Signature: 8a477f597d28d172789f06886806bc55";
constexpr std::size_t kGitignoreLimit = 1 << 20;

bool below(std::string_view path, std::string_view directory) {
  return directory.empty() || (path.size() > directory.size() && path[directory.size()] == '/' &&
                               path.starts_with(directory));
}

std::string read_beginning(const os::Directory& directory, const std::string& name,
                           std::size_t limit) {
  const auto file = directory.open_file(name);
  if (!file) return {};
  std::string text(limit, '\0');
  std::size_t filled = 0;
  while (filled < limit) {
    const auto n = os::read_some(
        *file, {reinterpret_cast<std::uint8_t*>(text.data()) + filled, limit - filled}, name);
    if (n == 0) break;
    filled += n;
  }
  text.resize(filled);
  return text;
}

// "/" as a directory of its own, for what has no directory above it.
std::string parent_on_disk(const std::string& path) {
  return path == "/" ? path : os::parent_path(path);
}

// The folder that many components above the path.
std::string ancestor(std::string path, std::size_t levels) {
  for (; levels > 0; --levels) path = parent_on_disk(path);
  return path;
}

}  // namespace

SourceWalk::SourceWalk(const ArchiveSelection& selection) : selection_(selection) {
  auto sources = selection.sources;
  std::sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) {
    return path_less(a.stored_as, b.stored_as) || (a.stored_as == b.stored_as && a.path < b.path);
  });
  for (auto& source : sources) {
    if (!sources_.empty()) {
      const auto& outer = sources_.back();
      const bool same = outer.stored_as == source.stored_as;
      if (same || below(source.stored_as, outer.stored_as)) {
        // What lies in a folder that is stored anyway is no source of its own.
        const auto rest =
            same
                ? std::string()
                : source.stored_as.substr(outer.stored_as.empty() ? 0 : outer.stored_as.size() + 1);
        if (source.path == os::join_path(outer.path, rest) || source.path == outer.path) continue;
        throw base::Error(base::ErrorCode::invalid_input,
                          base::printable(outer.path) + " and " + base::printable(source.path) +
                              " would get the same place in the snapshot")
            .hint("name them by their absolute paths, or back them up one by one");
      }
    }
    sources_.push_back(std::move(source));
  }
}

bool SourceWalk::left_out(const std::string& disk_path, bool is_directory) const {
  std::string_view path = disk_path;
  while (path.starts_with('/')) path.remove_prefix(1);
  if (const auto decided = selection_.excludes.decide(path, is_directory)) return *decided;
  if (!selection_.gitignore) return false;
  // The innermost .gitignore that speaks of it decides.
  for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) {
    if (!folder->rules) continue;
    std::string_view relative = disk_path;
    relative.remove_prefix(std::min(relative.size(), folder->disk_length));
    while (relative.starts_with('/')) relative.remove_prefix(1);
    if (const auto decided = folder->rules->decide(relative, is_directory)) return *decided;
  }
  return false;
}

// Looks into a folder that is about to be gone into; false when its content is left out.
bool SourceWalk::wanted_folder(const os::Directory& directory, Folder& folder,
                               const std::string& disk_path) {
  folder.disk_length = disk_path.size();
  for (const auto& name : selection_.exclude_if_present)
    if (directory.lstat(name)) return false;
  try {
    if (selection_.exclude_caches && read_beginning(directory, std::string(kCacheTag),
                                                    kCacheSignature.size()) == kCacheSignature)
      folder.only_tag = true;
    if (selection_.gitignore) {
      const auto text = read_beginning(directory, ".gitignore", kGitignoreLimit);
      if (!text.empty()) folder.rules.emplace().add_lines(text, ExcludeRules::Style::gitignore);
    }
  } catch (const base::Error&) {
    // What cannot be read says nothing; it is reported when it is its turn to be stored.
  }
  return true;
}

bool SourceWalk::implied_folder(const std::string& path) {
  // The next folder on the way to the source that was not given yet.
  const auto& source = sources_[source_];
  std::size_t end = 0;
  while (true) {
    end = path.find('/', end);
    if (end == std::string::npos) return false;
    const auto folder = path.substr(0, end);
    ++end;
    if (folder == last_implied_ || below(last_implied_, folder)) continue;
    const auto levels = static_cast<std::size_t>(
        std::count(path.begin() + static_cast<std::ptrdiff_t>(end) - 1, path.end(), '/'));
    const auto disk = ancestor(source.path, levels);
    last_implied_ = folder;
    const auto stat = os::stat_file(disk);
    if (!stat) continue;
    found_ = {};
    found_.path = folder;
    found_.name = os::base_name(folder);
    found_.stat = *stat;
    found_.implied = true;
    return true;
  }
}

SourceWalk::Event SourceWalk::begin_folder_problem(const base::Error& error,
                                                   const std::string& path) {
  problem_ = {path, error.message()};
  return Event::problem;
}

SourceWalk::Event SourceWalk::next() {
  while (true) {
    if (scan_) {
      switch (scan_->next()) {
        case os::DirectoryScan::Event::end:
          scan_.reset();
          folders_.clear();
          continue;
        case os::DirectoryScan::Event::leave:
          folders_.pop_back();
          continue;
        case os::DirectoryScan::Event::problem:
          return begin_folder_problem(scan_->error(), scan_->problem_path());
        case os::DirectoryScan::Event::entry:
          break;
      }
      const auto& folder = folders_.back();
      found_.implied = found_.is_source_directory = false;
      found_.name = scan_->name();
      found_.path = folder.path.empty() ? found_.name : folder.path + "/" + found_.name;
      found_.stat = scan_->stat();
      found_.directory = scan_->directory();
      if (folder.only_tag && found_.name != kCacheTag) {
        ++excluded_;
        continue;
      }
      if (!take(found_.disk_path())) continue;
      return Event::entry;
    }
    if (source_ == sources_.size()) return Event::end;
    if (implied_folder(sources_[source_].stored_as)) return Event::entry;
    const auto source = sources_[source_++];
    try {
      const auto stat = os::lstat_file(source.path);
      if (!stat)
        return begin_folder_problem(
            base::Error(base::ErrorCode::not_found, "there is no such file or folder"),
            source.path);
      found_ = {};
      found_.path = source.stored_as;
      found_.name = os::base_name(source.path);
      found_.stat = *stat;
      device_ = stat->device;
      if (stat->type != os::FileType::directory) {
        found_.directory = std::make_shared<os::Directory>(parent_on_disk(source.path));
        return Event::entry;
      }
      auto root = std::make_shared<os::Directory>(source.path);
      Folder folder;
      folder.path = source.stored_as;
      const auto own = std::pair(stat->device, stat->inode);
      found_.directory = root;
      if (std::find(selection_.own.begin(), selection_.own.end(), own) != selection_.own.end() ||
          !wanted_folder(*root, folder, source.path)) {
        ++excluded_;
        continue;
      }
      folders_.push_back(std::move(folder));
      scan_ = std::make_unique<os::DirectoryScan>(std::move(root));
      found_.is_source_directory = true;
      if (source.stored_as.empty()) {
        top_ = found_;
        continue;
      }
      return Event::entry;
    } catch (const base::Error& error) {
      return begin_folder_problem(error, source.path);
    }
  }
}

// Whether the entry of the scan is wanted; goes into directories that are.
bool SourceWalk::take(const std::string& disk_path) {
  const bool is_directory = found_.stat.type == os::FileType::directory;
  const auto leave_out = [&] {
    ++excluded_;
    return false;
  };
  if (left_out(disk_path, is_directory)) return leave_out();
  if (!is_directory) {
    const bool large = selection_.exclude_larger_than &&
                       found_.stat.type == os::FileType::regular &&
                       found_.stat.size > *selection_.exclude_larger_than;
    return large ? leave_out() : true;
  }
  const auto own = std::pair(found_.stat.device, found_.stat.inode);
  if (std::find(selection_.own.begin(), selection_.own.end(), own) != selection_.own.end())
    return leave_out();
  // A mount point is kept as an empty folder.
  if (selection_.one_file_system && found_.stat.device != device_) return true;
  Folder folder;
  folder.path = found_.path;
  const bool looks =
      selection_.exclude_caches || selection_.gitignore || !selection_.exclude_if_present.empty();
  folder.disk_length = disk_path.size();
  if (looks) {
    try {
      const auto directory = found_.directory->open_directory(found_.name);
      if (!wanted_folder(directory, folder, disk_path)) return leave_out();
    } catch (const base::Error&) {
      // Reported when the scan goes into it.
    }
  }
  folders_.push_back(std::move(folder));
  scan_->enter();
  return true;
}

}  // namespace provrun::snapshot
