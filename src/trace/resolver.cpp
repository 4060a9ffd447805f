#include "resolver.hpp"
#include "provrun/trace/presence.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace provrun::trace {

namespace {

constexpr int kMostLinks = 40;  // the kernel's limit (MAXSYMLINKS)

os::FileStat convert(const struct stat& st) {
  os::FileStat stat;
  stat.device = st.st_dev;
  stat.inode = st.st_ino;
  stat.size = static_cast<std::uint64_t>(st.st_size);
  stat.mtime_ns = st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
  stat.ctime_ns = st.st_ctim.tv_sec * 1'000'000'000 + st.st_ctim.tv_nsec;
  stat.mode = st.st_mode & 07777U;
  stat.uid = st.st_uid;
  stat.gid = st.st_gid;
  stat.links = st.st_nlink;
  stat.rdev = st.st_rdev;
  stat.blocks = static_cast<std::uint64_t>(st.st_blocks);
  switch (st.st_mode & S_IFMT) {
    case S_IFDIR:
      stat.type = os::FileType::directory;
      break;
    case S_IFLNK:
      stat.type = os::FileType::symlink;
      break;
    case S_IFIFO:
      stat.type = os::FileType::fifo;
      break;
    case S_IFSOCK:
      stat.type = os::FileType::socket;
      break;
    case S_IFBLK:
      stat.type = os::FileType::block_device;
      break;
    case S_IFCHR:
      stat.type = os::FileType::character_device;
      break;
    default:
      stat.type = os::FileType::regular;
  }
  return stat;
}

}  // namespace

Found Resolver::at(std::string seen) const {
  Found found;
  if (!view_->prefix.empty()) found.real_path = view_->prefix + seen;
  found.path = view_->root.empty() ? std::move(seen) : view_->root + seen;
  struct stat st {};
  if (::lstat(found.real().c_str(), &st) == 0) {
    found.stat = convert(st);
    found.presence = presence_of(found.stat.type);
  }
  return found;
}

Resolver::Directory Resolver::directory(std::string_view path) {
  if (path.empty()) return {};
  const bool cached = view_->prefix.empty() && view_->root.empty();
  if (cached)
    if (const auto known = directories_.find(path); known != directories_.end())
      return {known->second};
  const auto slash = path.rfind('/');
  const auto name = path.substr(slash + 1);
  auto result = directory(path.substr(0, slash));
  if (!result.there) {
    if (name == "..")
      result.path.resize(std::min(result.path.size(), result.path.rfind('/')));
    else if (!name.empty() && name != ".")
      result.path.append("/").append(name);
    return result;
  }
  if (name.empty() || name == ".") {
    // Nothing to add.
  } else if (name == "..") {
    if (!result.path.empty()) result.path.resize(result.path.rfind('/'));
  } else if (result.path == "/proc" && (name == "self" || name == "thread-self")) {
    result.path += "/" + std::to_string(thread_);
    result.lasting = false;
  } else {
    const auto parent = result.path;
    result.path.append("/").append(name);
    const auto found = at(result.path);
    if (found.presence == core::Presence::symlink) {
      char target[4097];
      const auto n = ::readlink(found.real().c_str(), target, sizeof target);
      if (n <= 0 || ++links_ > kMostLinks) {
        result.there = false;
        return result;
      }
      const std::string text(target, static_cast<std::size_t>(n));
      on_link_(found, text);
      // A link of /proc/ID leads to the thing itself; its text need not be a path.
      const bool lasting = result.lasting && !result.path.starts_with("/proc/");
      result = directory(text[0] == '/' ? text : parent + "/" + text);
      result.lasting = result.lasting && lasting;
    } else if (found.presence != core::Presence::directory) {
      result.there = false;
      return result;
    }
  }
  if (cached && result.there && result.lasting)
    directories_.emplace(std::string(path), result.path);
  return result;
}

Found Resolver::walk(const std::string& path, Follow follow) {
  const auto slash = path.rfind('/');
  const auto name = std::string_view(path).substr(slash + 1);
  if (name.empty() || name == "." || name == "..") {
    const auto whole = directory(path);
    if (whole.there) return at(whole.path.empty() ? "/" : whole.path);
    Found missing;
    missing.path = view_->root + whole.path;
    missing.parent_there = false;
    return missing;
  }
  const auto parent = directory(std::string_view(path).substr(0, slash));
  std::string seen;
  seen.reserve(parent.path.size() + 1 + name.size());
  seen.append(parent.path).append("/");
  if (parent.path == "/proc" && (name == "self" || name == "thread-self"))
    seen += std::to_string(thread_);
  else
    seen += name;
  if (!parent.there) {
    Found missing;
    missing.path = view_->root + seen;
    missing.parent_there = false;
    return missing;
  }
  auto found = at(std::move(seen));
  if (found.presence != core::Presence::symlink || follow == Follow::no) return found;
  char target[4097];
  const auto n = ::readlink(found.real().c_str(), target, sizeof target);
  if (n <= 0) return found;
  const std::string text(target, static_cast<std::size_t>(n));
  if ((parent.path == "/proc" || parent.path.starts_with("/proc/")) && text[0] != '/') {
    found.presence = core::Presence::other;  // a pipe, a socket: no path leads there
    return found;
  }
  if (++links_ > kMostLinks) {
    found.presence = core::Presence::absent;
    return found;
  }
  on_link_(found, text);
  return walk(text[0] == '/' ? text : parent.path + "/" + text, follow);
}

std::optional<Found> Resolver::find_opened(const View& view, const std::string& path,
                                           const os::FileStat& opened) {
  if (!view.prefix.empty() || !view.root.empty()) return std::nullopt;
  const auto slash = path.rfind('/');
  const auto name = std::string_view(path).substr(slash + 1);
  // A folder that is known was followed before, and its links were told then.
  const auto parent = directories_.find(std::string_view(path).substr(0, slash));
  if (parent == directories_.end() || !files_.holds(parent->second, name, opened))
    return std::nullopt;
  Found found;
  found.path.reserve(parent->second.size() + 1 + name.size());
  found.path.append(parent->second).append("/").append(name);
  found.presence = core::Presence::file;
  found.stat = opened;
  return found;
}

Found Resolver::find(const View& view, pid_t thread, const std::string& path, Follow follow) {
  view_ = &view;
  thread_ = thread;
  links_ = 0;
  return walk(path, follow);
}

}  // namespace provrun::trace
