#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "provrun/base/uuid.hpp"

namespace provrun::os {

/// Fills the buffer from the kernel's generator (getrandom(2)).
void fill_random(std::span<std::uint8_t> buffer);
/// Twice that many lower-case hexadecimal digits.
std::string random_hex(std::size_t bytes);
/// A version 7 UUID of now.
base::Uuid new_uuid();

}  // namespace provrun::os
