#include "status_format.hpp"

#include <algorithm>
#include <cmath>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::cli {

namespace {

constexpr std::string_view kPlaceholders = "sftrupPoceEwW%";

std::string clock_of(double seconds) {
  if (seconds < 0) return "?";
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole >= 3600)
    return base::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return base::format("{:02}:{:02}", whole / 60, whole % 60);
}

std::string number_of(double value, const char* unknown) {
  return value < 0 || !std::isfinite(value) ? std::string(unknown) : base::format("{:.1f}", value);
}

}  // namespace

StatusFormat::StatusFormat(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      if (pieces_.empty() || pieces_.back().what != 0) pieces_.push_back({});
      pieces_.back().text += text[at];
      continue;
    }
    const char what = at + 1 < text.size() ? text[at + 1] : '\0';
    if (what == '\0' || kPlaceholders.find(what) == std::string_view::npos)
      throw base::Error(base::ErrorCode::invalid_input,
                        what == '\0' ? std::string("--status ends in a single '%'")
                                     : base::format("--status has no placeholder '{}'",
                                                    base::printable(text.substr(at, 2))))
          .hint(
              "there are %s %f %t %r %u %p %P %o %c %e %E %w %W and %%; 'provrun help run' says "
              "what they are");
    pieces_.push_back({what, {}});
    ++at;
  }
}

std::string StatusFormat::fill(const StatusNumbers& numbers) const {
  std::string text;
  for (const auto& piece : pieces_) {
    switch (piece.what) {
      case 0:
        text += piece.text;
        break;
      case 's':
        text += std::to_string(numbers.started);
        break;
      case 'f':
        text += std::to_string(numbers.finished);
        break;
      case 't':
        text += std::to_string(numbers.total);
        break;
      case 'r':
        text += std::to_string(numbers.running);
        break;
      case 'u':
        text += std::to_string(numbers.total - std::min(numbers.total, numbers.started));
        break;
      case 'p':
        text +=
            base::format("{:3}%", numbers.total == 0 ? 0 : numbers.finished * 100 / numbers.total);
        break;
      case 'P': {
        const auto whole = numbers.elapsed_s + std::max(0.0, numbers.left_s);
        text += numbers.left_s < 0 || whole <= 0
                    ? std::string("  ?%")
                    : base::format("{:3}%", static_cast<int>(numbers.elapsed_s / whole * 100));
        break;
      }
      case 'o':
        text += number_of(
            numbers.elapsed_s > 0 ? static_cast<double>(numbers.finished) / numbers.elapsed_s : -1,
            "?");
        break;
      case 'c':
        text += number_of(numbers.current_rate, "?");
        break;
      case 'e':
        text += base::format("{:.3f}", numbers.elapsed_s);
        break;
      case 'E':
        text += numbers.left_s < 0 ? std::string("?") : base::format("{:.3f}", numbers.left_s);
        break;
      case 'w':
        text += clock_of(numbers.elapsed_s);
        break;
      case 'W':
        text += clock_of(numbers.left_s);
        break;
      default:
        text += '%';
    }
  }
  return text;
}

}  // namespace provrun::cli
