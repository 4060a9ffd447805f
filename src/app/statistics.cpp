#include "provrun/app/statistics.hpp"

#include <algorithm>
#include <unordered_map>

#include "provrun/snapshot/tree_reader.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/index_segment.hpp"

namespace provrun::app {

namespace {

constexpr std::uint32_t kShared = UINT32_MAX;

// Which snapshot alone needs an object. Each tree is gone through at most twice: when the first
// snapshot is found to need it, and when the second is.
class ChunkOwners {
 public:
  explicit ChunkOwners(store::Repository& repository) : repository_(repository) {}

  void take(const store::ChunkId& root, std::uint32_t snapshot) {
    std::vector<store::ChunkId> trees;
    if (claim(root, snapshot)) trees.push_back(root);
    while (!trees.empty()) {
      const auto tree = trees.back();
      trees.pop_back();
      snapshot::list_tree(repository_, tree, [&](const snapshot::Entry& entry) {
        if (entry.type == snapshot::EntryType::directory) {
          if (claim(entry.tree, snapshot)) trees.push_back(entry.tree);
        } else if (entry.type == snapshot::EntryType::file) {
          const auto& content = entry.content;
          if (content.list) claim(*content.list, snapshot);
          repository_.for_each_chunk(
              content, [&](const store::ChunkId& id, std::uint64_t) { claim(id, snapshot); });
        }
        return true;
      });
    }
  }

  std::vector<std::uint64_t> unique_bytes(std::size_t snapshots) {
    std::vector<std::uint64_t> bytes(snapshots, 0);
    for (const auto& [id, owner] : owner_) {
      if (owner == kShared) continue;
      const auto locations = repository_.index().find(id);
      if (!locations.empty()) bytes[owner] += locations.front().length;
    }
    return bytes;
  }

 private:
  // Whether what the object holds must be claimed too.
  bool claim(const store::ChunkId& id, std::uint32_t snapshot) {
    const auto [at, added] = owner_.emplace(id, snapshot);
    if (added) return true;
    if (at->second == snapshot || at->second == kShared) return false;
    at->second = kShared;
    return true;
  }

  store::Repository& repository_;
  std::unordered_map<store::ChunkId, std::uint32_t> owner_;
};

}  // namespace

RepositoryStatistics repository_statistics(
    const StatisticsRequest& request, const std::function<void(const SnapshotStatistics&)>& visit) {
  const auto opened = open_shelf(request.shelf);
  auto& backend = opened->backend();
  RepositoryStatistics total;
  for (const auto& id : store::list_segments(backend)) {
    total.index_bytes += backend.size_of(id.object_name()).value_or(0);
    for (const auto& row : store::read_segment(backend, id).rows) {
      ++total.chunks;
      if (row.chunk.kind == store::ChunkKind::data) {
        total.plain_bytes += row.chunk.plain_length;
        total.stored_bytes += row.chunk.length;
      } else {
        total.tree_bytes += row.chunk.length;
      }
    }
  }
  for (const auto& id : store::list_packs(backend)) {
    ++total.packs;
    total.pack_bytes += backend.size_of(id.object_name()).value_or(0);
  }
  const auto all = snapshot::load_snapshots(*opened, {});
  std::vector<bool> wanted(all.size(), false);
  std::vector<snapshot::SnapshotId> named;
  for (const auto& name : request.snapshots)
    named.push_back(find_snapshot(*opened, request.shelf, name).id);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool fits = snapshot::fits(all[i].manifest, request.shelf.filter);
    if (fits) {
      ++total.snapshots;
      total.files += all[i].manifest.counts.files;
      total.logical_bytes += all[i].manifest.counts.bytes;
    }
    wanted[i] = (fits && request.every_snapshot) ||
                std::find(named.begin(), named.end(), all[i].name.id) != named.end();
  }
  if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) return total;
  ChunkOwners owners(*opened);
  for (std::size_t i = 0; i < all.size(); ++i)
    owners.take(all[i].manifest.root, static_cast<std::uint32_t>(i));
  const auto unique = owners.unique_bytes(all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (wanted[i])
      visit({all[i].name.id.to_hex(), all[i].name.time, all[i].manifest.counts.files,
             all[i].manifest.counts.bytes, unique[i]});
  return total;
}

}  // namespace provrun::app
