#pragma once

#include <cstddef>
#include <vector>

#include "provrun/drawing/graph.hpp"

namespace provrun::drawing {

/// Throws base::Error(internal) when an edge names a node that is not there.
void check_indexes(const Graph& graph);

struct Layering {
  std::vector<bool> reversed;  ///< as Graph::edges: leads back in a circle
  std::vector<int> layers;     ///< as Graph::nodes, from 0; every other edge leads to a higher one
};

/// Cuts the circles at the edges that a depth-first search finds to lead back, and gives each node
/// its layer. Edges from a node to itself are left out of account.
Layering find_layers(const Graph& graph);

}  // namespace provrun::drawing
