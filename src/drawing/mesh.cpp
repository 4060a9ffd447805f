#include "mesh.hpp"

#include <algorithm>

namespace provrun::drawing {

Mesh make_mesh(const Graph& graph, const Layering& layering) {
  Mesh mesh;
  mesh.node_count = graph.nodes.size();
  mesh.up.resize(mesh.node_count);
  mesh.down.resize(mesh.node_count);
  mesh.bends.resize(graph.edges.size());
  int last = -1;
  for (const auto layer : layering.layers) last = std::max(last, layer);
  mesh.layers.resize(static_cast<std::size_t>(last + 1));
  for (std::size_t i = 0; i < mesh.node_count; ++i)
    mesh.layers[static_cast<std::size_t>(layering.layers[i])].push_back(i);

  const auto layer_of = [&](std::size_t node) { return layering.layers[node]; };
  const auto span = [&](std::size_t edge) {
    return std::abs(layer_of(graph.edges[edge].to) - layer_of(graph.edges[edge].from));
  };
  std::vector<std::size_t> shortest_first;
  for (std::size_t i = 0; i < graph.edges.size(); ++i)
    if (graph.edges[i].from != graph.edges[i].to) shortest_first.push_back(i);
  std::stable_sort(shortest_first.begin(), shortest_first.end(),
                   [&](std::size_t a, std::size_t b) { return span(a) < span(b); });

  const auto join = [&](Mesh::Index a, Mesh::Index b) {
    mesh.down[a].push_back(b);
    mesh.up[b].push_back(a);
  };
  for (const auto edge : shortest_first) {
    auto [from, to, weak] = graph.edges[edge];
    if (layering.reversed[edge]) std::swap(from, to);
    const auto bends = static_cast<std::size_t>(span(edge) - 1);
    if (mesh.up.size() - mesh.node_count + bends > kMostBends) break;
    auto previous = from;
    for (std::size_t i = 0; i < bends; ++i) {
      const auto bend = mesh.up.size();
      mesh.up.emplace_back();
      mesh.down.emplace_back();
      mesh.layers[static_cast<std::size_t>(layer_of(from)) + 1 + i].push_back(bend);
      mesh.bends[edge].push_back(bend);
      join(previous, bend);
      previous = bend;
    }
    join(previous, to);
  }
  return mesh;
}

}  // namespace provrun::drawing
