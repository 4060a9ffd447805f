#include "provrun/drawing/layout.hpp"

#include <algorithm>

#include "label.hpp"
#include "mesh.hpp"

namespace provrun::drawing {

namespace {

constexpr double kMargin = 16;
constexpr double kNodeGap = 14;   // between things of one layer
constexpr double kLayerGap = 48;  // room for the edges to turn
constexpr double kPadding = 10;   // around a label
constexpr double kNodeHeight = 28;
constexpr double kBendSize = 4;
constexpr double kLoop = 6;  // how far an edge from a node to itself stands off

// Everything is computed along the layers ("along") and across them, and turned at the end.
struct Interval {
  double low = 0;
  double high = 0;
};

class Drawing {
 public:
  Drawing(const Graph& graph, Orientation orientation)
      : graph_(graph), is_wide_(orientation == Orientation::left_to_right) {}

  Layout make() {
    const auto layering = find_layers(graph_);
    layout_.layers = layering.layers;
    auto mesh = make_mesh(graph_, layering);
    order_layers(mesh);
    place(mesh);
    for (std::size_t i = 0; i < graph_.edges.size(); ++i)
      layout_.edges.push_back(route(i, mesh.bends[i], layering.reversed[i]));
    return std::move(layout_);
  }

 private:
  Point turned(double along, double across) const {
    return is_wide_ ? Point{along, across} : Point{across, along};
  }
  double along(const Point& point) const { return is_wide_ ? point.x : point.y; }
  double across(const Point& point) const { return is_wide_ ? point.y : point.x; }
  double length(const Box& box) const { return is_wide_ ? box.width : box.height; }
  const Interval& extent_of(std::size_t node) const {
    return extents_[static_cast<std::size_t>(layout_.layers[node])];
  }

  void place(const Mesh& mesh) {
    std::vector<double> sizes(mesh.up.size(), kBendSize);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      Box box;
      box.width = width_of(drawn_text(graph_.nodes[i].label)) + 2 * kPadding;
      box.height = kNodeHeight;
      layout_.nodes.push_back(box);
      sizes[i] = is_wide_ ? box.height : box.width;
    }
    across_ = place_across(mesh, sizes, kNodeGap);
    Interval all;
    for (std::size_t i = 0; i < across_.size(); ++i) {
      const Interval mine{across_[i] - sizes[i] / 2, across_[i] + sizes[i] / 2};
      all = i == 0 ? mine : Interval{std::min(all.low, mine.low), std::max(all.high, mine.high)};
    }
    for (auto& place : across_) place += kMargin - all.low;

    double end = kMargin;
    for (const auto& layer : mesh.layers) {
      double widest = 0;
      for (const auto i : layer)
        if (!mesh.is_bend(i)) widest = std::max(widest, length(layout_.nodes[i]));
      if (!extents_.empty()) end += kLayerGap;
      extents_.push_back({end, end + widest});
      end += widest;
    }
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      layout_.nodes[i].centre = turned((extent_of(i).low + extent_of(i).high) / 2, across_[i]);
    const auto size = turned(end + kMargin, all.high - all.low + 2 * kMargin);
    layout_.width = size.x;
    layout_.height = size.y;
  }

  std::vector<Point> route(std::size_t index, const std::vector<std::size_t>& bends,
                           bool is_reversed) const {
    auto [from, to, weak] = graph_.edges[index];
    if (from == to) return loop(layout_.nodes[from]);
    if (is_reversed) std::swap(from, to);
    std::vector<Point> points;
    const auto put = [&](double at, double beside) {
      const auto point = turned(at, beside);
      if (points.empty() || points.back().x != point.x || points.back().y != point.y)
        points.push_back(point);
    };
    // An edge stays level within the layers, where the nodes are, and turns between them.
    const auto& first = layout_.nodes[from];
    put(along(first.centre) + length(first) / 2, across(first.centre));
    put(extent_of(from).high, across(first.centre));
    auto layer = static_cast<std::size_t>(layout_.layers[from]);
    for (const auto bend : bends) {
      ++layer;
      put(extents_[layer].low, across_[bend]);
      put(extents_[layer].high, across_[bend]);
    }
    const auto& last = layout_.nodes[to];
    put(extent_of(to).low, across(last.centre));
    put(along(last.centre) - length(last) / 2, across(last.centre));
    if (is_reversed) std::reverse(points.begin(), points.end());
    return points;
  }

  static std::vector<Point> loop(const Box& box) {
    const double right = box.centre.x + box.width / 2;
    const double top = box.centre.y - box.height / 2;
    return {{right, box.centre.y - box.height / 4},
            {right + kLoop, box.centre.y - box.height / 4},
            {right + kLoop, top - kLoop},
            {right - kLoop, top - kLoop},
            {right - kLoop, top}};
  }

  const Graph& graph_;
  bool is_wide_;
  Layout layout_;
  std::vector<double> across_;     // as in the mesh
  std::vector<Interval> extents_;  // of the layers, along
};

}  // namespace

Layout lay_out(const Graph& graph, Orientation orientation) {
  check_indexes(graph);
  return Drawing(graph, orientation).make();
}

}  // namespace provrun::drawing
