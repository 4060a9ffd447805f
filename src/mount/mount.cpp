#define FUSE_USE_VERSION 31
#include "provrun/mount/mount.hpp"

#include <fuse3/fuse.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/directory.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/tree_reader.hpp"
#include "snapshot_names.hpp"

namespace provrun::mount {

namespace {

constexpr std::size_t kKnownEntries = 4096;  // some 2 MB of names that were looked at last
constexpr double kKernelCache = 60;          // seconds; nothing below a snapshot ever changes

int errno_of(const base::Error& error) {
  switch (error.code()) {
    case base::ErrorCode::not_found:
    case base::ErrorCode::corruption:
    case base::ErrorCode::unsupported:
      return -EIO;
    case base::ErrorCode::refused:
      return -EACCES;
    case base::ErrorCode::unavailable:
      return -EAGAIN;
    default:
      return -EIO;
  }
}

// Entries by the root of their snapshot and their path; the one looked at longest ago goes.
class EntryCache {
 public:
  std::optional<snapshot::Entry> get(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }
  void put(const std::string& key, const snapshot::Entry& entry) {
    const std::lock_guard lock(mutex_);
    if (by_key_.contains(key)) return;
    order_.emplace_front(key, entry);
    by_key_[key] = order_.begin();
    if (order_.size() <= kKnownEntries) return;
    by_key_.erase(order_.back().first);
    order_.pop_back();
  }

 private:
  std::mutex mutex_;
  std::list<std::pair<std::string, snapshot::Entry>> order_;
  std::unordered_map<std::string, decltype(order_)::iterator> by_key_;
};

// Bytes of a content from an offset: the repository's own way to read a part of a file.
template <typename Store>
std::size_t read_part(Store& repository, const store::FileContent& content, std::uint64_t offset,
                      std::span<std::uint8_t> buffer) {
  if constexpr (requires { repository.read_range(content, offset, buffer); }) {
    return repository.read_range(content, offset, buffer);
  } else {
    // Pieces whose length the list gives are stepped over unread.
    std::uint64_t at = 0;
    std::size_t filled = 0;
    repository.for_each_chunk(content, [&](const store::ChunkId& id, std::uint64_t length) {
      if (filled == buffer.size() || (length > 0 && at + length <= offset)) {
        at += length;
        return;
      }
      const auto plain = repository.read_chunk(id);
      if (at + plain.size() > offset + filled) {
        const auto from = static_cast<std::size_t>(offset + filled - at);
        const auto n = std::min(plain.size() - from, buffer.size() - filled);
        std::copy_n(plain.begin() + static_cast<std::ptrdiff_t>(from), n,
                    buffer.begin() + static_cast<std::ptrdiff_t>(filled));
        filled += n;
      }
      at += plain.size();
    });
    return filled;
  }
}

template <typename Entry>
void set_device(const Entry& entry, struct stat& stat) {
  if constexpr (requires { entry.device_major; })
    stat.st_rdev = (static_cast<dev_t>(entry.device_major) << 8U) | entry.device_minor;
}

template <typename Entry, typename Visit>
void each_attribute(const Entry& entry, const Visit& visit) {
  if constexpr (requires { entry.attributes; })
    for (const auto& attribute : entry.attributes) visit(attribute.name, attribute.value);
}

struct FileSystem {
  store::Repository& repository;
  SnapshotNames names;
  EntryCache entries;
  std::function<void()> mounted;

