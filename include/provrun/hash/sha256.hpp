#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace provrun::hash {

/// 32 bytes of SHA-256 (FIPS 180-4).
struct Digest {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Digest&) const = default;
  /// 64 lower-case hexadecimal digits.
  std::string to_hex() const;
};

std::optional<Digest> parse_digest(std::string_view hex);

/// SHA-256 of a stream, through OpenSSL (SHA-NI where the CPU has it). One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::uint8_t> bytes);
  void update(std::string_view bytes);
  /// The digest; the object then starts a new stream.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(std::span<const std::uint8_t> bytes);
Digest sha256(std::string_view bytes);
/// HMAC-SHA-256 (RFC 2104).
Digest hmac_sha256(std::span<const std::uint8_t> key, std::string_view message);

}  // namespace provrun::hash

template <>
struct std::hash<provrun::hash::Digest> {
  std::size_t operator()(const provrun::hash::Digest& d) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, d.bytes.data(), sizeof value);
    return value;
  }
};
