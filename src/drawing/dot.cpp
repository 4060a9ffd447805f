#include "label.hpp"
#include "layering.hpp"
#include "provrun/base/format.hpp"
#include "provrun/drawing/render.hpp"
#include "style.hpp"

namespace provrun::drawing {

namespace {

// A quoted string in which Graphviz must find none of its own escapes (\N, \G, \n …).
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : drawn_text(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string to_dot(const Graph& graph, Orientation orientation) {
  check_indexes(graph);
  std::string out = "digraph {\n";
  out += base::format("  rankdir={};\n", orientation == Orientation::left_to_right ? "LR" : "TB");
  if (!graph.title.empty()) out += "  labelloc=t;\n  label=" + quoted(graph.title) + ";\n";
  out += "  node [fontname=\"monospace\", fontsize=12];\n";
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& node = graph.nodes[i];
    const auto style = style_of(node.state);
    const bool is_step = node.kind == NodeKind::step;
    out += base::format(
        "  n{} [label={}, tooltip={}, shape={}, style=\"filled,{}{}\", fillcolor=\"{}\", "
        "color=\"{}\", penwidth={}];\n",
        i, quoted(node.label), quoted(node.tooltip.empty() ? node.label : node.tooltip),
        node.kind == NodeKind::source ? "note" : "box", is_step ? "rounded," : "", style.dot_style,
        style.fill, style.border, style.border_width);
  }
  for (const auto& edge : graph.edges)
    out +=
        base::format("  n{} -> n{}{};\n", edge.from, edge.to, edge.weak ? " [style=dashed]" : "");
  return out + "}\n";
}

}  // namespace provrun::drawing
