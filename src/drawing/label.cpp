#include "label.hpp"

#include <vector>

#include "provrun/base/text.hpp"

namespace provrun::drawing {

namespace {

constexpr std::size_t kMaxCharacters = 44;

/// Where each character of valid UTF-8 begins.
std::vector<std::size_t> starts_of(std::string_view text) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) starts.push_back(i);
  return starts;
}

}  // namespace

std::string shown_label(std::string_view label) {
  const auto text = base::printable(label);
  const auto starts = starts_of(text);
  if (starts.size() <= kMaxCharacters) return text;
  // The end tells more than the middle: instance values and file extensions stand there.
  const auto head = starts[kMaxCharacters / 2 - 4];
  const auto tail = starts[starts.size() - kMaxCharacters / 2 - 3];
  return text.substr(0, head) + "…" + text.substr(tail);
}

double label_width(std::string_view shown) {
  constexpr double kNarrow = 7.1;  // DejaVu Sans at 12 px, the widest of the usual fonts
  constexpr double kWide = 12;  // East Asian characters, from U+1100 on, have three bytes or more
  double width = 0;
  for (const auto start : starts_of(shown)) {
    const auto lead = static_cast<unsigned char>(shown[start]);
    width += lead >= 0xE3U ? kWide : kNarrow;
  }
  return width;
}

}  // namespace provrun::drawing
