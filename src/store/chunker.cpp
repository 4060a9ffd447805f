#include "provrun/store/chunker.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/hash/sha256.hpp"

namespace provrun::store {

namespace {

constexpr std::size_t kWindow = 64;  // a byte leaves the 64-bit hash after 64 shifts
constexpr int kNormalization = 2;    // bits by which the masks differ from the average's

// One constant per byte value: the first 8 bytes, little endian, of SHA-256("provrun gear-v1 N").
std::array<std::uint64_t, 256> make_gear() {
  std::array<std::uint64_t, 256> gear{};
  for (std::size_t value = 0; value < gear.size(); ++value) {
    const auto digest = hash::sha256(base::format("provrun gear-v1 {}", value));
    for (int byte = 7; byte >= 0; --byte)
      gear[value] = gear[value] << 8U | digest.bytes[static_cast<std::size_t>(byte)];
  }
  return gear;
}

const std::array<std::uint64_t, 256>& gear() {
  static const auto table = make_gear();
  return table;
}

}  // namespace

Chunker::Chunker(const ChunkerParameters& parameters) : parameters_(parameters) {
  const bool valid = parameters.minimum >= kWindow && parameters.minimum <= parameters.average &&
                     parameters.average <= parameters.maximum && parameters.average >= 256 &&
                     std::has_single_bit(parameters.average) && parameters.maximum <= (64U << 20U);
  if (!valid)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("chunk sizes {}/{}/{} do not fit together", parameters.minimum,
                                   parameters.average, parameters.maximum));
  const int bits = std::countr_zero(parameters.average);
  strict_shift_ = 64 - (bits + kNormalization);
  lenient_shift_ = 64 - (bits - kNormalization);
}

std::size_t Chunker::cut(std::span<const std::uint8_t> data) const {
  if (data.size() <= parameters_.minimum) return data.size();
  const auto& table = gear();
  const std::size_t end = std::min<std::size_t>(data.size(), parameters_.maximum);
  const std::size_t normal = std::min<std::size_t>(end, parameters_.average);
  std::uint64_t hash = 0;
  std::size_t i = parameters_.minimum - kWindow;
  for (; i < parameters_.minimum; ++i) hash = (hash << 1U) + table[data[i]];
  for (; i < normal; ++i) {
    hash = (hash << 1U) + table[data[i]];
    if (hash >> strict_shift_ == 0) return i + 1;
  }
  for (; i < end; ++i) {
    hash = (hash << 1U) + table[data[i]];
    if (hash >> lenient_shift_ == 0) return i + 1;
  }
  return end;
}

}  // namespace provrun::store
