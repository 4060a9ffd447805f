#pragma once

#include <string>
#include <string_view>

namespace provrun::drawing {

/// The label as it is drawn: printable, and shortened in the middle when long.
std::string shown_label(std::string_view label);
/// Its width in pixels in a 12 px sans-serif font, rather too wide than too narrow.
double label_width(std::string_view shown);

}  // namespace provrun::drawing
