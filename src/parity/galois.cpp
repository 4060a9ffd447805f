#include "provrun/parity/galois.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#define PROVRUN_PARITY_X86 1
#endif

namespace provrun::parity {

namespace {

constexpr std::uint32_t kPolynomial = 0x1100B;
constexpr std::uint32_t kOrder = 65535;  // of the multiplicative group

struct Tables {
  std::vector<std::uint16_t> logarithm;
  std::vector<std::uint16_t> power;  // twice around, so that sums of two logarithms need no modulo
  Tables() : logarithm(65536), power(2 * std::size_t{kOrder}) {
    std::uint32_t value = 1;
    for (std::uint32_t i = 0; i < kOrder; ++i) {
      power[i] = power[i + kOrder] = static_cast<std::uint16_t>(value);
      logarithm[value] = static_cast<std::uint16_t>(i);
      value <<= 1U;
      if ((value & 0x10000U) != 0) value ^= kPolynomial;
    }
  }
};

const Tables& tables() {
  static const Tables made;
  return made;
}

using Nibbles = std::array<std::array<std::uint8_t, 16>, 8>;

void add_portable(const Nibbles& t, const std::uint8_t* planes, std::uint8_t* sum,
                  std::size_t size) {
  std::array<std::array<std::uint8_t, 256>, 4> whole;  // low from low, high from low, …
  for (std::size_t plane = 0; plane < 2; ++plane)
    for (std::size_t half = 0; half < 2; ++half)
      for (std::size_t v = 0; v < 256; ++v)
        whole[plane * 2 + half][v] = static_cast<std::uint8_t>(t[plane * 4 + half][v & 15U] ^
                                                               t[plane * 4 + 2 + half][v >> 4U]);
  for (std::size_t at = 0; at < size; at += kPlaneBlock)
    for (std::size_t i = 0; i < 32; ++i) {
      const auto low = planes[at + i];
      const auto high = planes[at + 32 + i];
      sum[at + i] ^= static_cast<std::uint8_t>(whole[0][low] ^ whole[2][high]);
      sum[at + 32 + i] ^= static_cast<std::uint8_t>(whole[1][low] ^ whole[3][high]);
    }
}

#ifdef PROVRUN_PARITY_X86

__attribute__((target("ssse3"))) void add_ssse3(const Nibbles& t, const std::uint8_t* planes,
                                                std::uint8_t* sum, std::size_t size) {
  __m128i table[8];
  for (int i = 0; i < 8; ++i)
    table[i] =
        _mm_load_si128(reinterpret_cast<const __m128i*>(t[static_cast<std::size_t>(i)].data()));
  const __m128i mask = _mm_set1_epi8(15);
  for (std::size_t at = 0; at < size; at += kPlaneBlock)
    for (std::size_t i = 0; i < 32; i += 16) {
      const auto* from = reinterpret_cast<const __m128i*>(planes + at + i);
      auto* to = reinterpret_cast<__m128i*>(sum + at + i);
      const __m128i low = _mm_loadu_si128(from);
      const __m128i high = _mm_loadu_si128(from + 2);
      const __m128i n0 = _mm_and_si128(low, mask);
      const __m128i n1 = _mm_and_si128(_mm_srli_epi16(low, 4), mask);
      const __m128i n2 = _mm_and_si128(high, mask);
      const __m128i n3 = _mm_and_si128(_mm_srli_epi16(high, 4), mask);
      __m128i a = _mm_xor_si128(_mm_shuffle_epi8(table[0], n0), _mm_shuffle_epi8(table[2], n1));
      __m128i b = _mm_xor_si128(_mm_shuffle_epi8(table[1], n0), _mm_shuffle_epi8(table[3], n1));
      a = _mm_xor_si128(
          a, _mm_xor_si128(_mm_shuffle_epi8(table[4], n2), _mm_shuffle_epi8(table[6], n3)));
      b = _mm_xor_si128(
          b, _mm_xor_si128(_mm_shuffle_epi8(table[5], n2), _mm_shuffle_epi8(table[7], n3)));
      _mm_storeu_si128(to, _mm_xor_si128(_mm_loadu_si128(to), a));
      _mm_storeu_si128(to + 2, _mm_xor_si128(_mm_loadu_si128(to + 2), b));
    }
}

__attribute__((target("avx2"))) void add_avx2(const Nibbles& t, const std::uint8_t* planes,
                                              std::uint8_t* sum, std::size_t size) {
  __m256i table[8];
  for (int i = 0; i < 8; ++i)
    table[i] = _mm256_broadcastsi128_si256(
        _mm_load_si128(reinterpret_cast<const __m128i*>(t[static_cast<std::size_t>(i)].data())));
  const __m256i mask = _mm256_set1_epi8(15);
  for (std::size_t at = 0; at < size; at += kPlaneBlock) {
    const auto* from = reinterpret_cast<const __m256i*>(planes + at);
    auto* to = reinterpret_cast<__m256i*>(sum + at);
    const __m256i low = _mm256_loadu_si256(from);
    const __m256i high = _mm256_loadu_si256(from + 1);
    const __m256i n0 = _mm256_and_si256(low, mask);
    const __m256i n1 = _mm256_and_si256(_mm256_srli_epi16(low, 4), mask);
    const __m256i n2 = _mm256_and_si256(high, mask);
    const __m256i n3 = _mm256_and_si256(_mm256_srli_epi16(high, 4), mask);
    __m256i a =
        _mm256_xor_si256(_mm256_shuffle_epi8(table[0], n0), _mm256_shuffle_epi8(table[2], n1));
    __m256i b =
        _mm256_xor_si256(_mm256_shuffle_epi8(table[1], n0), _mm256_shuffle_epi8(table[3], n1));
    a = _mm256_xor_si256(
        a, _mm256_xor_si256(_mm256_shuffle_epi8(table[4], n2), _mm256_shuffle_epi8(table[6], n3)));
    b = _mm256_xor_si256(
        b, _mm256_xor_si256(_mm256_shuffle_epi8(table[5], n2), _mm256_shuffle_epi8(table[7], n3)));
    _mm256_storeu_si256(to, _mm256_xor_si256(_mm256_loadu_si256(to), a));
    _mm256_storeu_si256(to + 1, _mm256_xor_si256(_mm256_loadu_si256(to + 1), b));
  }
}

__attribute__((target("avx2,gfni"))) void add_gfni(const std::array<std::uint64_t, 4>& m,
                                                   const std::uint8_t* planes, std::uint8_t* sum,
                                                   std::size_t size) {
  __m256i matrix[4];
  for (int i = 0; i < 4; ++i)
    matrix[i] = _mm256_set1_epi64x(static_cast<long long>(m[static_cast<std::size_t>(i)]));
  for (std::size_t at = 0; at < size; at += kPlaneBlock) {
    const auto* from = reinterpret_cast<const __m256i*>(planes + at);
    auto* to = reinterpret_cast<__m256i*>(sum + at);
    const __m256i low = _mm256_loadu_si256(from);
    const __m256i high = _mm256_loadu_si256(from + 1);
    const __m256i a = _mm256_xor_si256(_mm256_gf2p8affine_epi64_epi8(low, matrix[0], 0),
                                       _mm256_gf2p8affine_epi64_epi8(high, matrix[1], 0));
    const __m256i b = _mm256_xor_si256(_mm256_gf2p8affine_epi64_epi8(low, matrix[2], 0),
                                       _mm256_gf2p8affine_epi64_epi8(high, matrix[3], 0));
    _mm256_storeu_si256(to, _mm256_xor_si256(_mm256_loadu_si256(to), a));
    _mm256_storeu_si256(to + 1, _mm256_xor_si256(_mm256_loadu_si256(to + 1), b));
  }
}

#endif

Kernel best_kernel() {
  static const Kernel best = available_kernels().back();
  return best;
}

}  // namespace

std::uint16_t multiply(std::uint16_t a, std::uint16_t b) {
  if (a == 0 || b == 0) return 0;
  const auto& t = tables();
  return t.power[std::size_t{t.logarithm[a]} + t.logarithm[b]];
}

std::uint16_t power_of_two(std::uint32_t exponent) {
  return tables().power[exponent % kOrder];
}

std::uint16_t raise(std::uint16_t base, std::uint32_t exponent) {
  if (exponent == 0) return 1;
  if (base == 0) return 0;
  const auto& t = tables();
  return t.power[std::uint64_t{t.logarithm[base]} * exponent % kOrder];
}

std::uint16_t invert(std::uint16_t value) {
  assert(value != 0);
  const auto& t = tables();
  return t.power[kOrder - t.logarithm[value]];
}

void to_planes(std::span<const std::uint8_t> bytes, std::span<std::uint8_t> planes) {
  std::array<std::uint8_t, kPlaneBlock> last{};
  for (std::size_t at = 0; at < planes.size(); at += kPlaneBlock) {
    const std::uint8_t* from = nullptr;
    if (at + kPlaneBlock <= bytes.size()) {
      from = bytes.data() + at;
    } else if (at < bytes.size()) {
      std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), last.begin());
      from = last.data();
    } else {
      std::memset(planes.data() + at, 0, planes.size() - at);
      return;
    }
    auto* to = planes.data() + at;
#ifdef PROVRUN_PARITY_X86
    const __m128i mask = _mm_set1_epi16(0xff);
    for (int half = 0; half < 2; ++half) {
      const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + half * 32));
      const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + half * 32 + 16));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + half * 16),
                       _mm_packus_epi16(_mm_and_si128(a, mask), _mm_and_si128(b, mask)));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 32 + half * 16),
                       _mm_packus_epi16(_mm_srli_epi16(a, 8), _mm_srli_epi16(b, 8)));
    }
