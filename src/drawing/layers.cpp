#include <algorithm>
#include <limits>
#include <numeric>

#include "layered.hpp"

namespace provrun::drawing {

namespace {

using Adjacency = std::vector<std::vector<std::size_t>>;  // edge numbers by node

/// Marks the edges that close a circle in a depth-first walk.
std::vector<bool> find_back_edges(const Graph& graph, const Adjacency& outgoing) {
  enum class Colour : char { white, grey, black };
  std::vector<Colour> colours(graph.nodes.size(), Colour::white);
  std::vector<bool> reversed(graph.edges.size(), false);
  struct Frame {
    std::size_t node;
    std::size_t next;
  };
  std::vector<Frame> stack;
  for (std::size_t root = 0; root < graph.nodes.size(); ++root) {
    if (colours[root] != Colour::white) continue;
    colours[root] = Colour::grey;
    stack.push_back({root, 0});
    while (!stack.empty()) {
      auto& frame = stack.back();
      if (frame.next == outgoing[frame.node].size()) {
        colours[frame.node] = Colour::black;
        stack.pop_back();
        continue;
      }
      const auto edge = outgoing[frame.node][frame.next++];
      const auto target = graph.edges[edge].to;
      if (colours[target] == Colour::grey) {
        reversed[edge] = true;
      } else if (colours[target] == Colour::white) {
        colours[target] = Colour::grey;
        stack.push_back({target, 0});
      }
    }
  }
  return reversed;
}

}  // namespace

Layering assign_layers(const Graph& graph) {
  const auto node_count = graph.nodes.size();
  Adjacency outgoing(node_count);
  for (std::size_t i = 0; i < graph.edges.size(); ++i)
    if (graph.edges[i].from != graph.edges[i].to) outgoing[graph.edges[i].from].push_back(i);
  Layering result;
  result.reversed = find_back_edges(graph, outgoing);

  Adjacency next(node_count);
  std::vector<std::size_t> waiting(node_count, 0);
  for (std::size_t i = 0; i < graph.edges.size(); ++i) {
    auto [from, to] = std::pair{graph.edges[i].from, graph.edges[i].to};
    if (from == to) continue;
    if (result.reversed[i]) std::swap(from, to);
    next[from].push_back(to);
    ++waiting[to];
  }
  const auto incoming = waiting;
  result.layers.assign(node_count, 0);
  std::vector<std::size_t> order;
  for (std::size_t node = 0; node < node_count; ++node)
    if (waiting[node] == 0) order.push_back(node);
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const auto target : next[order[i]]) {
      result.layers[target] = std::max(result.layers[target], result.layers[order[i]] + 1);
      if (--waiting[target] == 0) order.push_back(target);
    }
  }
  // A node with more edges out than in makes them shorter by moving next to its nearest successor.
  for (std::size_t i = order.size(); i-- > 0;) {
    const auto node = order[i];
    if (next[node].size() <= incoming[node]) continue;
    int nearest = std::numeric_limits<int>::max();
    for (const auto target : next[node]) nearest = std::min(nearest, result.layers[target]);
    result.layers[node] = nearest - 1;
  }
  for (const auto layer : result.layers) result.count = std::max(result.count, layer + 1);
  return result;
}

LayeredGraph insert_bends(const Graph& graph, const Layering& layering) {
  LayeredGraph result;
  for (const auto layer : layering.layers) result.items.push_back({layer, false, 0, 0});
  result.before.resize(result.items.size());
  result.after.resize(result.items.size());
  result.bends.resize(graph.edges.size());

  const auto span = [&](std::size_t edge) {
    return std::abs(layering.layers[graph.edges[edge].from] -
                    layering.layers[graph.edges[edge].to]);
  };
  std::vector<std::size_t> by_span(graph.edges.size());
  std::iota(by_span.begin(), by_span.end(), std::size_t{0});
  std::stable_sort(by_span.begin(), by_span.end(),
                   [&](auto a, auto b) { return span(a) < span(b); });
  // The bends of all long edges can be quadratic in number. Beyond this the longest edges are drawn
  // straight across: in a graph so dense nobody follows a single one.
  std::size_t budget = 20'000 + 2 * (graph.nodes.size() + graph.edges.size());
  const auto connect = [&](std::size_t a, std::size_t b) {
    result.after[a].push_back(b);
    result.before[b].push_back(a);
  };
  for (const auto edge : by_span) {
    auto [from, to] = std::pair{graph.edges[edge].from, graph.edges[edge].to};
    if (from == to) continue;
    if (layering.reversed[edge]) std::swap(from, to);
    const auto needed = static_cast<std::size_t>(span(edge) - 1);
    if (needed > budget) continue;
    budget -= needed;
    auto previous = from;
    for (int layer = layering.layers[from] + 1; layer < layering.layers[to]; ++layer) {
      const auto bend = result.items.size();
      result.items.push_back({layer, true, 0, 0});
      result.before.emplace_back();
      result.after.emplace_back();
      result.bends[edge].push_back(bend);
      connect(previous, bend);
      previous = bend;
    }
    connect(previous, to);
  }
  result.layers.resize(static_cast<std::size_t>(layering.count));
  return result;
}

}  // namespace provrun::drawing
