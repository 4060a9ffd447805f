#pragma once

#include <cstdint>
#include <span>

namespace provrun::store {

/// Puts the bytes of numbers of `width` bytes in planes: first every byte 0 of all whole numbers,
/// then every byte 1, and so on; what is left over at the end stays there. Exponents and high bytes
/// of neighbours are alike and come to lie beside each other, which a compressor makes much of. The
/// output has the input's length.
void shuffle(std::span<const std::uint8_t> input, unsigned width, std::span<std::uint8_t> output);
void unshuffle(std::span<const std::uint8_t> input, unsigned width, std::span<std::uint8_t> output);

/// The width, 2, 4 or 8, at which shuffling promises to pay, judged by the entropy of single bytes
/// in samples; 1 where it does not. Costs about 0.05 ns a byte for chunks of a megabyte.
unsigned promising_width(std::span<const std::uint8_t> bytes);

/// Bits per byte of the first bytes, taken singly.
double sampled_entropy(std::span<const std::uint8_t> bytes);

}  // namespace provrun::store
