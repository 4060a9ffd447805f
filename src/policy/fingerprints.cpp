#include "fingerprints.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "secret_tokens.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace provrun::policy {

namespace {

constexpr std::size_t kLength = 3;

std::uint32_t three_at(const char* bytes) {
  const auto byte = [&](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(bytes[i])};
  };
  return byte(0) | byte(1) << 8U | byte(2) << 16U;
}

/// The fingerprints in eight buckets, as tables over the low and the high half of each of the three
/// bytes: a position fits a bucket when all six tables say so. Fits are then compared exactly.
struct Tables {
  std::array<bool, 256> first{};
  std::vector<std::uint32_t> exact;  // sorted
  std::array<std::array<std::uint8_t, 16>, kLength> low{}, high{};

  Tables() {
    for (const auto& token : kTokens) exact.push_back(three_at(token.prefix.data()));
    exact.push_back(three_at("eyJ"));
    exact.push_back(three_at("-BE"));
    std::sort(exact.begin(), exact.end(), [](std::uint32_t a, std::uint32_t b) {
      return (a & 0xffffU) != (b & 0xffffU) ? (a & 0xffffU) < (b & 0xffffU) : a < b;
    });
    exact.erase(std::unique(exact.begin(), exact.end()), exact.end());
    for (std::size_t i = 0; i < exact.size(); ++i) {
      first[exact[i] & 0xffU] = true;
      const auto bucket = static_cast<std::uint8_t>(1U << (i * 8 / exact.size()));
      for (std::size_t j = 0; j < kLength; ++j) {
        const auto byte = exact[i] >> (8 * j) & 0xffU;
        low[j][byte & 15U] |= bucket;
        high[j][byte >> 4U] |= bucket;
      }
    }
    std::sort(exact.begin(), exact.end());
  }

  bool is_exact(const char* bytes) const {
    return std::binary_search(exact.begin(), exact.end(), three_at(bytes));
  }
};

const Tables& tables() {
  static const Tables tables;
  return tables;
}

std::size_t find_plainly(std::string_view bytes, std::size_t at) {
  const auto& all = tables();
  for (; at + kLength <= bytes.size(); ++at)
    if (all.first[static_cast<unsigned char>(bytes[at])] && all.is_exact(bytes.data() + at))
      return at;
  return std::string_view::npos;
}

#if defined(__x86_64__)
#define PROVRUN_AVX2 __attribute__((target("avx2")))

PROVRUN_AVX2 inline __m256i table_of(const std::array<std::uint8_t, 16>& table) {
  return _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data())));
}

PROVRUN_AVX2 inline __m256i buckets_of(const char* from, __m256i low, __m256i high) {
  const __m256i half = _mm256_set1_epi8(15);
  const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm256_and_si256(
      _mm256_shuffle_epi8(low, _mm256_and_si256(text, half)),
      _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(text, 4), half)));
}

PROVRUN_AVX2 std::size_t find_by_32(std::string_view bytes, std::size_t at) {
  const auto& all = tables();
  const __m256i low0 = table_of(all.low[0]), high0 = table_of(all.high[0]);
  const __m256i low1 = table_of(all.low[1]), high1 = table_of(all.high[1]);
  const __m256i low2 = table_of(all.low[2]), high2 = table_of(all.high[2]);
  const __m256i zero = _mm256_setzero_si256();
  for (; at + 32 + kLength <= bytes.size(); at += 32) {
    const char* from = bytes.data() + at;
    const __m256i all_fit = _mm256_and_si256(
        buckets_of(from, low0, high0),
        _mm256_and_si256(buckets_of(from + 1, low1, high1), buckets_of(from + 2, low2, high2)));
    auto found =
        ~static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(all_fit, zero)));
    for (; found != 0; found &= found - 1) {
      const auto offset = static_cast<std::size_t>(std::countr_zero(found));
      if (all.is_exact(from + offset)) return at + offset;
    }
  }
  return find_plainly(bytes, at);
}
#endif

}  // namespace

std::size_t find_fingerprint(std::string_view bytes, std::size_t from) {
#if defined(__x86_64__)
  static const bool by_32 = __builtin_cpu_supports("avx2") != 0;
  if (by_32) return find_by_32(bytes, from);
#endif
  return find_plainly(bytes, from);
}

}  // namespace provrun::policy
