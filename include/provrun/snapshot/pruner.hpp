#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provrun/store/prune.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::snapshot {

/// How much a prune does.
struct PruneLimits {
  /// Bytes in packs that no snapshot needs are left where they are while they are at most this part
  /// of all, or this many when max_unused_bytes is given.
  double max_unused = 0.05;
  std::optional<std::uint64_t> max_unused_bytes = {};
  /// Stored bytes to copy out of partly needed packs in one prune.
  std::uint64_t max_repack = UINT64_MAX;
};

struct PruneNumbers {
  std::uint64_t snapshots = 0;  ///< whose needs were followed, those in the trash too
  std::uint64_t chunks = 0;     ///< needed
  std::uint64_t packs = 0;      ///< there before
  std::uint64_t bytes = 0;      ///< of their chunks
  std::uint64_t needed_bytes = 0;
  std::uint64_t unneeded_packs = 0;  ///< without anything that is needed
  std::uint64_t unneeded_bytes = 0;  ///< in these
  std::uint64_t repacked_packs = 0;  ///< partly needed ones whose rest was, or would be, copied
  std::uint64_t repacked_bytes = 0;  ///< copied
  std::uint64_t left_bytes = 0;      ///< unneeded, in packs that stay
  std::uint64_t busy_packs = 0;      ///< not needed yet, of sessions under way
};

/// Chooses the packs to remove by what the snapshots need. Memory: two bits for each row of the
/// index and some words for each pack. One thread.
class Pruner : public store::PruneChooser {
 public:
  enum class Mode { plan, prune };  ///< plan writes nothing
  Pruner(store::Repository& repository, PruneLimits limits, Mode mode);
  ~Pruner() override;

  /// Told what is being done: a word, and how far of how much.
  std::function<void(std::string_view what, std::uint64_t done, std::uint64_t total)> progress;

  store::PackSet propose(const store::Roots& roots, const store::PackSet& absent) override;
  store::PackSet confirm(const store::Roots& roots, const store::PackSet& absent,
                         const store::PackSet& proposed) override;
  const PruneNumbers& numbers() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace provrun::snapshot
