#pragma once

#include <cstdint>
#include <vector>

#include "provrun/catalog/state.hpp"
#include "provrun/db/statement.hpp"

namespace provrun::catalog {

/// What a step was observed to use as one blob: empty when nothing was; else version byte 1, how
/// many access sets (LEB128), their ids (32 bytes each), and the accesses as a set's text, or
/// nothing.
std::vector<std::uint8_t> pack_observed(const RememberedStep& step);
/// Both throw Error(corruption).
std::vector<core::ContentId> unpack_access_sets(db::Bytes bytes);
std::vector<core::Access> unpack_accesses(db::Bytes bytes);

}  // namespace provrun::catalog
