#pragma once

#include <cstddef>
#include <vector>

#include "layering.hpp"

namespace provrun::drawing {

/// The layered graph in which every edge joins neighbouring layers: the nodes of the graph, by the
/// same index, and behind them the bends, by which long edges pass through a layer.
struct Mesh {
  using Index = std::size_t;
  std::size_t node_count = 0;              ///< those of the graph
  std::vector<std::vector<Index>> up;      ///< neighbours in the layer before
  std::vector<std::vector<Index>> down;    ///< neighbours in the layer behind
  std::vector<std::vector<Index>> layers;  ///< what lies in each layer, in its order
  std::vector<std::vector<Index>> bends;   ///< as Graph::edges, from the lower layer to the higher

  bool is_bend(Index i) const { return i >= node_count; }
};

/// A graph whose edges would need more than kMostBends gets none for the longest of them.
inline constexpr std::size_t kMostBends = 100'000;
Mesh make_mesh(const Graph& graph, const Layering& layering);

/// Orders each layer by barycenter sweeps, keeping the order with the fewest crossings.
void order_layers(Mesh& mesh);

/// Places across the layers, by sweeps of weighted isotonic regression: each thing lies near the
/// mean of its neighbours and at least half of both sizes and `gap` from the next in its layer.
std::vector<double> place_across(const Mesh& mesh, const std::vector<double>& sizes, double gap);

}  // namespace provrun::drawing
