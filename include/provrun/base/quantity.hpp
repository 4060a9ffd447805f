#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace provrun::base {

/// "90s", "2h", "30min", "1.5h", "250ms", "3d", "1h30min"; units ms s min h d (m is refused, since
/// it could be months). nullopt for anything else, also for a bare number and for zero overflow.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// "4GiB", "10MB", "512", "1.5TiB"; units B kB KB MB GB TB KiB MiB GiB TiB and K M G T (binary, as
/// in dd and restic). A bare number is refused when require_unit. nullopt if it does not parse or
/// fit.
std::optional<std::uint64_t> parse_size(std::string_view text, bool require_unit);

/// "850 ms", "4.2 s", "3 min 20 s", "2 h 05 min", "3 d 4 h".
std::string format_duration(std::chrono::nanoseconds duration);
/// "512 B", "1.4 MB": decimal units, three significant digits.
std::string format_size(std::uint64_t bytes);
/// "12,345".
std::string format_count(std::uint64_t count);

}  // namespace provrun::base
