#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::base {

/// Splits at every occurrence of the separator; "a,,b" has three parts, "" has one.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
/// Without leading and trailing spaces, tabs, carriage returns and newlines.
std::string_view trim(std::string_view text);

/// The text as one POSIX shell word; unchanged when it has only characters that need no quotes.
std::string shell_quote(std::string_view word);

/// The candidate nearest to the word by edit distance, if it is near enough to be a likely
/// misspelling (at most a third of the word's length, at least 1, transpositions count 1).
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

bool is_valid_utf8(std::string_view bytes);
/// For people: valid UTF-8 stays; control characters and invalid bytes become \n, \t or \xHH.
std::string printable(std::string_view bytes);

std::string to_hex(std::span<const std::uint8_t> bytes);
/// Lower or upper case; nullopt unless all of the text is an even number of hexadecimal digits.
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);

}  // namespace provrun::base
