#include "provrun/base/time.hpp"

#include <chrono>

#include "provrun/base/format.hpp"

namespace provrun::base {

namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

struct Civil {
  std::chrono::year_month_day date;
  std::int64_t second_of_day;
  std::int64_t nanosecond;
};

Civil to_civil(std::int64_t nanoseconds) {
  std::int64_t seconds = nanoseconds / kNanosecondsPerSecond;
  std::int64_t rest = nanoseconds % kNanosecondsPerSecond;
  if (rest < 0) {
    rest += kNanosecondsPerSecond;
    --seconds;
  }
  std::int64_t days = seconds / 86400;
  std::int64_t second = seconds % 86400;
  if (second < 0) {
    second += 86400;
    --days;
  }
  return {std::chrono::sys_days(std::chrono::days(days)), second, rest};
}

// Exactly n digits as a number, removed from the front.
std::optional<int> take_digits(std::string_view& text, std::size_t n) {
  if (text.size() < n) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(n);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string Timestamp::to_rfc3339() const {
  const auto c = to_civil(nanoseconds);
  return format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(c.date.year()),
                static_cast<unsigned>(c.date.month()), static_cast<unsigned>(c.date.day()),
                c.second_of_day / 3600, c.second_of_day / 60 % 60, c.second_of_day % 60,
                c.nanosecond / 1'000'000);
}

std::string Timestamp::to_compact() const {
  const auto c = to_civil(nanoseconds);
  return format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(c.date.year()),
                static_cast<unsigned>(c.date.month()), static_cast<unsigned>(c.date.day()),
                c.second_of_day / 3600, c.second_of_day / 60 % 60, c.second_of_day % 60);
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  std::int64_t seconds =
      std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86400};
  std::int64_t fraction = 0;
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    int second = 0;
    if (take(text, ':')) {
      const auto parsed = take_digits(text, 2);
      if (!parsed || *parsed > 60) return std::nullopt;
      second = *parsed;
      if (take(text, '.')) {
        std::int64_t scale = kNanosecondsPerSecond;
        bool any = false;
        while (const auto digit = take_digits(text, 1)) {
          scale /= 10;
          fraction += *digit * scale;
          any = true;
        }
        if (!any) return std::nullopt;
      }
    }
    seconds += *hour * 3600 + *minute * 60 + second;
    if (!text.empty() && !take(text, 'Z') && !take(text, 'z')) {
      const int sign = take(text, '-') ? -1 : take(text, '+') ? 1 : 0;
      if (sign == 0) return std::nullopt;
      const auto offset_hours = take_digits(text, 2);
      if (!offset_hours || *offset_hours > 23 || !take(text, ':')) return std::nullopt;
      const auto offset_minutes = take_digits(text, 2);
      if (!offset_minutes || *offset_minutes > 59) return std::nullopt;
      seconds -= sign * (*offset_hours * 3600 + *offset_minutes * 60);
    }
    if (!text.empty()) return std::nullopt;
  }
  constexpr std::int64_t limit = INT64_MAX / kNanosecondsPerSecond - 1;
  if (seconds > limit || seconds < -limit) return std::nullopt;
  return Timestamp{seconds * kNanosecondsPerSecond + fraction};
}

}  // namespace provrun::base
