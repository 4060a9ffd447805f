#include "provrun/store/shuffle.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace provrun::store {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kSample = 16 << 10;  // bytes looked at for a decision
constexpr std::size_t kPieces = 4;         // of the sample, spread over the chunk
constexpr double kGain = 0.9;              // of the entropy that must remain at most

using Block = std::array<std::uint64_t, 8>;

// 8 x 8 bytes, rows and columns exchanged.
void transpose(Block& rows) {
  const auto exchange = [&rows](std::size_t distance, unsigned shift, std::uint64_t mask) {
    for (std::size_t i = 0; i < 8; ++i) {
      if ((i & distance) != 0) continue;
      const auto swapped = ((rows[i] >> shift) ^ rows[i + distance]) & mask;
      rows[i] ^= swapped << shift;
      rows[i + distance] ^= swapped;
    }
  };
  exchange(4, 32, 0x00000000FFFFFFFFULL);
  exchange(2, 16, 0x0000FFFF0000FFFFULL);
  exchange(1, 8, 0x00FF00FF00FF00FFULL);
}

double entropy(const std::array<std::uint32_t, 256>& counts, double total) {
  double bits = 0;
  for (const auto count : counts)
    if (count > 0) bits += count * std::log2(total / count);
  return bits / total;
}

}  // namespace

void shuffle(std::span<const std::uint8_t> input, unsigned width, std::span<std::uint8_t> output) {
  const std::size_t numbers = input.size() / width;
  std::size_t i = 0;
  if (width == 8) {
    Block block;
    for (; i + 8 <= numbers; i += 8) {
      std::memcpy(block.data(), input.data() + i * 8, sizeof block);
      transpose(block);
      for (std::size_t plane = 0; plane < 8; ++plane)
        std::memcpy(output.data() + plane * numbers + i, &block[plane], 8);
    }
  }
  for (std::size_t plane = 0; plane < width; ++plane) {
    auto* out = output.data() + plane * numbers;
    const auto* in = input.data() + plane;
    for (std::size_t k = i; k < numbers; ++k) out[k] = in[k * width];
  }
  std::copy(input.begin() + static_cast<std::ptrdiff_t>(numbers * width), input.end(),
            output.begin() + static_cast<std::ptrdiff_t>(numbers * width));
}

void unshuffle(std::span<const std::uint8_t> input, unsigned width,
               std::span<std::uint8_t> output) {
  const std::size_t numbers = input.size() / width;
  std::size_t i = 0;
  if (width == 8) {
    Block block;
    for (; i + 8 <= numbers; i += 8) {
      for (std::size_t plane = 0; plane < 8; ++plane)
        std::memcpy(&block[plane], input.data() + plane * numbers + i, 8);
      transpose(block);
      std::memcpy(output.data() + i * 8, block.data(), sizeof block);
    }
  }
  for (std::size_t plane = 0; plane < width; ++plane) {
    const auto* in = input.data() + plane * numbers;
    auto* out = output.data() + plane;
    for (std::size_t k = i; k < numbers; ++k) out[k * width] = in[k];
  }
  std::copy(input.begin() + static_cast<std::ptrdiff_t>(numbers * width), input.end(),
            output.begin() + static_cast<std::ptrdiff_t>(numbers * width));
}

unsigned promising_width(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kPiece = kSample / kPieces;
  if (bytes.size() < kSample) return 1;
  // Counts by position in groups of eight; those of two and four are sums of them.
  std::array<std::array<std::uint32_t, 256>, 8> counts{};
  const std::size_t step = (bytes.size() - kPiece) / (kPieces - 1) / 8 * 8;
  for (std::size_t piece = 0; piece < kPieces; ++piece) {
    const auto* at = bytes.data() + piece * step;
    for (std::size_t i = 0; i < kPiece; ++i) ++counts[i % 8][at[i]];
  }
  const auto of_width = [&](std::size_t width) {
    double sum = 0;
    for (std::size_t plane = 0; plane < width; ++plane) {
      std::array<std::uint32_t, 256> joined{};
      for (std::size_t i = plane; i < 8; i += width)
        for (std::size_t value = 0; value < 256; ++value) joined[value] += counts[i][value];
      sum += entropy(joined, static_cast<double>(kSample) / static_cast<double>(width));
    }
    return sum / static_cast<double>(width);
  };
  const double plain = of_width(1);
  double best = plain * kGain;
  unsigned width = 1;
  for (const unsigned candidate : {2U, 4U, 8U}) {
    // A wider one must be better still: fewer bytes a plane always look a little more alike.
    const double bits = of_width(candidate);
    if (bits < best) {
      best = bits * 0.97;
      width = candidate;
    }
  }
  return width;
}

double sampled_entropy(std::span<const std::uint8_t> bytes) {
  const auto sample = bytes.first(std::min(bytes.size(), kSample));
  std::array<std::uint32_t, 256> counts{};
  for (const auto byte : sample) ++counts[byte];
  return sample.empty() ? 0 : entropy(counts, static_cast<double>(sample.size()));
}

}  // namespace provrun::store
