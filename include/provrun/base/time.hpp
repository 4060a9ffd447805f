#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace provrun::base {

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
struct Timestamp {
  std::int64_t nanoseconds = 0;
  auto operator<=>(const Timestamp&) const = default;

  /// RFC 3339 in UTC with milliseconds: "2026-08-01T12:00:00.123Z".
  std::string to_rfc3339() const;
  /// For file names: "20260801T120000Z".
  std::string to_compact() const;
  double seconds_until(Timestamp later) const {
    return static_cast<double>(later.nanoseconds - nanoseconds) / 1e9;
  }
};

/// RFC 3339 with an offset or Z, any number of fractional digits; also a date, or a date and time
/// without seconds or zone ("2026-08-01T12:00"), which are taken as UTC. nullopt otherwise.
std::optional<Timestamp> parse_timestamp(std::string_view text);

}  // namespace provrun::base
