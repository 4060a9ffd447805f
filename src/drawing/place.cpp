#include <algorithm>
#include <limits>

#include "layered.hpp"

namespace provrun::drawing {

namespace {

constexpr double kNodeGap = 14;  // enough for a line and air on both sides
constexpr double kBendGap = 8;

double gap_between(const Item& a, const Item& b) {
  return (a.size + b.size) / 2 + (a.bend && b.bend ? kBendGap : kNodeGap);
}

/// Moves the items of one layer as near to what they want as their order and gaps allow: least
/// squares under x[i+1] - x[i] >= gap, which after subtracting the gaps is isotonic regression,
/// solved by pooling adjacent violators.
class LayerFit {
 public:
  void fit(LayeredGraph& graph, const std::vector<std::size_t>& layer,
           const std::vector<double>& wanted, const std::vector<double>& weights) {
    offsets_.resize(layer.size());
    pools_.clear();
    double offset = 0;
    for (std::size_t i = 0; i < layer.size(); ++i) {
      if (i > 0) offset += gap_between(graph.items[layer[i - 1]], graph.items[layer[i]]);
      offsets_[i] = offset;
      pools_.push_back({weights[i] * (wanted[i] - offset), weights[i], 1});
      while (pools_.size() > 1 && mean(pools_[pools_.size() - 2]) > mean(pools_.back())) {
        const auto last = pools_.back();
        pools_.pop_back();
        pools_.back().sum += last.sum;
        pools_.back().weight += last.weight;
        pools_.back().count += last.count;
      }
    }
    std::size_t i = 0;
    for (const auto& pool : pools_)
      for (std::size_t n = 0; n < pool.count; ++n, ++i)
        graph.items[layer[i]].position = mean(pool) + offsets_[i];
  }

 private:
  struct Pool {
    double sum;
    double weight;
    std::size_t count;
  };
  static double mean(const Pool& pool) { return pool.sum / pool.weight; }

  std::vector<double> offsets_;
  std::vector<Pool> pools_;
};

enum class Towards { before, after, both };

void fit_layer(LayeredGraph& graph, const std::vector<std::size_t>& layer, Towards towards,
               LayerFit& fit) {
  std::vector<double> wanted;
  std::vector<double> weights;
  for (const auto item : layer) {
    double sum = 0;
    double total = 0;
    const auto add = [&](const std::vector<std::size_t>& neighbours) {
      for (const auto neighbour : neighbours) {
        // Long edges shall be straight above all, so bends pull each other hardest.
        const double pull = graph.items[item].bend && graph.items[neighbour].bend ? 8 : 1;
        sum += pull * graph.items[neighbour].position;
        total += pull;
      }
    };
    if (towards != Towards::after) add(graph.before[item]);
    if (towards != Towards::before) add(graph.after[item]);
    if (total > 0) {
      wanted.push_back(sum / total);
      weights.push_back(total);
    } else {
      wanted.push_back(graph.items[item].position);
      weights.push_back(0.01);
    }
  }
  fit.fit(graph, layer, wanted, weights);
}

}  // namespace

double place_items(LayeredGraph& graph) {
  for (const auto& layer : graph.layers) {
    double position = 0;
    for (std::size_t i = 0; i < layer.size(); ++i) {
      if (i > 0) position += gap_between(graph.items[layer[i - 1]], graph.items[layer[i]]);
      graph.items[layer[i]].position = position;
    }
    for (const auto item : layer) graph.items[item].position -= position / 2;
  }
  LayerFit fit;
  const int rounds = graph.items.size() < 3'000 ? 12 : 6;
  for (int round = 0; round < rounds; ++round) {
    // The last rounds look both ways, which settles what the one-sided ones leave skewed.
    const bool both = round * 2 >= rounds;
    for (std::size_t l = 1; l < graph.layers.size(); ++l)
      fit_layer(graph, graph.layers[l], both ? Towards::both : Towards::before, fit);
    for (std::size_t l = graph.layers.size(); l-- > 0;)
      fit_layer(graph, graph.layers[l], both ? Towards::both : Towards::after, fit);
  }
  double low = std::numeric_limits<double>::max();
  double high = 0;
  for (const auto& item : graph.items) low = std::min(low, item.position - item.size / 2);
  for (auto& item : graph.items) {
    item.position -= low;
    high = std::max(high, item.position + item.size / 2);
  }
  return high;
}

}  // namespace provrun::drawing
