#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "provrun/app/check.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/repository.hpp"

namespace provrun::app {

/// What became of what was damaged, by the object's name.
struct Healing {
  std::map<std::string, std::string> how;       ///< repaired by what
  std::map<std::string, std::string> problems;  ///< why not
  std::vector<store::PackId> unrepaired;        ///< packs that lie there damaged
  std::uint64_t parity_groups_made = 0;
};

/// The ladder: read again, a whole copy, parity; for single chunks what can be read of the pack,
/// another copy, the live file, and, when asked for, the step run again. Last, what could not be
/// brought back is taken out of packs/ and kept below trash/damaged/.
Healing heal(store::Repository& repository, const std::vector<CheckDamage>& damage,
             const store::PackSet& packs, const CheckRequest& request,
             const std::function<void(const CheckProgress&)>& progress);

}  // namespace provrun::app
