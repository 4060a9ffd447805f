#include "provrun/trace/file_contents.hpp"

#include <fcntl.h>

#include "provrun/base/error.hpp"

namespace provrun::trace {

namespace {

// What must be the same for the bytes to be: a link or a mode more changes only ctime and these.
bool same_file(const os::FileStat& a, const os::FileStat& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size && a.mtime_ns == b.mtime_ns;
}

}  // namespace

std::optional<core::ContentId> hash_file(const std::string& path, const os::FileStat& stat) {
  constexpr std::size_t kReadSize = 1 << 18;
  thread_local std::vector<std::uint8_t> buffer(kReadSize);
  try {
    // Never waits, should a pipe have come in the file's place.
    const os::File file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file) return std::nullopt;
    const auto before = os::stat_of(file, path);
    if (before.type != os::FileType::regular || !same_file(before, stat)) return std::nullopt;
    hash::Sha256 hasher;
    std::uint64_t size = 0;
    while (const auto n = os::read_some(file, buffer, path)) {
      hasher.update(std::span(buffer.data(), n));
      size += n;
      if (n < buffer.size() && size == before.size) break;
    }
    if (size != before.size || !same_file(os::stat_of(file, path), before)) return std::nullopt;
    return core::ContentId{hasher.finish()};
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::optional<core::ContentId> UncachedContents::known(const os::FileStat&) {
  return std::nullopt;
}

std::optional<core::ContentId> UncachedContents::read(const std::string& path,
                                                      const os::FileStat& stat) {
  return hash_file(path, stat);
}

void UncachedContents::listed(const core::ContentId&, std::vector<core::ListingEntry>) {}

}  // namespace provrun::trace
