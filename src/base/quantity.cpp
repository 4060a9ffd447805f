#include "provrun/base/quantity.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "provrun/base/format.hpp"

namespace provrun::base {

namespace {

// Reads a non-negative decimal number from the front of the text and removes it.
std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::string_view take_letters(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() &&
         ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z')))
    ++n;
  const auto letters = text.substr(0, n);
  text.remove_prefix(n);
  return letters;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 5> units{
      {{"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}, {"d", 86400e9}}};
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    const auto unit = take_letters(text);
    if (!number) return std::nullopt;
    bool known = false;
    for (const auto& [name, nanoseconds] : units) {
      if (unit != name) continue;
      total += *number * nanoseconds;
      known = true;
    }
    if (!known) return std::nullopt;
  }
  if (total > 9e18) return std::nullopt;
  return std::chrono::nanoseconds(std::llround(total));
}

std::optional<std::uint64_t> parse_size(std::string_view text, bool require_unit) {
  constexpr std::array<std::pair<std::string_view, double>, 17> units{
      {{"B", 1},
       {"kB", 1e3},
       {"KB", 1e3},
       {"MB", 1e6},
       {"GB", 1e9},
       {"TB", 1e12},
       {"K", 1024.0},
       {"k", 1024.0},
       {"M", 1048576.0},
       {"G", 1073741824.0},
       {"T", 1099511627776.0},
       {"KiB", 1024.0},
       {"kiB", 1024.0},
       {"MiB", 1048576.0},
       {"GiB", 1073741824.0},
       {"TiB", 1099511627776.0},
       {"PiB", 1125899906842624.0}}};
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  double factor = 0;
  if (text.empty() && !require_unit) factor = 1;
  for (const auto& [name, bytes] : units)
    if (text == name) factor = bytes;
  if (factor == 0 || *number * factor > 9e18) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*number * factor));
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const double seconds = static_cast<double>(duration.count()) / 1e9;
  if (seconds < 0.9995) return format("{:.0f} ms", seconds * 1e3);
  if (seconds < 59.95) return format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return format("{} min {:02} s", whole / 60, whole % 60);
  if (whole < 86400) return format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  return format("{} d {} h", whole / 86400, whole % 86400 / 3600);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1000) return format("{} B", bytes);
  constexpr std::array<std::string_view, 6> units{"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return format("{:.{}f} {}", value, decimals, units[unit]);
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

}  // namespace provrun::base
