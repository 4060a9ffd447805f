#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "provrun/drawing/layout.hpp"

// The stages of the layered drawing; layout.cpp joins them.
namespace provrun::drawing {

/// The edges as a graph without circles: which are turned round, and each node's layer.
struct Layering {
  std::vector<bool> reversed;  ///< as Graph::edges; loops from a node to itself are not reversed
  std::vector<int> layers;     ///< as Graph::nodes
  int count = 0;
};
Layering assign_layers(const Graph& graph);

/// A node, or a bend of an edge where it crosses a layer.
struct Item {
  int layer = 0;
  bool bend = false;
  double size = 0;      ///< extent along the layer
  double position = 0;  ///< centre along the layer
};

/// The nodes (first, in their order) and the bends, layer by layer.
struct LayeredGraph {
  std::vector<Item> items;
  std::vector<std::vector<std::size_t>> layers;  ///< item numbers in drawing order
  std::vector<std::vector<std::size_t>> before;  ///< neighbours in the previous layer
  std::vector<std::vector<std::size_t>> after;   ///< neighbours in the next layer
  std::vector<std::vector<std::size_t>> bends;   ///< as Graph::edges, from the earlier layer on
};
LayeredGraph insert_bends(const Graph& graph, const Layering& layering);

/// Orders the items of each layer so that few edges cross.
void order_layers(LayeredGraph& graph);

/// Sets the positions: in order, apart, near the neighbours, from 0 on. Returns the largest extent.
double place_items(LayeredGraph& graph);

}  // namespace provrun::drawing
