#include "provrun/drawing/layout.hpp"

#include <algorithm>

#include "label.hpp"
#include "layered.hpp"
#include "provrun/base/error.hpp"

namespace provrun::drawing {

namespace {

constexpr double kMargin = 24;
constexpr double kNodeHeight = 30;
constexpr double kPadding = 22;  // of a label, both sides together
constexpr double kMinWidth = 48;

void check(const Graph& graph) {
  for (const auto& edge : graph.edges)
    if (edge.from >= graph.nodes.size() || edge.to >= graph.nodes.size())
      throw base::Error(base::ErrorCode::internal,
                        "an edge of the drawing names a node that is not there");
}

/// Works with "along" a layer and "across" the layers, and turns them into x and y at the end.
class Assembly {
 public:
  Assembly(const Graph& graph, Orientation orientation)
      : graph_(graph),
        across_is_x_(orientation == Orientation::left_to_right),
        layering_(assign_layers(graph)),
        layered_(insert_bends(graph, layering_)) {}

  Layout run() {
    Layout layout;
    for (const auto& node : graph_.nodes) {
      const double width = std::max(kMinWidth, label_width(shown_label(node.label)) + kPadding);
      layout.nodes.push_back({{}, width, kNodeHeight});
    }
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      layered_.items[i].size = across_is_x_ ? kNodeHeight : layout.nodes[i].width;
    order_layers(layered_);
    const double along = graph_.nodes.empty() ? 0 : place_items(layered_);
    const double across = place_layers(layout);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      layout.nodes[i].centre = point(centre_of(layering_.layers[i]), layered_.items[i].position);
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) layout.edges.push_back(route(layout, i));
    const auto size = point(across, along);
    layout.width = size.x + kMargin;
    layout.height = size.y + kMargin;
    layout.layers = layering_.layers;
    return layout;
  }

 private:
  Point point(double across, double along) const {
    return across_is_x_ ? Point{across + kMargin, along + kMargin}
                        : Point{along + kMargin, across + kMargin};
  }
  double centre_of(int layer) const {
    const auto& band = bands_[static_cast<std::size_t>(layer)];
    return (band.first + band.second) / 2;
  }
  double depth_of(const Box& box) const { return across_is_x_ ? box.width : box.height; }

  /// Gives each layer its band; steep edges get more room so that they can be told apart.
  double place_layers(const Layout& layout) {
    bands_.assign(layered_.layers.size(), {0, 0});
    double at = 0;
    for (std::size_t l = 0; l < layered_.layers.size(); ++l) {
      double depth = 0;
      double steepest = 0;
      for (const auto item : layered_.layers[l]) {
        if (item < layout.nodes.size()) depth = std::max(depth, depth_of(layout.nodes[item]));
        for (const auto next : layered_.after[item])
          steepest = std::max(
              steepest, std::abs(layered_.items[next].position - layered_.items[item].position));
      }
      bands_[l] = {at, at + depth};
      at += depth;
      if (l + 1 < layered_.layers.size()) at += std::clamp(44 + steepest * 0.12, 44.0, 180.0);
    }
    return at;
  }

  std::vector<Point> route(const Layout& layout, std::size_t number) const {
    const auto& edge = graph_.edges[number];
    const bool reversed = layering_.reversed[number];
    const auto first = reversed ? edge.to : edge.from;
    const auto last = reversed ? edge.from : edge.to;
    const auto along = [&](std::size_t item) { return layered_.items[item].position; };
    if (first == last) {  // a small loop at the corner
      const double side = centre_of(layering_.layers[first]) + depth_of(layout.nodes[first]) / 2;
      const double half = layered_.items[first].size / 2;
      return {point(side, along(first) - half * 0.3), point(side + 16, along(first) - half * 0.3),
              point(side + 16, along(first) + half * 0.3), point(side, along(first) + half * 0.3)};
    }
    // Within a layer's band an edge keeps to its own row, where no wider neighbour can be in its
    // way.
    const auto& from_band = bands_[static_cast<std::size_t>(layering_.layers[first])];
    const auto& to_band = bands_[static_cast<std::size_t>(layering_.layers[last])];
    std::vector<Point> points;
    const auto add = [&](double across, std::size_t item) {
      const auto next = point(across, along(item));
      if (points.empty() || points.back().x != next.x || points.back().y != next.y)
        points.push_back(next);
    };
    add(centre_of(layering_.layers[first]) + depth_of(layout.nodes[first]) / 2, first);
    add(from_band.second, first);
    for (const auto bend : layered_.bends[number]) {
      const auto& band = bands_[static_cast<std::size_t>(layered_.items[bend].layer)];
      add(band.first, bend);
      add(band.second, bend);
    }
    add(to_band.first, last);
    add(centre_of(layering_.layers[last]) - depth_of(layout.nodes[last]) / 2, last);
    if (reversed) std::reverse(points.begin(), points.end());
    return points;
  }

  const Graph& graph_;
  bool across_is_x_;
  Layering layering_;
  LayeredGraph layered_;
  std::vector<std::pair<double, double>> bands_;
};

}  // namespace

Layout lay_out(const Graph& graph, Orientation orientation) {
  check(graph);
  return Assembly(graph, orientation).run();
}

}  // namespace provrun::drawing
