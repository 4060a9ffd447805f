#include "provrun/backend/local_backend.hpp"

#include <algorithm>
#include <utility>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/unpublished_file.hpp"

namespace provrun::backend {

namespace {

constexpr std::string_view kScratch = "tmp";
constexpr std::size_t kOpenFiles = 32;  // packs read from in turn; each costs one descriptor

// Of a name within the backend: "" for the root itself.
std::string parent_of(const std::string& name) {
  const auto slash = name.rfind('/');
  return slash == std::string::npos ? std::string() : name.substr(0, slash);
}

}  // namespace

template <typename Publish>
bool LocalBackend::publish_as(const std::string& name, const Publish& publish) {
  const auto path = path_of(name);
  bool created = false;
  try {
    created = publish(path);
  } catch (const base::Error& error) {
    const auto directory = parent_of(name);
    if (error.code() != base::ErrorCode::not_found || directory.empty()) throw;
    os::make_directories(path_of(directory));
    created = publish(path);
  }
  if (created) mark_dirty(parent_of(name));
  return created;
}

class LocalBackend::LocalUpload : public Upload {
 public:
  explicit LocalUpload(LocalBackend& backend)
      : backend_(backend), file_(backend.path_of(std::string(kScratch))) {}

  void append(std::span<const std::uint8_t> bytes) override { file_.append(bytes); }

  bool publish(const std::string& name) override {
    return backend_.publish_as(name, [&](const std::string& path) { return file_.publish(path); });
  }

 private:
  LocalBackend& backend_;
  os::UnpublishedFile file_;
};

LocalBackend::LocalBackend(std::string root) : root_(std::move(root)) {}
LocalBackend::~LocalBackend() = default;

std::string LocalBackend::path_of(const std::string& name) const {
  return os::join_path(root_, name);
}

std::unique_ptr<Upload> LocalBackend::upload() {
  try {
    return std::make_unique<LocalUpload>(*this);
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::not_found) throw;
    os::make_directories(path_of(std::string(kScratch)));
    mark_dirty("");
    return std::make_unique<LocalUpload>(*this);
  }
}

// A directory may have been made a moment ago by somebody who has not synced its name yet: the
// first time we use one, the directories above it are synced too.
void LocalBackend::mark_dirty(const std::string& directory) {
  const std::lock_guard lock(dirty_mutex_);
  dirty_.insert(directory);
  if (rooted_.contains(directory)) return;
  for (auto parent = directory; !parent.empty();) {
    parent = parent_of(parent);
    dirty_.insert(parent);
  }
}

bool LocalBackend::copy(const std::string& from, const std::string& to) {
  bool linkable = true;
  const bool created = publish_as(to, [&](const std::string& path) {
    const auto outcome = os::link_file(path_of(from), path);
    linkable = outcome != os::LinkOutcome::unsupported;
    return outcome == os::LinkOutcome::created;
  });
  if (linkable) return created;
  return create(to, read_all(from, UINT64_MAX));
}

void LocalBackend::rely_on(const std::string& directory) {
  if (os::stat_file(path_of(directory))) mark_dirty(directory);
}

void LocalBackend::barrier() {
  const std::lock_guard barrier_lock(barrier_mutex_);
  std::set<std::string> directories;
  {
    const std::lock_guard lock(dirty_mutex_);
    directories.swap(dirty_);
  }
  // Reversed: "a/b" before "a", so that a new directory is whole before its name is durable.
  for (auto it = directories.rbegin(); it != directories.rend(); ++it) {
    try {
      os::sync_directory(it->empty() ? root_ : path_of(*it));
    } catch (...) {
      const std::lock_guard lock(dirty_mutex_);
      dirty_.insert(directories.begin(), directories.end());
      throw;
    }
  }
  const std::lock_guard lock(dirty_mutex_);
  rooted_.insert(directories.begin(), directories.end());
}

std::optional<std::uint64_t> LocalBackend::size_of(const std::string& name) {
  const auto stat = os::stat_file(path_of(name));
  if (!stat || stat->type != os::FileType::regular) return std::nullopt;
  return stat->size;
}

std::shared_ptr<const os::File> LocalBackend::open(const std::string& name) {
  {
    const std::lock_guard lock(open_mutex_);
    const auto found = std::find_if(open_.begin(), open_.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    if (found != open_.end()) {
      open_.splice(open_.begin(), open_, found);
      return found->second;
    }
  }
  auto file = std::make_shared<const os::File>(os::open_for_reading(path_of(name)));
  const std::lock_guard lock(open_mutex_);
  open_.emplace_front(name, file);
  if (open_.size() > kOpenFiles) open_.pop_back();
  return file;
}

void LocalBackend::read(const std::string& name, std::uint64_t offset,
                        std::span<std::uint8_t> buffer) {
  const auto file = open(name);
  while (!buffer.empty()) {
    const auto n = os::read_at(*file, offset, buffer, path_of(name));
    if (n == 0)
      throw base::Error(base::ErrorCode::corruption,
                        base::printable(path_of(name)) + " is shorter than it should be");
    offset += n;
    buffer = buffer.subspan(n);
  }
}

std::vector<std::string> LocalBackend::list(const std::string& directory) {
  std::vector<std::string> names;
  try {
    for (auto& entry : os::list_directory(path_of(directory)))
      names.push_back(std::move(entry.name));
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::not_found) throw;
  }
  return names;
}

bool LocalBackend::remove(const std::string& name) {
  {
    const std::lock_guard lock(open_mutex_);
    open_.remove_if([&](const auto& entry) { return entry.first == name; });
  }
  if (!os::remove_file(path_of(name))) return false;
  mark_dirty(parent_of(name));
  return true;
}

}  // namespace provrun::backend
