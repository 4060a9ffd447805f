#include "path_index.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/clock.hpp"

namespace provrun::capture {

namespace {

constexpr std::string_view kListSuffix = ".list";

// FNV-1a: the same in every program that reads the file.
std::uint64_t path_hash(std::string_view path) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

/// cache = head entry* names, in the byte order of the machine that wrote it, which `magic` shows.
/// names are the lists', each with a line end; digest is the SHA-256 of all behind the head.
struct Head {
  std::uint64_t magic = 0x7076'6f77'6e65'7201;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint64_t entries = 0;
  hash::Digest digest;
  bool operator==(const Head&) const = default;
};

Head head_of(const os::FileStat& folder) {
  Head head;
  head.device = folder.device;
  head.inode = folder.inode;
  head.mtime_ns = folder.mtime_ns;
  head.ctime_ns = folder.ctime_ns;
  return head;
}

}  // namespace

PathIndex::PathIndex(std::string folder, std::string cache_file)
    : folder_(std::move(folder)), cache_file_(std::move(cache_file)) {}

std::string PathIndex::list_path(std::size_t list) const {
  return os::join_path(folder_, names_[list] + std::string(kListSuffix));
}

void PathIndex::find(std::string_view path, const std::function<bool(std::size_t list)>& accept) {
  if (!open_) open();
  const auto hash = path_hash(path);
  auto entry =
      std::lower_bound(entries_.begin(), entries_.end(), hash,
                       [](const Entry& e, std::uint64_t wanted) { return e.hash < wanted; });
  for (; entry != entries_.end() && entry->hash == hash; ++entry)
    if (entry->list < names_.size() && accept(entry->list)) return;
}

void PathIndex::open() {
  open_ = true;
  try {
    const auto folder = os::stat_file(folder_);
    if (!folder) return;
    if (load(*folder)) return;
    build();
    save(*folder);
  } catch (const base::Error&) {
    // An unreadable database knows no owners.
  }
}

bool PathIndex::load(const os::FileStat& folder) {
  if (cache_file_.empty() || !os::stat_file(cache_file_)) return false;
  try {
    cached_ = os::MappedFile(cache_file_);
  } catch (const base::Error&) {
    return false;
  }
  const auto bytes = cached_.bytes();
  Head head;
  if (bytes.size() < sizeof(head)) return false;
  std::memcpy(&head, bytes.data(), sizeof(head));
  auto expected = head_of(folder);
  expected.entries = head.entries;
  const auto rest = bytes.subspan(sizeof(head));
  expected.digest = hash::sha256(rest);
  if (head != expected || head.entries > rest.size() / sizeof(Entry)) return false;
  // A mapping begins at a page, and the head's size is a multiple of eight.
  static_assert(sizeof(Head) % alignof(Entry) == 0);
  entries_ = {reinterpret_cast<const Entry*>(rest.data()), head.entries};
  const auto names = rest.subspan(head.entries * sizeof(Entry));
  for (const auto name : base::split(
           std::string_view(reinterpret_cast<const char*>(names.data()), names.size()), '\n'))
    if (!name.empty()) names_.emplace_back(name);
  return true;
}

void PathIndex::save(const os::FileStat& folder) const {
  // A change within the granularity of the clock would not be seen in the times.
  constexpr std::int64_t kSettled = 2'000'000'000;
  if (cache_file_.empty() || os::now().nanoseconds - folder.mtime_ns < kSettled) return;
  auto head = head_of(folder);
  head.entries = entries_.size();
  std::string bytes(sizeof(head), '\0');
  bytes.append(reinterpret_cast<const char*>(entries_.data()), entries_.size_bytes());
  for (const auto& name : names_) bytes += name + "\n";
  head.digest = hash::sha256(std::string_view(bytes).substr(sizeof(head)));
  std::memcpy(bytes.data(), &head, sizeof(head));
  try {
    os::make_directories(os::parent_path(cache_file_));
    os::write_file_atomically(cache_file_, bytes, os::Durability::cached, 0600);
  } catch (const base::Error&) {
    // It is only quicker with it.
  }
}

void PathIndex::build() {
  built_.reserve(std::size_t{1} << 18U);
  for (const os::DirectoryEntry& entry : os::list_directory(folder_)) {
    std::string_view name = entry.name;
    if (name.size() <= kListSuffix.size() || !name.ends_with(kListSuffix)) continue;
    name.remove_suffix(kListSuffix.size());
    add_list(std::string(name));
  }
  buffer_ = {};
  std::sort(built_.begin(), built_.end(), [](const Entry& a, const Entry& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.list < b.list;
  });
  entries_ = built_;
}

void PathIndex::add_list(std::string name) {
  const auto number = names_.size();
  names_.push_back(std::move(name));
  auto text = text_of(list_path(number));
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view path = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!path.empty() && path[0] == '/') built_.push_back({path_hash(path), number});
  }
}

// A thousand files, mostly small: room for one serves all.
std::string_view PathIndex::text_of(const std::string& path) {
  try {
    const auto file = os::open_for_reading(path);
    if (buffer_.empty()) buffer_.resize(std::size_t{1} << 18U);
    std::size_t filled = 0;
    while (true) {
      if (filled == buffer_.size()) buffer_.resize(2 * filled);
      const auto n = os::read_some(file, std::span(buffer_).subspan(filled), path);
      if (n == 0) break;
      filled += n;
      if (filled > kMostListBytes) return {};
    }
    return {reinterpret_cast<const char*>(buffer_.data()), filled};
  } catch (const base::Error&) {
    return {};
  }
}

}  // namespace provrun::capture
