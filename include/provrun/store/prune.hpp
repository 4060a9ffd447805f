#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "provrun/backend/backend.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/slot.hpp"

// The half of the protocol that removes packs beside any number of writers, readers and other
// prunes: no lock, no clock, no waiting. The rules, and what breaks without each, stand in
// docs/design/prune.md; the files in docs/formats/repository.md.
namespace provrun::store {

/// What must be kept: the manifests of all committed snapshots whose time in the trash is not over.
using Roots = std::vector<std::string>;

/// Reads snapshots/, trash/ and the slots of all epochs. A manifest that is damaged in one of these
/// places is taken from another; Error(corruption) when it is in none.
Roots read_roots(backend::Backend& backend);

/// Decides what may go. What it chooses first is a proposal; what it says after the closing counts.
class PruneChooser {
 public:
  virtual ~PruneChooser() = default;
  /// Packs to remove. The absent ones are removed or about to be: no copy in them counts. May write
  /// new packs; they must be durable and indexed on return.
  virtual PackSet propose(const Roots& roots, const PackSet& absent) = 0;
  /// Those of the proposed that no root needs, when no copy in an absent pack counts (the proposed
  /// are among them). Everything committed in a closed epoch is in the roots.
  virtual PackSet confirm(const Roots& roots, const PackSet& absent, const PackSet& proposed) = 0;
};

struct PruneOutcome {
  enum class State {
    nothing,   ///< there was nothing to remove
    removed,   ///< the packs of `removed` are in the trash
    overtaken  ///< another prune settled it first; its verdict was carried out
  };
  State state = State::nothing;
  std::uint64_t epoch = 0;  ///< that was opened
  PackSet proposed;
  PackSet removed;
  std::uint64_t fenced = 0;  ///< sessions under way that must revalidate
};

/// One prune. Can be killed at any moment and run again.
PruneOutcome prune(backend::Backend& backend, PruneChooser& chooser, int slots = kSlotsPerEpoch);

/// Settles every epoch that has no verdict (a prune under way there is overtaken), carries out all
/// verdicts, and returns all packs they ever removed.
PackSet settle(backend::Backend& backend);
PackSet settle(backend::Backend& backend, const std::vector<std::uint64_t>& epochs);

/// All packs that verdicts name; settles nothing.
PackSet removed_packs(backend::Backend& backend);

}  // namespace provrun::store
