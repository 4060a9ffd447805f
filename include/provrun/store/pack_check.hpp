#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "provrun/base/cancellation.hpp"
#include "provrun/store/pack.hpp"
#include "provrun/store/repair.hpp"

namespace provrun::store {

class Repository;

/// What reading one pack from its beginning to its end has shown.
struct PackVerdict {
  std::uint64_t bytes = 0;            ///< read
  std::uint64_t chunks = 0;           ///< decompressed and compared with their ids
  std::vector<std::string> problems;  ///< empty: it is as it was written
};

/// Compares the pack's bytes with its name, and what every chunk of its table decodes to with the
/// chunk's id. Reads forwards; holds one chunk. Damage is reported, not thrown. Safe from any
/// thread.
PackVerdict verify_pack(Repository& repository, const PackId& id,
                        const base::Cancellation* cancellation);

/// Looks at the slots: every list of tombstones can be read and holds the one before it, every end
/// is a known word or the manifest of a snapshot that is there, every claim is as it was written.
void check_epochs(Repository& repository, StructureReport& report);

}  // namespace provrun::store