  struct Found {
    SnapshotNames::Place place;
    std::optional<snapshot::Entry> entry;  ///< below a snapshot
  };
  // nullopt when there is nothing.
  std::optional<Found> find(const char* path) {
    auto place = names.find(path);
    if (!place) return std::nullopt;
    if (place->kind != SnapshotNames::Place::Kind::snapshot) return Found{std::move(*place), {}};
    const auto key = key_of(place->root, place->rest);
    auto entry = entries.get(key);
    if (!entry) {
      entry = snapshot::find_entry(repository, place->root, place->rest);
      if (!entry) return std::nullopt;
      if (place->rest.empty()) entry->mtime_ns = place->time_ns;
      entries.put(key, *entry);
    }
    return Found{std::move(*place), std::move(entry)};
  }
  static std::string key_of(const store::ChunkId& root, const std::string& rest) {
    return std::string(reinterpret_cast<const char*>(root.digest.bytes.data()), 32) + rest;
  }
};

FileSystem& self() {
  return *static_cast<FileSystem*>(fuse_get_context()->private_data);
}

// No exception may pass through the library.
template <typename Work>
int guarded(const Work& work) noexcept {
  try {
    return work(self());
  } catch (const base::Error& error) {
    return errno_of(error);
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  } catch (const std::exception&) {
    return -EIO;
  }
}

void fill_stat(const snapshot::Entry& entry, struct stat& stat) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  stat = {};
  std::uint32_t type = S_IFREG;
  switch (static_cast<char>(entry.type)) {
    case 'd':
      type = S_IFDIR;
      break;
    case 'l':
      type = S_IFLNK;
      break;
    case 'p':
      type = S_IFIFO;
      break;
    case 's':
      type = S_IFSOCK;
      break;
    case 'b':
      type = S_IFBLK;
      break;
    case 'c':
      type = S_IFCHR;
      break;
    default:
      break;
  }
  stat.st_mode = type | entry.mode;
  stat.st_nlink = 1;
  stat.st_uid = entry.uid;
  stat.st_gid = entry.gid;
  stat.st_size = static_cast<off_t>(type == S_IFLNK ? entry.target.size() : entry.content.size);
  stat.st_blocks = (stat.st_size + 511) / 512;
  stat.st_blksize = 1 << 17;
  auto seconds = entry.mtime_ns / kSecond;
  auto rest = entry.mtime_ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  stat.st_mtim = {seconds, rest};
  stat.st_ctim = stat.st_atim = stat.st_mtim;
  set_device(entry, stat);
}

void fill_virtual(const SnapshotNames::Place& place, struct stat& stat) {
  stat = {};
  const bool link = place.kind == SnapshotNames::Place::Kind::link;
  stat.st_mode = link ? (S_IFLNK | 0777U) : (S_IFDIR | 0555U);
  stat.st_nlink = link ? 1 : 2;
  stat.st_uid = fuse_get_context()->uid;
  stat.st_gid = fuse_get_context()->gid;
  stat.st_size = static_cast<off_t>(place.target.size());
}

int get_attributes(const char* path, struct stat* stat, fuse_file_info*) {
  return guarded([&](FileSystem& fs) {
    const auto found = fs.find(path);
    if (!found) return -ENOENT;
    if (found->entry) {
      fill_stat(*found->entry, *stat);
    } else {
      fill_virtual(found->place, *stat);
    }
    return 0;
  });
}

int read_link(const char* path, char* buffer, std::size_t size) {
  return guarded([&](FileSystem& fs) {
    const auto found = fs.find(path);
    if (!found || size == 0) return -ENOENT;
    const bool virtual_link = found->place.kind == SnapshotNames::Place::Kind::link;
    if (!virtual_link && (!found->entry || found->entry->type != snapshot::EntryType::symlink))
      return -EINVAL;
    const auto& target = virtual_link ? found->place.target : found->entry->target;
    const auto n = std::min(target.size(), size - 1);
    std::memcpy(buffer, target.data(), n);
    buffer[n] = '\0';
    return 0;
  });
}

int read_directory(const char* path, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*,
                   fuse_readdir_flags) {
  return guarded([&](FileSystem& fs) {
    const auto found = fs.find(path);
    if (!found) return -ENOENT;
    constexpr auto kPlain = static_cast<fuse_fill_dir_flags>(0);
    fill(buffer, ".", nullptr, 0, kPlain);
    fill(buffer, "..", nullptr, 0, kPlain);
    if (!found->entry) {
      if (found->place.kind != SnapshotNames::Place::Kind::folder) return -ENOTDIR;
      for (const auto& name : found->place.names) fill(buffer, name.c_str(), nullptr, 0, kPlain);
      return 0;
    }
    if (found->entry->type != snapshot::EntryType::directory) return -ENOTDIR;
    const auto prefix = found->place.rest.empty() ? std::string() : found->place.rest + "/";
    bool fits = true;
    snapshot::list_tree(fs.repository, found->entry->tree, [&](const snapshot::Entry& entry) {
      fs.entries.put(FileSystem::key_of(found->place.root, prefix + entry.path), entry);
      struct stat stat;
      fill_stat(entry, stat);
      fits = fill(buffer, entry.path.c_str(), &stat, 0, kPlain) == 0;
      return fits;
    });
    return fits ? 0 : -ENOMEM;
  });
}

int open_file(const char* path, fuse_file_info* info) {
  return guarded([&](FileSystem& fs) {
    constexpr int kAccessMode = 3;
    if ((info->flags & kAccessMode) != 0) return -EROFS;
    const auto found = fs.find(path);
    if (!found) return -ENOENT;
    if (!found->entry || found->entry->type != snapshot::EntryType::file) return -EINVAL;
    info->keep_cache = 1;
    return 0;
  });
}

int read_bytes(const char* path, char* buffer, std::size_t size, off_t offset, fuse_file_info*) {
  return guarded([&](FileSystem& fs) {
    const auto found = fs.find(path);
    if (!found || !found->entry) return -ENOENT;
    const auto& content = found->entry->content;
    const auto from = static_cast<std::uint64_t>(offset);
    if (offset < 0 || from >= content.size) return 0;
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(size, content.size - from));
    return static_cast<int>(
        read_part(fs.repository, content, from, {reinterpret_cast<std::uint8_t*>(buffer), n}));
  });
}

