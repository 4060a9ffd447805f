#include <algorithm>
#include <array>
#include <cmath>

#include "label.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/drawing/render.hpp"
#include "style.hpp"

namespace provrun::drawing {

namespace {

constexpr double kTitleHeight = 34;
constexpr double kLegendHeight = 40;
constexpr std::string_view kEdgeColour = "#6e7781";

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : base::printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// A tenth of a pixel is more than an eye needs, and short.
std::string number(double value) {
  const double rounded = std::round(value * 10) / 10;
  return base::format("{}", rounded == 0 ? 0.0 : rounded);
}

class Picture {
 public:
  Picture(const Graph& graph, Orientation orientation)
      : graph_(graph),
        layout_(lay_out(graph, orientation)),
        horizontal_(orientation == Orientation::left_to_right) {
    for (const auto& node : graph.nodes) has_state_[static_cast<std::size_t>(node.state)] = true;
    has_state_[0] = false;
    has_legend_ = std::any_of(has_state_.begin(), has_state_.end(), [](bool b) { return b; });
    top_ = graph.title.empty() ? 0 : kTitleHeight;
  }

  std::string draw() {
    const double width = std::max({layout_.width, legend_width(), title_width()});
    const double height = layout_.height + top_ + (has_legend_ ? kLegendHeight : 0);
    out_ = base::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
        "{1}\" "
        "font-family=\"'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif\" font-size=\"12\">\n"
        "<title>{2}</title>\n"
        "<defs><marker id=\"arrow\" viewBox=\"0 0 10 8\" refX=\"9\" refY=\"4\" markerWidth=\"8\" "
        "markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L10 4L0 8L2.5 4Z\" "
        "fill=\"{3}\"/></marker></defs>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        number(width), number(height), escape(graph_.title.empty() ? "graph" : graph_.title),
        kEdgeColour);
    if (!graph_.title.empty())
      out_ += base::format(
          "<text x=\"24\" y=\"30\" font-size=\"15\" font-weight=\"bold\" "
          "fill=\"#1f2328\">{}</text>\n",
          escape(graph_.title));
    out_ += base::format("<g transform=\"translate(0 {})\">\n", number(top_));
    out_ += base::format("<g fill=\"none\" stroke=\"{}\" stroke-width=\"1.2\">\n", kEdgeColour);
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) draw_edge(i);
    out_ += "</g>\n<g text-anchor=\"middle\">\n";
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) draw_node(i);
    out_ += "</g>\n</g>\n";
    if (has_legend_) draw_legend(layout_.height + top_);
    out_ += "</svg>\n";
    return std::move(out_);
  }

 private:
  void draw_edge(std::size_t index) {
    const auto& points = layout_.edges[index];
    std::string path = base::format("M{} {}", number(points[0].x), number(points[0].y));
    for (std::size_t i = 1; i < points.size(); ++i) {
      const auto a = points[i - 1];
      const auto b = points[i];
      const bool straight = horizontal_ ? a.y == b.y : a.x == b.x;
      if (straight) {
        path += base::format("L{} {}", number(b.x), number(b.y));
        continue;
      }
      // Leaves and enters across the layers, so that bends join without a kink.
      const double mid_x = (a.x + b.x) / 2;
      const double mid_y = (a.y + b.y) / 2;
      const Point c1 = horizontal_ ? Point{mid_x, a.y} : Point{a.x, mid_y};
      const Point c2 = horizontal_ ? Point{mid_x, b.y} : Point{b.x, mid_y};
      path += base::format("C{} {} {} {} {} {}", number(c1.x), number(c1.y), number(c2.x),
                           number(c2.y), number(b.x), number(b.y));
    }
    out_ += base::format("<path d=\"{}\"{} marker-end=\"url(#arrow)\"/>\n", path,
                         graph_.edges[index].weak ? " stroke-dasharray=\"4 3\"" : "");
  }

  static std::string paint(const Style& style) {
    auto text = base::format("fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"", style.fill,
                             style.stroke, number(style.stroke_width));
    if (!style.dashes.empty()) text += base::format(" stroke-dasharray=\"{}\"", style.dashes);
    return text;
  }

  void draw_node(std::size_t index) {
    const auto& node = graph_.nodes[index];
    const auto& box = layout_.nodes[index];
    const auto& style = style_of(node.state);
    const double x = box.centre.x - box.width / 2;
    const double y = box.centre.y - box.height / 2;
    out_ += base::format("<g><title>{}</title>",
                         escape(node.tooltip.empty() ? node.label : node.tooltip));
    if (node.kind == NodeKind::step) {
      out_ +=
          base::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"8\" {}/>",
                       number(x), number(y), number(box.width), number(box.height), paint(style));
    } else {
      // A sheet with a folded corner; a source, which nothing makes, has a second line at its left.
      constexpr double kFold = 8;
      const double right = x + box.width;
      out_ += base::format("<path d=\"M{0} {1}H{2}L{3} {4}V{5}H{0}Z\" {6}/>", number(x), number(y),
                           number(right - kFold), number(right), number(y + kFold),
                           number(y + box.height), paint(style));
      out_ += base::format("<path d=\"M{0} {1}V{2}H{3}\" fill=\"none\" stroke=\"{4}\"/>",
                           number(right - kFold), number(y), number(y + kFold), number(right),
                           style.stroke);
      if (node.kind == NodeKind::source)
        out_ += base::format("<path d=\"M{0} {1}V{2}\" fill=\"none\" stroke=\"{3}\"/>",
                             number(x + 4), number(y), number(y + box.height), style.stroke);
    }
    out_ +=
        base::format("<text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text></g>\n", number(box.centre.x),
                     number(box.centre.y + 4.2), style.text, escape(shown_label(node.label)));
  }

  double title_width() const {
    return graph_.title.empty() ? 0 : label_width(graph_.title) * 1.4 + 48;
  }

  double legend_width() const {
    double width = 24;
    for (std::size_t i = 0; i < has_state_.size(); ++i)
      if (has_state_[i]) width += 48 + label_width(style_of(static_cast<NodeState>(i)).name);
    return has_legend_ ? width : 0;
  }

  void draw_legend(double y) {
    double x = 24;
    for (std::size_t i = 0; i < has_state_.size(); ++i) {
      if (!has_state_[i]) continue;
      const auto& style = style_of(static_cast<NodeState>(i));
      out_ += base::format("<rect x=\"{}\" y=\"{}\" width=\"22\" height=\"14\" rx=\"4\" {}/>",
                           number(x), number(y + 6), paint(style));
      out_ += base::format("<text x=\"{}\" y=\"{}\" fill=\"#57606a\" font-size=\"11\">{}</text>\n",
                           number(x + 29), number(y + 17), style.name);
      x += 48 + label_width(style.name);
    }
  }

  const Graph& graph_;
  Layout layout_;
  bool horizontal_;
  bool has_legend_ = false;
  double top_ = 0;
  std::array<bool, 7> has_state_{};
  std::string out_;
};

}  // namespace

std::string to_svg(const Graph& graph, Orientation orientation) {
  return Picture(graph, orientation).draw();
}

}  // namespace provrun::drawing
