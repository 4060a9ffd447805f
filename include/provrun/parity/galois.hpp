#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

// Arithmetic in GF(2^16) with the generator polynomial 0x1100B, as the PAR2 specification has it:
// words of 16 bits, little endian. Long operands are kept in planes: of each 64 bytes the 32 low
// bytes of the words, then the 32 high bytes, which is what vector instructions want.
namespace provrun::parity {

std::uint16_t multiply(std::uint16_t a, std::uint16_t b);
/// 2 to the exponent.
std::uint16_t power_of_two(std::uint32_t exponent);
std::uint16_t raise(std::uint16_t base, std::uint32_t exponent);
/// Of any but 0.
std::uint16_t invert(std::uint16_t value);

/// Bytes of a block of planes; lengths of planar operands are multiples of it.
inline constexpr std::size_t kPlaneBlock = 64;
constexpr std::size_t planar_size(std::size_t bytes) {
  return (bytes + kPlaneBlock - 1) / kPlaneBlock * kPlaneBlock;
}
/// The planes of the bytes, zeros appended up to the length of planes, a multiple of kPlaneBlock.
void to_planes(std::span<const std::uint8_t> bytes, std::span<std::uint8_t> planes);
/// In place.
void from_planes(std::span<std::uint8_t> planes);

/// One way to multiply: the best this processor has is chosen at the first use.
enum class Kernel { portable, ssse3, avx2, gfni };
std::vector<Kernel> available_kernels();  ///< the best last
std::string_view name_of(Kernel kernel);

/// What multiplying by one number needs; made once for a whole tile.
class Factor {
 public:
  explicit Factor(std::uint16_t value);
  std::uint16_t value() const { return value_; }
  /// sum += value * planes, both planar and of one length.
  void multiply_add(std::span<const std::uint8_t> planes, std::span<std::uint8_t> sum) const;
  void multiply_add(std::span<const std::uint8_t> planes, std::span<std::uint8_t> sum,
                    Kernel kernel) const;

 private:
  std::uint16_t value_;
  /// Products of the nibbles, lowest first: 16 low bytes, 16 high bytes of each.
  alignas(16) std::array<std::array<std::uint8_t, 16>, 8> nibbles_;
  std::array<std::uint64_t, 4> matrices_;  ///< low from low, low from high, high from low, high
};

}  // namespace provrun::parity
