#pragma once

#include <string>

#include "provrun/drawing/graph.hpp"
#include "provrun/drawing/layout.hpp"

namespace provrun::drawing {

/// The graph in the DOT language of Graphviz. Bytes that are not UTF-8 are shown escaped.
std::string to_dot(const Graph& graph, Orientation orientation = Orientation::left_to_right);

/// A self-contained SVG 1.1 document: no scripts, no external fonts or references.
std::string to_svg(const Graph& graph, Orientation orientation = Orientation::left_to_right);

}  // namespace provrun::drawing
