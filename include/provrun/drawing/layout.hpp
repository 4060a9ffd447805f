#pragma once

#include <cstddef>
#include <vector>

#include "provrun/drawing/graph.hpp"

namespace provrun::drawing {

enum class Orientation { left_to_right, top_to_bottom };

struct Point {
  double x = 0;
  double y = 0;
};

struct Box {
  Point centre;
  double width = 0;
  double height = 0;
};

/// Places for everything, in CSS pixels, the origin at the top left.
struct Layout {
  double width = 0;
  double height = 0;
  std::vector<Box> nodes;  ///< as Graph::nodes; no two overlap
  std::vector<std::vector<Point>>
      edges;                ///< as Graph::edges: from border to border, at least 2 points
  std::vector<int> layers;  ///< as Graph::nodes, from 0
};

/// A layered drawing (Sugiyama, Tagawa, Toda 1981): circles are cut, nodes go into layers by
/// longest path and move towards their successors, barycenter sweeps order each layer, and a
/// weighted isotonic regression places the nodes of a layer near their neighbours without overlap.
/// The sizes are those of the labels. 10,000 nodes take a few seconds at most.
Layout lay_out(const Graph& graph, Orientation orientation);

}  // namespace provrun::drawing
