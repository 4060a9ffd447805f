// Which packs make a group.
#include <algorithm>
#include <bit>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "provrun/parity/recovery_set.hpp"
#include "provrun/store/parity_groups.hpp"

namespace provrun::store {

namespace {

constexpr std::uint64_t kParityOfFullGroup = 128 << 20;  // bytes; also what is held in memory
constexpr std::size_t kGroupPacks = 512;
constexpr std::uint64_t kGroupSlices = 512;     // about; a pack has one at least
constexpr std::uint64_t kSlicesOfLargest = 64;  // at most so many for the two largest packs
constexpr std::uint64_t kSmallestSlice = 512;
constexpr std::uint64_t kSliceUnit = 64;
constexpr std::size_t kGroupsOfOneSize = 3;  // the next one joins them

// Slices per 1024 slices.
std::uint64_t share_of(int percent) {
  switch (percent) {
    case 3:
      return 32;
    case 6:
      return 64;
    case 12:
      return 128;
    case 25:
      return 256;
    default:
      return 0;
  }
}

std::uint64_t full_size(int percent) {
  return kParityOfFullGroup * 1024 / std::max<std::uint64_t>(1, share_of(percent));
}

// Packs of about one size are grouped: a small one takes a slice as a large one does.
int pack_class(std::uint64_t size) {
  return static_cast<int>(std::bit_width(size)) / 6;
}
int group_class(std::uint64_t bytes) {
  return static_cast<int>(std::bit_width(bytes)) / 3;
}

std::uint64_t total_of(const std::vector<PackSize>& packs) {
  std::uint64_t sum = 0;
  for (const auto& pack : packs) sum += pack.size;
  return sum;
}

// The same order whoever plans, so that two make the same groups.
void cut(std::vector<PackSize> pool, std::uint64_t limit,
         std::vector<std::vector<PackSize>>& groups) {
  std::sort(pool.begin(), pool.end(), [](const auto& a, const auto& b) {
    return a.size != b.size ? a.size > b.size : a.id < b.id;
  });
  std::vector<PackSize> group;
  std::uint64_t bytes = 0;
  for (const auto& pack : pool) {
    if (!group.empty() && (bytes + pack.size > limit || group.size() == kGroupPacks)) {
      groups.push_back(std::move(group));
      group.clear();
      bytes = 0;
    }
    group.push_back(pack);
    bytes += pack.size;
  }
  if (!group.empty()) groups.push_back(std::move(group));
}

}  // namespace

GroupShape shape_of(const std::vector<PackSize>& packs, int percent) {
  GroupShape shape;
  std::uint64_t largest = 0;
  std::uint64_t second = 0;
  for (const auto& pack : packs) {
    second = std::max(second, std::min(largest, pack.size));
    largest = std::max(largest, pack.size);
  }
  const auto least = std::max({total_of(packs) / kGroupSlices,
                               (largest + second) / (kSlicesOfLargest - 2), kSmallestSlice});
  shape.slice_size = (least + kSliceUnit - 1) / kSliceUnit * kSliceUnit;
  for (const auto& pack : packs) shape.slices += parity::slices_of(pack.size, shape.slice_size);
  const auto asked = (shape.slices * share_of(percent) + 1023) / 1024;
  const auto two = parity::slices_of(largest, shape.slice_size) +
                   (second > 0 ? parity::slices_of(second, shape.slice_size) : 0);
  if (percent > 0) shape.recovery = static_cast<std::uint32_t>(std::max<std::uint64_t>(asked, two));
  return shape;
}

ParityPlan plan_parity(const std::vector<PackSize>& live, const std::vector<ParityGroup>& groups,
                       const PackSet& removed, int percent, std::uint64_t limit) {
  ParityPlan plan;
  std::unordered_map<PackId, std::uint64_t> sizes;
  for (const auto& pack : live) sizes.emplace(pack.id, pack.size);
  std::vector<const ParityGroup*> kept;
  std::unordered_set<PackId> covered;
  // Larger ones first: what a smaller one has beside them is not needed twice.
  std::vector<const ParityGroup*> ordered;
  for (const auto& group : groups) ordered.push_back(&group);
  std::sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
    return a->data_bytes() != b->data_bytes() ? a->data_bytes() > b->data_bytes()
                                              : a->name < b->name;
  });
  for (const auto* group : ordered) {
    bool stale = false;
    bool missing = false;
    bool adds = false;
    for (const auto& pack : group->packs) {
      if (sizes.contains(pack.id)) {
        adds = adds || !covered.contains(pack.id);
      } else if (removed.contains(pack.id)) {
        stale = true;
      } else {
        missing = true;
      }
    }
    const bool weak = group->recovery < shape_of(group->packs, percent).recovery;
    if (!missing && (stale || weak || !adds || percent == 0)) {
      plan.replace.push_back(group->name);
      continue;
    }
    for (const auto& pack : group->packs) covered.insert(pack.id);
    if (!missing) kept.push_back(group);
  }
  if (percent == 0) return plan;

  std::map<int, std::vector<PackSize>> waiting;  // by class of pack
  for (const auto& pack : live)
    if (!covered.contains(pack.id) && pack.size > 0) waiting[pack_class(pack.size)].push_back(pack);
  for (auto& [kind, pool] : waiting) {
    std::map<int, std::vector<const ParityGroup*>> open;  // that others may join
    for (const auto* group : kept) {
      std::uint64_t largest = 0;
      for (const auto& pack : group->packs) largest = std::max(largest, pack.size);
      if (pack_class(largest) == kind && group->data_bytes() < full_size(percent) / 2 &&
          group->packs.size() < kGroupPacks / 2)
        open[group_class(group->data_bytes())].push_back(group);
    }
    // Each time a pack is read again its group is several times as large as before, so that all
    // reading is a few times the data.
    while (!open.empty()) {
      const auto [size, some] = *open.begin();
      const auto own = group_class(total_of(pool));
      if (size > own || (size == own && some.size() < kGroupsOfOneSize)) break;
      auto together = total_of(pool);
      for (const auto* group : some) together += group->data_bytes();
      if (together > limit) break;
      for (const auto* group : some) {
        pool.insert(pool.end(), group->packs.begin(), group->packs.end());
        plan.replace.push_back(group->name);
      }
      open.erase(open.begin());
    }
    cut(std::move(pool), std::min(limit, full_size(percent)), plan.make);
  }
  return plan;
}

}  // namespace provrun::store
