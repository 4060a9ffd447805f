#pragma once

#include <algorithm>
#include <random>
#include <string>

#include "provrun/drawing/graph.hpp"

namespace provrun::test {

/// Nodes and edges by a fixed seed; circles, loops and repeated edges occur.
inline drawing::Graph random_graph(std::size_t nodes, std::size_t edges, unsigned seed) {
  std::mt19937 random(seed);
  drawing::Graph graph;
  for (std::size_t i = 0; i < nodes; ++i)
    graph.nodes.push_back({"node " + std::string(random() % 20, 'x') + std::to_string(i),
                           static_cast<drawing::NodeKind>(random() % 3),
                           static_cast<drawing::NodeState>(random() % 7),
                           {}});
  for (std::size_t i = 0; i < edges; ++i)
    graph.edges.push_back({random() % nodes, random() % nodes, random() % 4 == 0});
  return graph;
}

/// A pipeline as it mostly is: each node follows from one to three not long before it.
inline drawing::Graph pipeline_graph(std::size_t nodes, unsigned seed) {
  std::mt19937 random(seed);
  drawing::Graph graph;
  for (std::size_t i = 0; i < nodes; ++i) {
    graph.nodes.push_back(
        {"step@" + std::to_string(i), drawing::NodeKind::step, drawing::NodeState::plain, {}});
    for (std::size_t n = random() % 3 + 1; i > 0 && n > 0; --n)
      graph.edges.push_back({i - 1 - random() % std::min<std::size_t>(i, 50), i, false});
  }
  return graph;
}

}  // namespace provrun::test
