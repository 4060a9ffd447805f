#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

// The value that a text gives to a secret name. Internal to room policy.
namespace provrun::policy {

/// [begin, end) of a text.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// How far a matcher may look behind its anchor and how long its match may be: the stream keeps
/// that much text, so both decide its memory.
inline constexpr std::size_t kLookBehind = 256;
inline constexpr std::size_t kLongestMatch = 32U << 10;

/// strong: a value under such a name is a secret (password); weak: the word has other meanings too
/// (token), so the value must look like one.
enum class NameStrength { none, weak, strong };
NameStrength strength_of_name(std::string_view name);

/// True for what stands where a secret would: "", "null", "${X}", "<password>", "***", a mark.
bool is_placeholder(std::string_view value);
/// Whether a whole quoted or JSON string under a name of that strength is a secret.
bool is_secret_string(std::string_view value, NameStrength strength);

/// The secret value assigned to the name that lies around the anchor, if both are what they seem:
/// `NAME=v`, `name: v`, `"name": "v"`, `--name v`, `<name>v</name>`, `?name=v&`.
std::optional<Range> match_assignment(std::string_view text, std::size_t anchor);
/// The same when the name at [begin, end) is known to be secret: any value counts.
std::optional<Range> match_known_name(std::string_view text, std::size_t begin, std::size_t end);

constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return is_lower(c) || is_upper(c);
}
constexpr bool is_alnum(char c) {
  return is_letter(c) || is_digit(c);
}
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
constexpr bool is_space(char c) {
  return is_blank(c) || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
constexpr bool is_name_char(char c) {
  return is_alnum(c) || c == '_' || c == '-' || c == '.';
}
constexpr char to_lower(char c) {
  return is_upper(c) ? static_cast<char>(c + 32) : c;
}

}  // namespace provrun::policy
