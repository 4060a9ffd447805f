#include <algorithm>

#include "mesh.hpp"

namespace provrun::drawing {

namespace {

// The non-decreasing sequence nearest to the wished one in weighted squares: neighbours that are
// out of order are pooled into blocks at their mean (Ayer, Brunk, Ewing, Reid, Silverman 1955).
void pool_adjacent(std::vector<double>& wished, const std::vector<double>& weights) {
  struct Block {
    double mean;
    double weight;
    std::size_t count;
  };
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < wished.size(); ++i) {
    blocks.push_back({wished[i], weights[i], 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].mean > blocks.back().mean) {
      const auto last = blocks.back();
      blocks.pop_back();
      auto& block = blocks.back();
      block.mean =
          (block.mean * block.weight + last.mean * last.weight) / (block.weight + last.weight);
      block.weight += last.weight;
      block.count += last.count;
    }
  }
  std::size_t i = 0;
  for (const auto& block : blocks)
    for (std::size_t n = 0; n < block.count; ++n) wished[i++] = block.mean;
}

class Placing {
 public:
  Placing(const Mesh& mesh, const std::vector<double>& sizes, double gap)
      : mesh_(mesh), sizes_(sizes), gap_(gap), places_(mesh.up.size()) {}

  std::vector<double> find() {
    for (const auto& layer : mesh_.layers) {
      const auto offsets = offsets_in(layer);
      for (std::size_t i = 0; i < layer.size(); ++i)
        places_[layer[i]] = offsets[i] - offsets.back() / 2;
    }
    // Four pairs of sweeps settle chains and trees; the last one looks both ways.
    for (int sweep = 0; sweep < 8; ++sweep) {
      for (std::size_t i = 0; i < mesh_.layers.size(); ++i) {
        if (sweep % 2 == 0)
          place_layer(mesh_.layers[i], true, false);
        else
          place_layer(mesh_.layers[mesh_.layers.size() - 1 - i], false, true);
      }
    }
    for (const auto& layer : mesh_.layers) place_layer(layer, true, true);
    return std::move(places_);
  }

 private:
  // How far each thing must be from the first one at least.
  std::vector<double> offsets_in(const std::vector<Mesh::Index>& layer) const {
    std::vector<double> offsets(layer.size());
    for (std::size_t i = 1; i < layer.size(); ++i)
      offsets[i] = offsets[i - 1] + (sizes_[layer[i - 1]] + sizes_[layer[i]]) / 2 + gap_;
    return offsets;
  }

  void place_layer(const std::vector<Mesh::Index>& layer, bool look_up, bool look_down) {
    const auto offsets = offsets_in(layer);
    std::vector<double> wished(layer.size());
    std::vector<double> weights(layer.size());
    for (std::size_t i = 0; i < layer.size(); ++i) {
      double sum = 0;
      double weight = 0;
      const auto look = [&](const std::vector<Mesh::Index>& neighbours) {
        for (const auto neighbour : neighbours) {
          // The middle of a long edge is kept straight before anything else.
          const double pull = mesh_.is_bend(layer[i]) && mesh_.is_bend(neighbour) ? 8 : 1;
          sum += pull * places_[neighbour];
          weight += pull;
        }
      };
      if (look_up) look(mesh_.up[layer[i]]);
      if (look_down) look(mesh_.down[layer[i]]);
      // Without neighbours it stays where it is, unless others need the place.
      const bool is_free = weight == 0;
      wished[i] = (is_free ? places_[layer[i]] : sum / weight) - offsets[i];
      weights[i] = is_free ? 0.1 : weight;
    }
    pool_adjacent(wished, weights);
    for (std::size_t i = 0; i < layer.size(); ++i) places_[layer[i]] = wished[i] + offsets[i];
  }

  const Mesh& mesh_;
  const std::vector<double>& sizes_;
  double gap_;
  std::vector<double> places_;
};

}  // namespace

std::vector<double> place_across(const Mesh& mesh, const std::vector<double>& sizes, double gap) {
  return Placing(mesh, sizes, gap).find();
}

}  // namespace provrun::drawing
