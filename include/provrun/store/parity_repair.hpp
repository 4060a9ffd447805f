#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "provrun/backend/backend.hpp"
#include "provrun/base/cancellation.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/pack.hpp"

namespace provrun::store {

/// What became of one damaged or missing pack.
struct PackRepair {
  PackId pack;
  enum class Way {
    none,        ///< it is as it was
    read_again,  ///< read once more it was whole
    copy,        ///< a whole copy lay in the trash
    parity
  };
  Way way = Way::none;
  std::string problem;  ///< why nothing helped
};
std::string_view name_of(PackRepair::Way way);

/// Where repair keeps what it found in a damaged pack's place: "trash/damaged/<64 digits>-<n>.zst".
std::string damaged_name(const PackId& pack, std::uint64_t number);

using RepairProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Puts whole copies of the packs in their places: from the trash, or computed from parity. Only
/// adds files: what lay there is kept below trash/damaged/. A pack is published when its bytes have
/// its name. Can be ended anywhere and run again. One answer for each pack, in its order.
std::vector<PackRepair> repair_packs(backend::Backend& backend, const std::vector<PackId>& packs,
                                     const RepairProgress& progress,
                                     const base::Cancellation* cancellation);

/// Takes a pack that cannot be repaired out of packs/, durably; true where there was one.
bool set_damaged_aside(backend::Backend& backend, const PackId& pack);

}  // namespace provrun::store
