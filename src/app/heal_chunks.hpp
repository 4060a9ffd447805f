#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/store/pack.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::app {

struct ChunkHealing {
  std::map<store::PackId, std::string> retired;  ///< packs set aside, and what has their pieces
  std::string from_files;  ///< what brought back what no copy had: "the live file", …
};

/// For packs that cannot be repaired as a whole: every chunk of them that can be read anywhere is
/// stored again, then the packs are set aside. What no copy has is taken from the live files that
/// still have the recorded bytes, and, when asked for, from the outputs of steps run again.
ChunkHealing heal_chunks(store::Repository& repository, const std::vector<store::PackId>& packs,
                         bool run_steps, const base::Cancellation& cancellation,
                         const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace provrun::app
