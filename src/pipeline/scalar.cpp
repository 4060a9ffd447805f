#include "scalar.hpp"

#include <charconv>
#include <cmath>

namespace provrun::pipeline {

namespace {

std::size_t count_digits(std::string_view text, std::size_t from) {
  std::size_t n = 0;
  while (from + n < text.size() && is_digit(text[from + n])) ++n;
  return n;
}

bool is_decimal_real(std::string_view text) {
  std::size_t i = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const auto whole = count_digits(text, i);
  i += whole;
  if (i < text.size() && text[i] == '.') {
    const auto fraction = count_digits(text, ++i);
    if (whole == 0 && fraction == 0) return false;
    i += fraction;
  } else if (whole == 0) {
    return false;
  }
  if (i == text.size()) return true;
  if (text[i] != 'e' && text[i] != 'E') return false;
  ++i;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const auto exponent = count_digits(text, i);
  return exponent > 0 && i + exponent == text.size();
}

bool is_special_real(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return true;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text == ".inf" || text == ".Inf" || text == ".INF";
}

}  // namespace

Value::Kind resolve_plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return Value::Kind::null;
  const char first = text[0];
  if (is_digit(first) || first == '-' || first == '+' || first == '.') {
    if (to_integer(text)) return Value::Kind::integer;
    if (is_decimal_real(text) || is_special_real(text)) return Value::Kind::real;
    return Value::Kind::text;
  }
  if (text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" ||
      text == "FALSE")
    return Value::Kind::boolean;
  return Value::Kind::text;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  int base = 10;
  std::string_view digits = text;
  if (text.substr(0, 2) == "0x" || text.substr(0, 2) == "0o") {
    base = text[1] == 'x' ? 16 : 8;
    digits.remove_prefix(2);
    if (digits.empty() || digits[0] == '-') return std::nullopt;
  } else if (!digits.empty() && digits[0] == '+') {
    digits.remove_prefix(1);
    if (digits.empty() || digits[0] == '-') return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<double> to_real(std::string_view text) {
  if (const auto integer = to_integer(text)) return static_cast<double>(*integer);
  if (!is_decimal_real(text)) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool to_boolean(std::string_view text) {
  return !text.empty() && (text[0] == 't' || text[0] == 'T');
}

bool is_identifier(std::string_view text) {
  if (text.empty() || !is_letter(text[0])) return false;
  for (const char c : text)
    if (!is_letter(c) && !is_digit(c)) return false;
  return true;
}

bool is_dashed_identifier(std::string_view text) {
  if (text.empty() || !is_letter(text[0])) return false;
  for (const char c : text)
    if (!is_letter(c) && !is_digit(c) && c != '-') return false;
  return true;
}

}  // namespace provrun::pipeline
