#pragma once

#include <charconv>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "provrun/hash/sha256.hpp"

// Reading and writing the rows of pack tables, index segments and chunk lists quickly: a repository
// is opened by parsing some 100,000 of them.
namespace provrun::store {

inline void append_hex(std::string& out, const hash::Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const auto byte : digest.bytes) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
}

inline void append_number(std::string& out, std::uint64_t number) {
  char text[20];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  out.append(text, end);
}

namespace detail {
struct HexValues {
  signed char of[256];
  constexpr HexValues() : of() {
    for (auto& value : of) value = -1;
    for (int i = 0; i < 10; ++i) of['0' + i] = static_cast<signed char>(i);
    for (int i = 0; i < 6; ++i) of['a' + i] = static_cast<signed char>(10 + i);
  }
};
inline constexpr HexValues kHexValues;
}  // namespace detail

/// 64 lower-case digits.
inline bool read_hex(std::string_view text, hash::Digest& digest) {
  if (text.size() != 64) return false;
  int bad = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const int high = detail::kHexValues.of[static_cast<unsigned char>(text[2 * i])];
    const int low = detail::kHexValues.of[static_cast<unsigned char>(text[2 * i + 1])];
    bad |= high | low;
    digest.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return bad >= 0;
}

template <std::unsigned_integral Number>
bool read_number(std::string_view text, Number& number) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

/// Cuts off everything up to the separator; nullopt when there is none.
inline std::optional<std::string_view> take_until(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const auto part = text.substr(0, end);
  text.remove_prefix(end + 1);
  return part;
}

/// Cuts the optional last column off the one before it. False when it is empty or longer than any.
inline bool take_method(std::string_view& kind, std::shared_ptr<const std::string>& method) {
  const auto tab = kind.find('\t');
  if (tab == std::string_view::npos) return true;
  const auto text = kind.substr(tab + 1);
  kind = kind.substr(0, tab);
  if (text.empty() || text.size() > 512) return false;
  method = std::make_shared<const std::string>(text);
  return true;
}

}  // namespace provrun::store
