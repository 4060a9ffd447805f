#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace provrun::hash {

/// 16 bytes of MD5 (RFC 1321). For formats that ask for it, against accidents only: nothing that
/// somebody could forge is decided by one.
struct Md5Digest {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Md5Digest&) const = default;
};

/// MD5 of a stream, through OpenSSL. One thread at a time.
class Md5 {
 public:
  /// Error(unsupported) where OpenSSL offers none.
  Md5();
  ~Md5();
  Md5(Md5&&) noexcept;
  Md5& operator=(Md5&&) noexcept;

  void update(std::span<const std::uint8_t> bytes);
  /// The digest; the object then starts a new stream.
  Md5Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Md5Digest md5(std::span<const std::uint8_t> bytes);

}  // namespace provrun::hash
