#include <algorithm>
#include <cstdint>

#include "mesh.hpp"

namespace provrun::drawing {

namespace {

using Index = Mesh::Index;

// Counts prefix sums (Fenwick 1994).
class Tally {
 public:
  explicit Tally(std::size_t size) : sums_(size + 1) {}
  void add(std::size_t at) {
    for (++at; at < sums_.size(); at += at & (~at + 1)) ++sums_[at];
  }
  std::uint64_t up_to(std::size_t at) const {
    std::uint64_t sum = 0;
    for (++at; at > 0; at &= at - 1) sum += sums_[at];
    return sum;
  }

 private:
  std::vector<std::uint64_t> sums_;
};

class Ordering {
 public:
  explicit Ordering(Mesh& mesh) : mesh_(mesh), place_(mesh.up.size()), weight_(mesh.up.size()) {}

  void improve() {
    start_along_edges();
    auto best = mesh_.layers;
    auto fewest = crossings();
    // Drawings seldom get better after the tenth pair of sweeps; most stop long before.
    int without_gain = 0;
    for (int sweep = 0; sweep < 20 && without_gain < 4 && fewest > 0; ++sweep) {
      const bool downwards = sweep % 2 == 0;
      for (std::size_t i = 1; i < mesh_.layers.size(); ++i) {
        if (downwards)
          sort_layer(i, mesh_.up);
        else
          sort_layer(mesh_.layers.size() - 1 - i, mesh_.down);
      }
      const auto now = crossings();
      ++without_gain;
      if (now < fewest) {
        fewest = now;
        best = mesh_.layers;
        without_gain = 0;
      }
    }
    mesh_.layers = std::move(best);
  }

 private:
  // First order: as a depth-first search meets them, which keeps the parts of a graph together.
  void start_along_edges() {
    std::vector<bool> seen(mesh_.up.size());
    std::vector<Index> met;
    std::vector<Index> stack;
    for (const auto& layer : mesh_.layers)
      for (const auto root : layer) {
        stack.push_back(root);
        while (!stack.empty()) {
          const auto i = stack.back();
          stack.pop_back();
          if (seen[i]) continue;
          seen[i] = true;
          met.push_back(i);
          for (const auto* neighbours : {&mesh_.up[i], &mesh_.down[i]})
            for (auto it = neighbours->rbegin(); it != neighbours->rend(); ++it)
              if (!seen[*it]) stack.push_back(*it);
        }
      }
    for (std::size_t i = 0; i < met.size(); ++i) place_[met[i]] = i;
    for (auto& layer : mesh_.layers) {
      std::sort(layer.begin(), layer.end(),
                [&](Index a, Index b) { return place_[a] < place_[b]; });
      number(layer);
    }
  }

  void number(const std::vector<Index>& layer) {
    for (std::size_t i = 0; i < layer.size(); ++i) place_[layer[i]] = i;
  }

  // Things without neighbours on that side keep their place in the order.
  void sort_layer(std::size_t index, const std::vector<std::vector<Index>>& neighbours) {
    auto& layer = mesh_.layers[index];
    std::vector<std::size_t> slots;
    std::vector<Index> moving;
    for (std::size_t i = 0; i < layer.size(); ++i) {
      const auto& near = neighbours[layer[i]];
      if (near.empty()) continue;
      double sum = 0;
      for (const auto neighbour : near) sum += static_cast<double>(place_[neighbour]);
      weight_[layer[i]] = sum / static_cast<double>(near.size());
      slots.push_back(i);
      moving.push_back(layer[i]);
    }
    std::stable_sort(moving.begin(), moving.end(),
                     [&](Index a, Index b) { return weight_[a] < weight_[b]; });
    for (std::size_t i = 0; i < slots.size(); ++i) layer[slots[i]] = moving[i];
    number(layer);
  }

  // Pairs of edges between two layers that cross: inversions among their ends.
  std::uint64_t crossings() const {
    std::uint64_t count = 0;
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i + 1 < mesh_.layers.size(); ++i) {
      Tally tally(mesh_.layers[i + 1].size());
      std::uint64_t edges = 0;
      for (const auto from : mesh_.layers[i]) {
        ends.clear();
        for (const auto to : mesh_.down[from]) ends.push_back(place_[to]);
        for (const auto end : ends) count += edges - tally.up_to(end);
        for (const auto end : ends) tally.add(end);
        edges += ends.size();
      }
    }
    return count;
  }

  Mesh& mesh_;
  std::vector<std::size_t> place_;  // within the layer
  std::vector<double> weight_;
};

}  // namespace

void order_layers(Mesh& mesh) {
  Ordering(mesh).improve();
}

}  // namespace provrun::drawing
