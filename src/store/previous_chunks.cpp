#include "previous_chunks.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/store/chunk_frame.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::store {

namespace {

constexpr std::uint64_t kSlack = 8 << 10;       // bytes: insertions up to this need no second base
constexpr std::size_t kChunksLooked = 1 << 20;  // of a previous content; beyond, no patches

}  // namespace

void PreviousChunks::load() {
  loaded_ = true;
  if (previous_ == nullptr || previous_->bundle) return;
  try {
    std::uint64_t offset = 0;
    repository_.for_each_part(*previous_, [&](const ContentPart& part) {
      auto length = part.length;
      if (part.chunk && length == 0) length = repository_.chunk_length(*part.chunk);
      if (part.chunk && old_.size() < kChunksLooked) {
        places_.try_emplace(*part.chunk, old_.size());
        old_.push_back({*part.chunk, offset, length});
      }
      offset += length;
    });
  } catch (const base::Error&) {
    // What is damaged or gone is no base. Storing goes on without.
    old_.clear();
    places_.clear();
  }
  for (const auto& [id, at] : early_) known(id, at);
  early_.clear();
}

void PreviousChunks::known(const ChunkId& id, std::uint64_t offset) {
  if (previous_ == nullptr) return;
  if (!loaded_) {
    // The last one decides.
    early_.assign(1, {id, offset});
    return;
  }
  const auto place = places_.find(id);
  if (place != places_.end())
    shift_ = static_cast<std::int64_t>(old_[place->second].offset - offset);
}

std::vector<ChunkId> PreviousChunks::bases_of(std::uint64_t offset, std::uint64_t length) {
  std::vector<ChunkId> bases;
  if (previous_ == nullptr || !luck_->worth_trying()) return bases;
  if (!loaded_) load();
  const auto begin = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, static_cast<std::int64_t>(offset) + shift_));
  const auto end = begin + length;
  auto at = std::upper_bound(
      old_.begin(), old_.end(), begin,
      [](std::uint64_t value, const Old& old) { return value < old.offset + old.length; });
  std::uint64_t bytes = 0;
  for (; at != old_.end() && at->offset < end && bases.size() < kMaximumPatchBases; ++at) {
    const auto overlap = std::min(end, at->offset + at->length) - std::max(begin, at->offset);
    if (overlap < std::min(kSlack, length / 2) && overlap < at->length) continue;
    if (bytes + at->length > kMaximumPatchBytes) break;
    bytes += at->length;
    bases.push_back(at->id);
  }
  return bases;
}

}  // namespace provrun::store
