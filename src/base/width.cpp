#include "provrun/base/width.hpp"

#include <algorithm>
#include <array>

namespace provrun::base {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode's East Asian Width W and F, in the ranges terminals agree on.
constexpr std::array kWide{
    Range{0x1100, 0x115F},   Range{0x231A, 0x231B},   Range{0x23E9, 0x23EC},
    Range{0x25FD, 0x25FE},   Range{0x2614, 0x2615},   Range{0x2648, 0x2653},
    Range{0x26A1, 0x26A1},   Range{0x26BD, 0x26BE},   Range{0x2705, 0x2705},
    Range{0x270A, 0x270B},   Range{0x2728, 0x2728},   Range{0x274C, 0x274C},
    Range{0x2753, 0x2755},   Range{0x2795, 0x2797},   Range{0x2B1B, 0x2B1C},
    Range{0x2E80, 0x303E},   Range{0x3041, 0x33FF},   Range{0x3400, 0x4DBF},
    Range{0x4E00, 0x9FFF},   Range{0xA000, 0xA4CF},   Range{0xA960, 0xA97C},
    Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},
    Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},   Range{0x16FE0, 0x18AFF},
    Range{0x1B000, 0x1B2FF}, Range{0x1F18E, 0x1F19A}, Range{0x1F200, 0x1F265},
    Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F7E0, 0x1F7EB},
    Range{0x1F90C, 0x1FAFF}, Range{0x20000, 0x3FFFD}};

// Combining marks of the scripts that use them most, joiners and variation selectors.
constexpr std::array kZero{
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x0610, 0x061A},
    Range{0x064B, 0x065F}, Range{0x093A, 0x093A}, Range{0x093C, 0x093C}, Range{0x0941, 0x0948},
    Range{0x094D, 0x094D}, Range{0x0E31, 0x0E31}, Range{0x0E34, 0x0E3A}, Range{0x0E47, 0x0E4E},
    Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF}, Range{0x200B, 0x200F}, Range{0x20D0, 0x20FF},
    Range{0x3099, 0x309A}, Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}};

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t letter) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), letter,
                       [](char32_t c, const Range& range) { return c < range.first; });
  return after != ranges.begin() && letter <= std::prev(after)->last;
}

std::size_t letter_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U)
    ++length;
  return length;
}

std::size_t letter_width(std::string_view letter) {
  if (letter.size() == 1) return 1;
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(letter[i]));
  };
  char32_t code = byte(0) & (0xFFU >> (letter.size() + 1));
  for (std::size_t i = 1; i < letter.size(); ++i) code = (code << 6U) | (byte(i) & 0x3FU);
  if (in(kZero, code)) return 0;
  return in(kWide, code) ? 2 : 1;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto length = letter_length(text);
    width += letter_width(text.substr(0, length));
    text.remove_prefix(length);
  }
  return width;
}

std::string_view cut_to_width(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  std::size_t width = 0;
  while (end < text.size()) {
    const auto length = letter_length(text.substr(end));
    width += letter_width(text.substr(end, length));
    if (width > columns) break;
    end += length;
  }
  return text.substr(0, end);
}

std::string with_short_words(std::string_view text) {
  constexpr std::size_t kLongest = 400;
  constexpr std::size_t kFront = 120;
  constexpr std::size_t kBack = 60;
  const auto inside = [&](std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  std::string result;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const auto end = std::min(text.find_first_of(" \n", begin), text.size());
    if (end - begin > kLongest) {
      auto front = begin + kFront;
      while (inside(front)) ++front;
      auto back = end - kBack;
      while (inside(back)) ++back;
      result += text.substr(begin, front - begin);
      result += "[...]";
      result += text.substr(back, end - back);
    } else {
      result += text.substr(begin, end - begin);
    }
    if (end < text.size()) result += text[end];
    begin = end + 1;
  }
  return result;
}

}  // namespace provrun::base
