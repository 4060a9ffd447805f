#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace provrun::base {

/// Columns that the text (valid UTF-8, e.g. from printable) takes on a terminal: East Asian wide
/// letters and emoji take two, combining marks none.
std::size_t display_width(std::string_view text);

/// The beginning of the text that takes at most so many columns; never ends inside a letter.
std::string_view cut_to_width(std::string_view text, std::size_t columns);

/// For messages: every word of more than 400 bytes loses its middle, so that one that is as long as
/// a book does not hide what is said about it.
std::string with_short_words(std::string_view text);

}  // namespace provrun::base
