#include "heal_chunks.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "heal_sources.hpp"
#include "provrun/base/error.hpp"
#include "provrun/snapshot/checker.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/parity_repair.hpp"
#include "provrun/store/trash.hpp"
#include "provrun/store/write_session.hpp"

namespace provrun::app {

namespace {

class ChunkHealer {
 public:
  ChunkHealer(store::Repository& repository, const std::vector<store::PackId>& packs,
              const base::Cancellation& cancellation,
              const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : repository_(repository),
        packs_(packs),
        bad_(packs.begin(), packs.end()),
        cancellation_(cancellation),
        progress_(progress) {}

  ChunkHealing run(bool run_steps) {
    // Their copies do not count from here on: what is read of them is stored again.
    for (const auto& pack : packs_) repository_.index().note_missing(pack);
    const auto session = repository_.begin_session();
    for (const auto& pack : packs_) save(*session, pack);
    session->checkpoint();
    retire();
    from_files(*session, LiveFiles());
    if (run_steps) from_files(*session, StepsAgain(repository_, cancellation_));
    for (const auto& pack : packs_)
      report_.retired[pack] =
          lost_[pack] == 0             ? std::string(saved_[pack] > 0 ? "its pieces, stored again"
                                                                      : "other packs that have its pieces")
          : report_.from_files.empty() ? std::string("the pieces that could be read")
                                       : "its pieces and " + report_.from_files;
    return std::move(report_);
  }

 private:
  // Every chunk that the pack had, with its kind where the pack still tells it.
  std::vector<std::pair<store::ChunkId, store::ChunkKind>> chunks_of(const store::PackId& pack) {
    std::vector<std::pair<store::ChunkId, store::ChunkKind>> chunks;
    try {
      for (const auto& chunk : store::read_pack_table(repository_.backend(), pack))
        chunks.emplace_back(chunk.id, chunk.kind);
      return chunks;
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::corruption && error.code() != base::ErrorCode::not_found)
        throw;
    }
    for (const auto& table : repository_.index().all_tables()) {
      for (const auto& entry : table->entries()) {
        if (table->pack_of(entry) != pack) continue;
        store::ChunkId id;
        id.digest.bytes = entry.id;
        chunks.emplace_back(id, store::ChunkKind::data);
      }
    }
    return chunks;
  }

  void save(store::WriteSession& session, const store::PackId& pack) {
    const auto chunks = chunks_of(pack);
    std::uint64_t done = 0;
    auto& lost = lost_[pack];
    for (const auto& [id, kind] : chunks) {
      cancellation_.check();
      if (progress_) progress_(done++, chunks.size());
      if (!repository_.index().sound_copies(id, &bad_).empty()) continue;
      auto plain = store::salvage_chunk(repository_, id);
      if (!plain) {
        ++lost;
        continue;
      }
      session.put_object(*plain, kind);
      ++saved_[pack];
    }
  }

  // Out of packs/ and out of the index, now that all that could be read of them lies elsewhere.
  void retire() {
    for (const auto& pack : packs_) {
      store::set_damaged_aside(repository_.backend(), pack);
    }
    if (packs_.empty()) return;
    repository_.backend().barrier();
    repository_.index().drop_packs(bad_);
    for (const auto& pack : packs_) repository_.index().forget_damage(pack);
  }

  template <typename Sources>
  void from_files(store::WriteSession& session, Sources&& sources) {
    const auto ids = store::list_packs(repository_.backend());
    const store::PackSet present(ids.begin(), ids.end());
    const auto needs = snapshot::check_snapshots(repository_, present, {}, {}, &cancellation_);
    if (needs.damage.empty()) return;
    if (store_from(repository_, session, needs.damage, sources, cancellation_) == 0) return;
    session.checkpoint();
    report_.from_files = sources.name();
  }

  store::Repository& repository_;
  const std::vector<store::PackId>& packs_;
  store::PackSet bad_;
  const base::Cancellation& cancellation_;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  std::map<store::PackId, std::uint64_t> lost_;
  std::map<store::PackId, std::uint64_t> saved_;
  ChunkHealing report_;
};

}  // namespace

ChunkHealing heal_chunks(store::Repository& repository, const std::vector<store::PackId>& packs,
                         bool run_steps, const base::Cancellation& cancellation,
                         const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return ChunkHealer(repository, packs, cancellation, progress).run(run_steps);
}

}  // namespace provrun::app
