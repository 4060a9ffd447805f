#pragma once

#include <string>
#include <string_view>

namespace provrun::drawing {

/// Size of the letters, in CSS pixels.
inline constexpr double kFontSize = 12;

/// The text as it is drawn: control characters and bytes that are not UTF-8 escaped, and the two
/// code points that XML does not allow replaced.
std::string drawn_text(std::string_view text);

/// Width of a drawn text in a fixed-width font, in CSS pixels.
double width_of(std::string_view drawn);

}  // namespace provrun::drawing
