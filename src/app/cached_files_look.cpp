#include "provrun/app/cached_files.hpp"
#include "provrun/base/error.hpp"
#include "provrun/catalog/state.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/trace/presence.hpp"

// What is at any path, for comparison with what executions saw there.
namespace provrun::app {

namespace {

// Longer than the tick of any file clock: a directory that was changed before that shows it.
constexpr std::int64_t kSettled = 20'000'000;
// Names are kept to explain a change; a folder of more than this is only said to have changed.
constexpr std::size_t kKeptNames = 4096;

}  // namespace

core::Sight CachedFiles::look(const std::string& path, core::Look what) {
  core::Sight sight;
  const auto full = path == "." ? root_ : absolute(path);
  try {
    if (what == core::Look::target) {
      const auto stat = os::lstat_file(full);
      if (!stat) return sight;
      sight.presence = trace::presence_of(stat->type);
      if (stat->type == os::FileType::symlink)
        sight.content = core::ContentId{hash::sha256(os::read_symlink(full))};
      return sight;
    }
    const auto stat = os::stat_file(full);
    if (!stat) {
      if (os::lstat_file(full)) sight.presence = core::Presence::symlink;  // it leads nowhere
      return sight;
    }
    sight.presence = trace::presence_of(stat->type);
    sight.executable = stat->type == os::FileType::regular && (stat->mode & 0111U) != 0;
    if (what == core::Look::content && stat->type == os::FileType::regular) {
      sight.content = content_of(full, *stat);
      const std::lock_guard lock(mutex_);
      seen_[path] = known_.at({stat->device, stat->inode}).stat;
    } else if (what == core::Look::listing && stat->type == os::FileType::directory) {
      sight.content = listing_of(path, *stat).content;
    }
  } catch (const base::Error&) {
    sight.content.reset();
    if (sight.presence == core::Presence::absent) sight.presence = core::Presence::unknown;
  }
  return sight;
}

std::string CachedFiles::real_path(const std::string& path) {
  const auto full = path == "." ? root_ : absolute(path);
  try {
    if (!os::stat_file(full)) return {};
    const auto real = os::resolve_path(full);
    return real == root_ ? "." : relative_to_root(real);
  } catch (const base::Error&) {
    return {};  // what we may not look into no step may either
  }
}

const CachedFiles::Listing& CachedFiles::listing_of(const std::string& path,
                                                    const os::FileStat& stat) {
  auto& listing = listings_[path];
  if (listing.settled && listing.stat == stat) return listing;
  listing.stat = stat;
  listing.settled = os::file_clock_now().nanoseconds - stat.ctime_ns > kSettled;
  listing.entries.clear();
  const auto full = path == "." ? root_ : absolute(path);
  for (auto& entry : os::list_directory(full)) {
    auto type = entry.type;
    if (!type)
      if (const auto known = os::lstat_file(os::join_path(full, entry.name))) type = known->type;
    listing.entries.push_back(
        {std::move(entry.name), type ? trace::presence_of(*type) : core::Presence::unknown});
  }
  listing.content = core::listing_content(listing.entries);
  return listing;
}

std::vector<core::ListingEntry> CachedFiles::list(const std::string& path) {
  try {
    const auto stat = os::stat_file(path == "." ? root_ : absolute(path));
    if (!stat || stat->type != os::FileType::directory) return {};
    return listing_of(path, *stat).entries;
  } catch (const base::Error&) {
    return {};
  }
}

std::optional<std::vector<core::ListingEntry>> CachedFiles::recall(const core::ContentId& listing) {
  if (const auto found = kept_.find(listing); found != kept_.end()) return found->second;
  if (listed_)
    if (auto names = listed_(listing)) return names;
  return state_ != nullptr ? state_->find_listing(listing) : std::nullopt;
}

core::ContentId CachedFiles::keep_listing(const std::vector<core::ListingEntry>& entries) {
  const auto content = core::listing_content(entries);
  if (entries.size() <= kKeptNames) kept_.try_emplace(content, entries);
  return content;
}

void CachedFiles::remember_listings(catalog::State& state) {
  const std::vector<std::pair<core::ContentId, std::vector<core::ListingEntry>>> listings(
      kept_.begin(), kept_.end());
  state.put_listings(listings);
}

}  // namespace provrun::app
