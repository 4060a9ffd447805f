#pragma once

#include <cstdint>
#include <vector>

#include "provrun/catalog/state.hpp"
#include "provrun/db/statement.hpp"

namespace provrun::catalog {

/// The outputs of one execution as one blob: version byte 1, then per output, until the end:
///   length path content[32] size mode  type device inode size mtime_ns ctime_ns mode uid gid links
///   rdev blocks
/// Numbers are LEB128, the two times zigzag LEB128, path is `length` bytes.
std::vector<std::uint8_t> pack_outputs(const std::vector<RememberedOutput>& outputs);
/// Throws Error(corruption).
std::vector<RememberedOutput> unpack_outputs(db::Bytes bytes);

void put_number(std::vector<std::uint8_t>& out, std::uint64_t number);
/// Reads at offset and moves it; throws Error(corruption) at the end or beyond 64 bits.
std::uint64_t take_number(db::Bytes bytes, std::size_t& offset);

}  // namespace provrun::catalog
