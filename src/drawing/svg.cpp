#include <cmath>

#include "label.hpp"
#include "provrun/base/format.hpp"
#include "provrun/drawing/render.hpp"
#include "style.hpp"

namespace provrun::drawing {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : drawn_text(text)) {
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
      default:
        out += c;
    }
  }
  return out;
}

// A tenth of a pixel is as exact as anybody can see.
double rounded(double value) {
  return std::round(value * 10) / 10;
}

std::string at(const Point& point) {
  return base::format("{},{}", rounded(point.x), rounded(point.y));
}

// Level pieces are straight, the others bend so that they leave and arrive level.
std::string path_data(const std::vector<Point>& points, Orientation orientation) {
  std::string data = "M" + at(points.front());
  for (std::size_t i = 1; i < points.size(); ++i) {
    const auto& a = points[i - 1];
    const auto& b = points[i];
    if (a.x == b.x || a.y == b.y) {
      data += " L" + at(b);
      continue;
    }
    const Point middle{(a.x + b.x) / 2, (a.y + b.y) / 2};
    const bool is_wide = orientation == Orientation::left_to_right;
    data += base::format(" C{} {} {}", at(is_wide ? Point{middle.x, a.y} : Point{a.x, middle.y}),
                         at(is_wide ? Point{middle.x, b.y} : Point{b.x, middle.y}), at(b));
  }
  return data;
}

// Steps are rounded, files are plain boxes, sources have a folded corner.
std::string outline(NodeKind kind, const Box& box) {
  const double left = box.centre.x - box.width / 2;
  const double top = box.centre.y - box.height / 2;
  if (kind != NodeKind::source)
    return base::format(R"(<rect x="{}" y="{}" width="{}" height="{}"{})", rounded(left),
                        rounded(top), rounded(box.width), rounded(box.height),
                        kind == NodeKind::step ? R"( rx="9")" : "");
  const double fold = 8;
  const double right = left + box.width;
  const double bottom = top + box.height;
  return base::format(R"(<path d="M{} L{} L{} L{} L{} Z M{} L{} L{}")", at({left, top}),
                      at({right - fold, top}), at({right, top + fold}), at({right, bottom}),
                      at({left, bottom}), at({right - fold, top}), at({right - fold, top + fold}),
                      at({right, top + fold}));
}

std::string drawn(const Node& node, const Box& box) {
  const auto style = style_of(node.state);
  auto out = "<g><title>" + escaped(node.tooltip.empty() ? node.label : node.tooltip) +
             "</title>\n" + outline(node.kind, box);
  out += base::format(R"( fill="{}" stroke="{}" stroke-width="{}")", style.fill, style.border,
                      style.border_width);
  if (*style.svg_dashes != 0) out += base::format(R"( stroke-dasharray="{}")", style.svg_dashes);
  // The base line lies a third of the letters' size below the middle.
  out += base::format("/>\n<text x=\"{}\" y=\"{}\" xml:space=\"preserve\">{}</text></g>\n",
                      rounded(box.centre.x), rounded(box.centre.y + kFontSize / 3),
                      escaped(node.label));
  return out;
}

}  // namespace

std::string to_svg(const Graph& graph, Orientation orientation) {
  const auto layout = lay_out(graph, orientation);
  const auto width = rounded(layout.width);
  const auto height = rounded(layout.height);
  auto out = base::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\">\n",
      width, height);
  if (!graph.title.empty()) out += "<title>" + escaped(graph.title) + "</title>\n";
  out +=
      "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" "
      "markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
      "<path d=\"M0,0 L8,4 L0,8 Z\" fill=\"#555555\"/></marker></defs>\n";
  out += base::format(
      "<rect width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>\n"
      "<g fill=\"none\" stroke=\"#555555\" stroke-width=\"1\">\n",
      width, height);
  for (std::size_t i = 0; i < graph.edges.size(); ++i)
    out += base::format("<path d=\"{}\"{} marker-end=\"url(#arrow)\"/>\n",
                        path_data(layout.edges[i], orientation),
                        graph.edges[i].weak ? " stroke-dasharray=\"5 3\"" : "");
  out += base::format(
      "</g>\n<g font-family=\"monospace\" font-size=\"{}\" text-anchor=\"middle\" "
      "fill=\"#000000\">\n",
      kFontSize);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    out += drawn(graph.nodes[i], layout.nodes[i]);
  return out + "</g>\n</svg>\n";
}

}  // namespace provrun::drawing
