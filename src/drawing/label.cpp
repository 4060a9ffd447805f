#include "label.hpp"

#include <algorithm>
#include <utility>

#include "provrun/base/text.hpp"

namespace provrun::drawing {

namespace {

// Blocks whose letters take two columns: Hangul Jamo, CJK and Hangul syllables, compatibility
// ideographs, full-width forms, emoji and the supplementary ideographs (Unicode, annex 11).
constexpr std::pair<char32_t, char32_t> kWide[] = {
    {0x1100, 0x115F}, {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};

char32_t next_code_point(std::string_view& valid) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(valid[i]); };
  const std::size_t length = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  char32_t point = length == 1 ? byte(0) : byte(0) & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) point = point << 6U | (byte(i) & 0x3FU);
  valid.remove_prefix(length);
  return point;
}

}  // namespace

std::string drawn_text(std::string_view text) {
  auto drawn = base::printable(text);
  for (const char* forbidden : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})  // U+FFFE, U+FFFF
    for (auto at = drawn.find(forbidden); at != std::string::npos; at = drawn.find(forbidden, at))
      drawn.replace(at, 3, "\xEF\xBF\xBD");
  return drawn;
}

double width_of(std::string_view drawn) {
  double columns = 0;
  while (!drawn.empty()) {
    const auto point = next_code_point(drawn);
    columns += std::any_of(
                   std::begin(kWide), std::end(kWide),
                   [&](const auto& block) { return point >= block.first && point <= block.second; })
                   ? 2
                   : 1;
  }
  return columns * kFontSize * 0.61;  // the usual fixed-width fonts advance by 0.60 to 0.61 em
}

}  // namespace provrun::drawing
