#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "provrun/base/time.hpp"

namespace provrun::base {

/// A UUID (RFC 9562). Version 7 ids sort by the time they were made.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;

  /// "0192f1c2-7d3e-7a10-8b1c-2f3e4d5c6b7a"
  std::string to_string() const;
};

/// Version 7 from a time (milliseconds are kept) and 10 random bytes.
Uuid make_uuid_v7(Timestamp time, const std::array<std::uint8_t, 10>& random);
/// The 36-character form only; nullopt otherwise.
std::optional<Uuid> parse_uuid(std::string_view text);

/// A UUID that names one kind of thing, so that two kinds cannot be mixed up.
template <typename Tag>
struct Id {
  Uuid uuid;
  auto operator<=>(const Id&) const = default;
  std::string to_string() const { return uuid.to_string(); }
};

}  // namespace provrun::base