#else
    for (std::size_t i = 0; i < 32; ++i) {
      to[i] = from[2 * i];
      to[32 + i] = from[2 * i + 1];
    }
#endif
  }
}

void from_planes(std::span<std::uint8_t> planes) {
  std::array<std::uint8_t, kPlaneBlock> block;
  for (std::size_t at = 0; at < planes.size(); at += kPlaneBlock) {
    auto* to = planes.data() + at;
    std::memcpy(block.data(), to, kPlaneBlock);
    for (std::size_t i = 0; i < 32; ++i) {
      to[2 * i] = block[i];
      to[2 * i + 1] = block[32 + i];
    }
  }
}

std::vector<Kernel> available_kernels() {
  std::vector<Kernel> kernels{Kernel::portable};
#ifdef PROVRUN_PARITY_X86
  if (__builtin_cpu_supports("ssse3")) kernels.push_back(Kernel::ssse3);
  if (__builtin_cpu_supports("avx2")) {
    kernels.push_back(Kernel::avx2);
    if (__builtin_cpu_supports("gfni")) kernels.push_back(Kernel::gfni);
  }
#endif
  return kernels;
}

std::string_view name_of(Kernel kernel) {
  switch (kernel) {
    case Kernel::portable:
      return "portable";
    case Kernel::ssse3:
      return "ssse3";
    case Kernel::avx2:
      return "avx2";
    case Kernel::gfni:
      return "gfni";
  }
  return "";
}

