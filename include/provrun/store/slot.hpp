#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "provrun/backend/backend.hpp"
#include "provrun/base/time.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/store/epochs.hpp"
#include "provrun/store/index.hpp"

// The writers' half of the protocol that lets them work beside each other and beside a prune
// without locks or clocks. Epoch e is the folder epochs/<e>/, e counted from 1:
//   tombstones.zst   packs that a session of this epoch treats as absent; written before any slot
//   w00 … w63        claims, each by one session; the text in it is for people. Removed when
//   published wNN.end          how the session ended: the manifest itself, a JSON object, which is
//   the commit,
//                    or "aborted\n", or, by a prune, "fenced\n"
// A slot is taken while it has either file. One that has both a claim and a manifest was perhaps
// not published. The page is docs/formats/repository.md.
namespace provrun::store {

inline constexpr int kSlotsPerEpoch = 64;

/// A claimed slot: the right to commit once. One thread at a time.
class Slot {
 public:
  /// Claims a free slot of the newest epoch, opening the next epoch when all are taken.
  /// slots is the number of them in an epoch; tests that explore all interleavings have fewer.
  static Slot claim(backend::Backend& backend, const base::Uuid& session,
                    int slots = kSlotsPerEpoch);

  /// Packs that must not be reused in this session.
  const PackSet& tombstones() const { return tombstones_; }
  std::uint64_t epoch() const { return epoch_; }

  /// Everything the manifest needs must be durable, or published and before a barrier. Commits,
  /// then publishes it in snapshots/; durable on return. Error(unavailable) when the slot was
  /// fenced.
  hash::Digest commit(std::string_view manifest);
  /// The same; nullopt when the slot was fenced.
  std::optional<hash::Digest> try_commit(std::string_view manifest);
  /// Tells a later prune that it need not wait. Never throws: what is not said is found out.
  void abort() noexcept;

 private:
  Slot(backend::Backend& backend, std::uint64_t epoch, int number);
  backend::Backend* backend_;
  std::uint64_t epoch_;
  std::string name_;  ///< "epochs/3/w07"
  PackSet tombstones_;
};

/// Makes what the session relied on present again where the packs given are treated as absent, and
/// durable. False when something is gone for good.
using Revalidate = std::function<bool(const PackSet& absent)>;

/// Slot::commit, and where a prune has fenced the slot: claims one of a newer epoch, revalidates,
/// and commits there, so that a session is not lost to a prune. Error(unavailable) when that cannot
/// be done. The slot is the one committed in on return.
hash::Digest commit_in(backend::Backend& backend, Slot& slot, const base::Uuid& session,
                       std::string_view manifest, const Revalidate& revalidate,
                       int slots = kSlotsPerEpoch);

/// Of a manifest: its member "time", and its SHA-256: "20260801T120000.123456789Z-<64
/// digits>.json". Error(corruption) when it is no JSON object with a time.
std::string snapshot_file_name(std::string_view manifest);
std::string snapshot_file_name(base::Timestamp time, const hash::Digest& id);

/// Publishes the snapshots of the epoch that were committed but, through a crash, not published.
/// Returns how many.
std::uint64_t publish_committed(backend::Backend& backend, std::uint64_t epoch);
/// Whether it is the text of a claim, undamaged as far as it can tell.
bool is_claim_text(std::string_view text);

}  // namespace provrun::store