int list_attributes(const char* path, char* buffer, std::size_t size) {
  return guarded([&](FileSystem& fs) {
    const auto found = fs.find(path);
    if (!found) return -ENOENT;
    std::string names;
    if (found->entry)
      each_attribute(*found->entry, [&](const auto& name, const auto&) { names += name + '\0'; });
    if (size == 0) return static_cast<int>(names.size());
    if (names.size() > size) return -ERANGE;
    std::memcpy(buffer, names.data(), names.size());
    return static_cast<int>(names.size());
  });
}

int get_attribute(const char* path, const char* wanted, char* buffer, std::size_t size) {
  return guarded([&](FileSystem& fs) {
    const auto found = fs.find(path);
    if (!found) return -ENOENT;
    int result = -ENODATA;
    if (found->entry)
      each_attribute(*found->entry, [&](const auto& name, const auto& value) {
        if (name != wanted) return;
        result = static_cast<int>(value.size());
        if (size == 0) return;
        if (value.size() > size) {
          result = -ERANGE;
        } else {
          std::memcpy(buffer, value.data(), value.size());
        }
      });
    return result;
  });
}

void* begin(fuse_conn_info*, fuse_config* config) {
  config->kernel_cache = 1;
  config->entry_timeout = config->attr_timeout = kKernelCache;
  config->negative_timeout = 0;
  config->use_ino = 0;
  auto& fs = self();
  if (fs.mounted) fs.mounted();
  return &fs;
}

const fuse_operations& operations() {
  static const fuse_operations table = [] {
    fuse_operations made{};
    made.getattr = get_attributes;
    made.readlink = read_link;
    made.readdir = read_directory;
    made.open = open_file;
    made.read = read_bytes;
    made.listxattr = list_attributes;
    made.getxattr = get_attribute;
    made.init = begin;
    return made;
  }();
  return table;
}

void require_fuse(const std::string& directory) {
  const auto stat = os::stat_file(directory);
  if (!stat)
    throw base::Error(base::ErrorCode::not_found,
                      "there is no folder " + base::printable(directory))
        .hint("make it first: mkdir " + base::shell_quote(directory));
  if (stat->type != os::FileType::directory)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::printable(directory) + " is not a folder");
  if (!os::stat_file("/dev/fuse"))
    throw base::Error(base::ErrorCode::unsupported,
                      "this machine has no /dev/fuse, so nothing can be mounted")
        .hint("load the module fuse, or use 'provrun ls', 'cat' and 'restore'");
}

}  // namespace

void mount_repository(store::Repository& repository, const MountOptions& options) {
  require_fuse(options.directory);
  FileSystem fs{repository, SnapshotNames(repository, options.filter), {}, options.mounted};
  fs.names.find("/");  // what cannot be read is said before anything is mounted
  std::string words = "-oro,nosuid,nodev,default_permissions,fsname=provrun,subtype=provrun";
  if (options.allow_other) words += ",allow_other";
  std::string program = "provrun";
  char* arguments[] = {program.data(), words.data()};
  fuse_args args = {2, arguments, 0};
  const auto refused = [&](const char* what) {
    return base::Error(base::ErrorCode::refused, what + base::printable(options.directory))
        .hint("is it empty, yours, and not mounted already? is the package fuse3 installed?");
  };
  auto* fuse = fuse_new(&args, &operations(), sizeof(fuse_operations), &fs);
  if (fuse == nullptr) throw refused("cannot begin to mount on ");
  if (fuse_mount(fuse, options.directory.c_str()) != 0) {
    fuse_destroy(fuse);
    throw refused("cannot mount on ");
  }
  auto* session = fuse_get_session(fuse);
  const bool signals = fuse_set_signal_handlers(session) == 0;
  fuse_loop(fuse);
  if (signals) fuse_remove_signal_handlers(session);
  fuse_unmount(fuse);
  fuse_destroy(fuse);
}

}  // namespace provrun::mount