Factor::Factor(std::uint16_t value) : value_(value) {
  // Products of single bits; all others are sums of these.
  std::array<std::uint16_t, 16> bits{};
  std::uint32_t product = value;
  for (auto& bit : bits) {
    bit = static_cast<std::uint16_t>(product);
    product <<= 1U;
    if ((product & 0x10000U) != 0) product ^= kPolynomial;
  }
  for (std::size_t position = 0; position < 4; ++position)
    for (std::size_t nibble = 0; nibble < 16; ++nibble) {
      std::uint16_t sum = 0;
      for (std::size_t bit = 0; bit < 4; ++bit)
        if ((nibble >> bit & 1U) != 0)
          sum = static_cast<std::uint16_t>(sum ^ bits[position * 4 + bit]);
      nibbles_[position * 2][nibble] = static_cast<std::uint8_t>(sum);
      nibbles_[position * 2 + 1][nibble] = static_cast<std::uint8_t>(sum >> 8U);
    }
  // Row i of a matrix (byte 7 - i) has a bit for each bit of the input that bit i of the output is
  // a sum of.
  for (std::size_t matrix = 0; matrix < 4; ++matrix) {
    const std::size_t output = matrix / 2 * 8;
    const std::size_t input = matrix % 2 * 8;
    std::uint64_t rows = 0;
    for (std::size_t i = 0; i < 8; ++i)
      for (std::size_t j = 0; j < 8; ++j)
        if ((bits[input + j] >> (output + i) & 1U) != 0)
          rows |= std::uint64_t{1} << ((7 - i) * 8 + j);
    matrices_[matrix] = rows;
  }
}

void Factor::multiply_add(std::span<const std::uint8_t> planes, std::span<std::uint8_t> sum) const {
  multiply_add(planes, sum, best_kernel());
}

void Factor::multiply_add(std::span<const std::uint8_t> planes, std::span<std::uint8_t> sum,
                          Kernel kernel) const {
  assert(planes.size() == sum.size() && planes.size() % kPlaneBlock == 0);
  if (value_ == 0) return;
#ifdef PROVRUN_PARITY_X86
  if (kernel == Kernel::gfni) return add_gfni(matrices_, planes.data(), sum.data(), sum.size());
  if (kernel == Kernel::avx2) return add_avx2(nibbles_, planes.data(), sum.data(), sum.size());
  if (kernel == Kernel::ssse3) return add_ssse3(nibbles_, planes.data(), sum.data(), sum.size());
#endif
  static_cast<void>(kernel);
  add_portable(nibbles_, planes.data(), sum.data(), sum.size());
}

}  // namespace provrun::parity
