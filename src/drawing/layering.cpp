#include "layering.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"

namespace provrun::drawing {

namespace {

using Lists = std::vector<std::vector<std::size_t>>;

// Marks the edges that lead back to a node on the way by which they were found.
std::vector<bool> find_reversed(const Graph& graph) {
  Lists leaving(graph.nodes.size());
  for (std::size_t i = 0; i < graph.edges.size(); ++i) leaving[graph.edges[i].from].push_back(i);
  enum class Visit : unsigned char { none, open, done };
  std::vector<Visit> visits(graph.nodes.size(), Visit::none);
  std::vector<bool> reversed(graph.edges.size());
  struct Frame {
    std::size_t node;
    std::size_t next;
  };
  std::vector<Frame> stack;
  for (std::size_t root = 0; root < graph.nodes.size(); ++root) {
    if (visits[root] != Visit::none) continue;
    visits[root] = Visit::open;
    stack.push_back({root, 0});
    while (!stack.empty()) {
      auto& frame = stack.back();
      if (frame.next == leaving[frame.node].size()) {
        visits[frame.node] = Visit::done;
        stack.pop_back();
        continue;
      }
      const auto edge = leaving[frame.node][frame.next++];
      const auto to = graph.edges[edge].to;
      if (visits[to] == Visit::open) {
        reversed[edge] = true;
      } else if (visits[to] == Visit::none) {
        visits[to] = Visit::open;
        stack.push_back({to, 0});
      }
    }
  }
  return reversed;
}

}  // namespace

void check_indexes(const Graph& graph) {
  for (const auto& edge : graph.edges)
    if (std::max(edge.from, edge.to) >= graph.nodes.size())
      throw base::Error(base::ErrorCode::internal,
                        base::format("drawing: an edge joins nodes {} and {} of {}", edge.from,
                                     edge.to, graph.nodes.size()));
}

Layering find_layers(const Graph& graph) {
  Layering layering;
  layering.reversed = find_reversed(graph);
  Lists before(graph.nodes.size());
  Lists after(graph.nodes.size());
  for (std::size_t i = 0; i < graph.edges.size(); ++i) {
    auto [from, to, weak] = graph.edges[i];
    if (from == to) continue;
    if (layering.reversed[i]) std::swap(from, to);
    after[from].push_back(to);
    before[to].push_back(from);
  }

  auto& layers = layering.layers;
  layers.assign(graph.nodes.size(), 0);
  std::vector<std::size_t> waits_for(graph.nodes.size());
  std::vector<std::size_t> order;
  for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
    waits_for[node] = before[node].size();
    if (waits_for[node] == 0) order.push_back(node);
  }
  for (std::size_t i = 0; i < order.size(); ++i)
    for (const auto next : after[order[i]]) {
      layers[next] = std::max(layers[next], layers[order[i]] + 1);
      if (--waits_for[next] == 0) order.push_back(next);
    }

  // A node with more edges behind than before it makes the drawing shorter when it moves on.
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    if (after[*it].empty() || after[*it].size() < before[*it].size()) continue;
    int nearest = layers[after[*it].front()];
    for (const auto next : after[*it]) nearest = std::min(nearest, layers[next]);
    layers[*it] = nearest - 1;
  }
  return layering;
}

}  // namespace provrun::drawing
