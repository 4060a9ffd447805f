#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/drawing/render.hpp"
#include "style.hpp"

namespace provrun::drawing {

namespace {

/// A quoted string in which Graphviz finds no escape of its own.
std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : base::printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string_view shape_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::step:
      return "box";
    case NodeKind::file:
      return "note";
    case NodeKind::source:
      return "folder";
  }
  return "box";
}

std::string node_style(const Node& node, const Style& style) {
  std::string text = "filled";
  if (node.kind == NodeKind::step) text += ",rounded";
  if (!style.dashes.empty()) text += node.state == NodeState::reused ? ",dashed" : ",dotted";
  return text;
}

}  // namespace

std::string to_dot(const Graph& graph, Orientation orientation) {
  std::string out = base::format(
      "digraph {} {{\n  rankdir={};\n  node [fontname=\"Helvetica\", fontsize=11, height=0.35];\n"
      "  edge [color=\"#6e7781\", arrowsize=0.7];\n",
      quote(graph.title.empty() ? "provrun" : graph.title),
      orientation == Orientation::left_to_right ? "LR" : "TB");
  if (!graph.title.empty()) out += base::format("  label={};\n  labelloc=t;\n", quote(graph.title));
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& node = graph.nodes[i];
    const auto& style = style_of(node.state);
    out += base::format(
        "  n{} [label={}, tooltip={}, shape={}, style={}, fillcolor=\"{}\", color=\"{}\", "
        "fontcolor=\"{}\", "
        "penwidth={}];\n",
        i, quote(node.label), quote(node.tooltip.empty() ? node.label : node.tooltip),
        shape_of(node.kind), quote(node_style(node, style)), style.fill, style.stroke, style.text,
        style.stroke_width);
  }
  for (const auto& edge : graph.edges) {
    if (edge.from >= graph.nodes.size() || edge.to >= graph.nodes.size())
      throw base::Error(base::ErrorCode::internal,
                        "an edge of the drawing names a node that is not there");
    out +=
        base::format("  n{} -> n{}{};\n", edge.from, edge.to, edge.weak ? " [style=dashed]" : "");
  }
  return out + "}\n";
}

}  // namespace provrun::drawing
