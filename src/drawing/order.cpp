#include <algorithm>
#include <cstdint>

#include "layered.hpp"

namespace provrun::drawing {

namespace {

using Layers = std::vector<std::vector<std::size_t>>;

/// First order: depth first along the edges, which keeps trees together.
void fill_layers(LayeredGraph& graph) {
  std::vector<bool> seen(graph.items.size(), false);
  std::vector<std::size_t> stack;
  const auto visit_from = [&](std::size_t root) {
    if (seen[root]) return;
    seen[root] = true;
    stack.push_back(root);
    while (!stack.empty()) {
      const auto item = stack.back();
      stack.pop_back();
      graph.layers[static_cast<std::size_t>(graph.items[item].layer)].push_back(item);
      const auto& after = graph.after[item];
      for (auto it = after.rbegin(); it != after.rend(); ++it) {
        if (seen[*it]) continue;
        seen[*it] = true;
        stack.push_back(*it);
      }
    }
  };
  for (std::size_t i = 0; i < graph.items.size(); ++i)
    if (graph.before[i].empty()) visit_from(i);
}

std::vector<std::size_t> ranks_of(const LayeredGraph& graph) {
  std::vector<std::size_t> ranks(graph.items.size());
  for (const auto& layer : graph.layers)
    for (std::size_t i = 0; i < layer.size(); ++i) ranks[layer[i]] = i;
  return ranks;
}

/// Crossings between all neighbouring layers: inversions, counted with a Fenwick tree (Barth,
/// Mutzel, Jünger 2004).
std::uint64_t count_crossings(const LayeredGraph& graph) {
  const auto ranks = ranks_of(graph);
  std::uint64_t crossings = 0;
  std::vector<std::uint64_t> tree;
  std::vector<std::size_t> targets;
  for (std::size_t l = 0; l + 1 < graph.layers.size(); ++l) {
    tree.assign(graph.layers[l + 1].size() + 1, 0);
    std::uint64_t placed = 0;
    for (const auto item : graph.layers[l]) {
      targets.clear();
      for (const auto target : graph.after[item]) targets.push_back(ranks[target]);
      for (const auto target : targets) {
        std::uint64_t not_after = 0;
        for (auto i = target + 1; i > 0; i &= i - 1) not_after += tree[i];
        crossings += placed - not_after;
      }
      for (const auto target : targets) {
        for (auto i = target + 1; i < tree.size(); i += i & (~i + 1)) ++tree[i];
        ++placed;
      }
    }
  }
  return crossings;
}

/// Sorts one layer by the mean rank of the neighbours; items without any keep their place.
void sort_layer(std::vector<std::size_t>& layer,
                const std::vector<std::vector<std::size_t>>& neighbours,
                std::vector<std::size_t>& ranks) {
  struct Entry {
    double mean;
    std::size_t item;
  };
  std::vector<Entry> entries;
  for (const auto item : layer) {
    if (neighbours[item].empty()) continue;
    double sum = 0;
    for (const auto neighbour : neighbours[item]) sum += static_cast<double>(ranks[neighbour]);
    entries.push_back({sum / static_cast<double>(neighbours[item].size()), item});
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.mean < b.mean; });
  auto next = entries.begin();
  for (auto& item : layer)
    if (!neighbours[item].empty()) item = (next++)->item;
  for (std::size_t i = 0; i < layer.size(); ++i) ranks[layer[i]] = i;
}

}  // namespace

void order_layers(LayeredGraph& graph) {
  fill_layers(graph);
  // Each pair of sweeps costs about as much as drawing; small graphs profit from more of them.
  const int sweeps = graph.items.size() < 3'000 ? 24 : 8;
  auto best = graph.layers;
  auto fewest = count_crossings(graph);
  int without_gain = 0;
  for (int sweep = 0; sweep < sweeps && fewest > 0 && without_gain < 6; ++sweep) {
    auto ranks = ranks_of(graph);
    if (sweep % 2 == 0) {
      for (std::size_t l = 1; l < graph.layers.size(); ++l)
        sort_layer(graph.layers[l], graph.before, ranks);
    } else {
      for (std::size_t l = graph.layers.size() - 1; l-- > 0;)
        sort_layer(graph.layers[l], graph.after, ranks);
    }
    const auto crossings = count_crossings(graph);
    ++without_gain;
    if (crossings < fewest) {
      fewest = crossings;
      best = graph.layers;
      without_gain = 0;
    }
  }
  graph.layers = std::move(best);
}

}  // namespace provrun::drawing
