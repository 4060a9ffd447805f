#include "provrun/store/prune.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/store/epochs.hpp"
#include "provrun/store/forgotten.hpp"
#include "provrun/store/trash.hpp"

namespace provrun::store {

namespace {

constexpr char kFenced[] = "fenced\n";

// The file names of manifests that have a name, with the first copy found that fits it.
class RootReader {
 public:
  explicit RootReader(backend::Backend& backend) : backend_(backend) {}

  Roots read() {
    // In this order: a snapshot is in an end before it has a name, and in the trash before it
    // loses it.
    for (const auto epoch : list_epochs(backend_)) {
      for (const auto& end : read_ends(backend_, epoch))
        if (end.starts_with('{')) take(end);
    }
    for (const auto& file : backend_.list("snapshots"))
      if (file.ends_with(".json")) take_named(file, "snapshots/" + file);
    for (const auto& name : backend_.list("trash/snapshots"))
      take_named(name + ".json", "trash/snapshots/" + name + "/manifest.json");
    Roots roots;
    for (auto& [file, manifest] : manifests_) {
      const auto fate = fate_of(backend_, file).fate;
      if (fate == Fate::expired) continue;
      if (manifest.empty())
        throw base::Error(base::ErrorCode::corruption, "the manifest snapshots/" + file +
                                                           " is damaged: what it needs is not "
                                                           "known")
            .hint("run 'provrun repair', or forget that snapshot by its full id");
      roots.push_back(std::move(manifest));
    }
    return roots;
  }

 private:
  void take(std::string manifest) {
    std::string file;
    try {
      file = snapshot_file_name(manifest);
    } catch (const base::Error&) {
      return;  // damaged: if it was published its name is in snapshots/ and it is looked for there
    }
    manifests_[file] = std::move(manifest);
  }

  void take_named(const std::string& file, const std::string& object) {
    auto& manifest = manifests_[file];
    if (!manifest.empty()) return;
    try {
      auto bytes = backend_.read_all(object, kManifestLimit);
      if (snapshot_file_name(bytes) == file) manifest = std::move(bytes);
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::not_found && error.code() != base::ErrorCode::corruption)
        throw;
      // Gone since the listing: then it is, or was, in the trash.
    }
  }

  backend::Backend& backend_;
  std::map<std::string, std::string> manifests_;
};

// Copies the packs to the trash, then removes them: at no moment is one in neither place.
void carry_out(backend::Backend& backend, std::uint64_t epoch, const PackSet& packs) {
  std::vector<PackId> present;
  for (const auto& pack : packs)
    if (backend.size_of(pack.object_name())) present.push_back(pack);
  if (present.empty()) return;
  std::sort(present.begin(), present.end());
  for (const auto& pack : present) {
    try {
      backend.copy(pack.object_name(), trash_name(epoch, pack));
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::not_found) throw;  // another prune was quicker
    }
  }
  backend.barrier();
  for (const auto& pack : present) backend.remove(pack.object_name());
  backend.barrier();
}

// Every slot gets an end, so that nothing can be committed in the epoch from here on. Returns how
// many sessions that were under way have been fenced.
std::uint64_t close_epoch(backend::Backend& backend, std::uint64_t epoch, int slots) {
  const auto names = backend.list(epoch_name(epoch));
  const std::set<std::string> present(names.begin(), names.end());
  std::uint64_t fenced = 0;
  for (int number = 0; number < slots; ++number) {
    const auto slot = base::format("w{:02}", number);
    if (present.contains(slot + ".end")) continue;
    if (backend.create(epoch_name(epoch) + "/" + slot + ".end", kFenced) && present.contains(slot))
      ++fenced;
  }
  return fenced;
}

}  // namespace

Roots read_roots(backend::Backend& backend) {
  return RootReader(backend).read();
}

PackSet settle(backend::Backend& backend) {
  return settle(backend, list_epochs(backend));
}

PackSet settle(backend::Backend& backend, const std::vector<std::uint64_t>& epochs) {
  PackSet removed;
  for (const auto epoch : epochs) {
    const auto name = verdict_name(epoch);
    if (!backend.size_of(name)) {
      backend.create(name, encode_pack_list({}));
      backend.barrier();
    }
    const auto verdict = read_pack_list(backend, name);
    carry_out(backend, epoch, verdict);
    removed.insert(verdict.begin(), verdict.end());
  }
  return removed;
}

PruneOutcome prune(backend::Backend& backend, PruneChooser& chooser, int slots) {
  constexpr int kTurns = 64;  // each lost turn is another prune's or a full epoch's opening
  PruneOutcome outcome;
  for (int turn = 0; turn < kTurns; ++turn) {
    // The new epoch follows the last one settled: were another opened meanwhile, its name is taken
    // and the turn lost. So every verdict of an earlier epoch is in the new one's tombstones.
    const auto epochs = list_epochs(backend);
    const auto removed = settle(backend, epochs);
    const auto epoch = epochs.empty() ? 1 : epochs.back() + 1;
    if (turn == 0) outcome.proposed = chooser.propose(read_roots(backend), removed);
    for (const auto& pack : removed) outcome.proposed.erase(pack);
    if (outcome.proposed.empty()) return outcome;

    auto absent = removed;
    absent.insert(outcome.proposed.begin(), outcome.proposed.end());
    if (!backend.create(tombstones_name(epoch), encode_pack_list(absent))) continue;
    backend.barrier();
    outcome.epoch = epoch;
    for (const auto older : list_epochs(backend))
      if (older < epoch) outcome.fenced += close_epoch(backend, older, slots);
    backend.barrier();

    const auto confirmed = chooser.confirm(read_roots(backend), absent, outcome.proposed);
    const auto name = verdict_name(epoch);
    const bool mine = backend.create(name, encode_pack_list(confirmed));
    backend.barrier();
    outcome.removed = read_pack_list(backend, name);
    carry_out(backend, epoch, outcome.removed);
    outcome.state = !mine                     ? PruneOutcome::State::overtaken
                    : outcome.removed.empty() ? PruneOutcome::State::nothing
                                              : PruneOutcome::State::removed;
    return outcome;
  }
  throw base::Error(base::ErrorCode::unavailable, "other prunes were always quicker")
      .hint("run it again when they are done");
}

PackSet removed_packs(backend::Backend& backend) {
  PackSet removed;
  for (const auto epoch : list_epochs(backend))
    if (backend.size_of(verdict_name(epoch)))
      removed.merge(read_pack_list(backend, verdict_name(epoch)));
  return removed;
}

}  // namespace provrun::store
