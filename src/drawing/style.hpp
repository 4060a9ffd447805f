#pragma once

#include <string_view>

#include "provrun/drawing/graph.hpp"

namespace provrun::drawing {

/// How a state looks. The fills differ in lightness, and the borders of neighbours in lightness in
/// their dashes, so that a black-and-white print can be read.
struct Style {
  std::string_view name;  ///< as in a legend
  std::string_view fill;
  std::string_view stroke;
  std::string_view text;
  std::string_view dashes;  ///< stroke-dasharray, or empty
  double stroke_width;
};
const Style& style_of(NodeState state);

}  // namespace provrun::drawing
