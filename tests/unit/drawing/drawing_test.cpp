#include <cmath>

#include "provrun/base/error.hpp"
#include "provrun/drawing/render.hpp"
#include "support/catch.hpp"

using namespace provrun;
using namespace provrun::drawing;

namespace {

/// A graph whose edges follow from the numbers of its nodes in a fixed but irregular way.
Graph irregular(std::size_t count) {
  Graph graph;
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < count; ++i) {
    graph.nodes.push_back(
        {"node" + std::string(i % 37, 'x'), NodeKind::step, NodeState::plain, ""});
    for (int k = 0; i > 0 && k < 2; ++k) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      graph.edges.push_back({(state >> 33U) % i, i});
    }
  }
  return graph;
}

bool overlap(const Box& a, const Box& b) {
  return std::abs(a.centre.x - b.centre.x) < (a.width + b.width) / 2 &&
         std::abs(a.centre.y - b.centre.y) < (a.height + b.height) / 2;
}

/// Whether the segment, which is parallel to an axis, runs through the inside of the box.
bool crosses(Point a, Point b, const Box& box) {
  return std::min(a.x, b.x) < box.centre.x + box.width / 2 - 0.01 &&
         std::max(a.x, b.x) > box.centre.x - box.width / 2 + 0.01 &&
         std::min(a.y, b.y) < box.centre.y + box.height / 2 - 0.01 &&
         std::max(a.y, b.y) > box.centre.y - box.height / 2 + 0.01;
}

}  // namespace

TEST_CASE("nodes do not overlap, edges run forward from border to border and not through nodes") {
  const auto graph = irregular(300);
  for (const auto orientation : {Orientation::left_to_right, Orientation::top_to_bottom}) {
    const auto layout = lay_out(graph, orientation);
    for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
      const auto& box = layout.nodes[i];
      CHECK(box.centre.x - box.width / 2 >= 0);
      CHECK(box.centre.y + box.height / 2 <= layout.height);
      CHECK(box.centre.x + box.width / 2 <= layout.width);
      for (std::size_t j = 0; j < i; ++j) REQUIRE_FALSE(overlap(box, layout.nodes[j]));
    }
    for (std::size_t e = 0; e < graph.edges.size(); ++e) {
      const auto& edge = graph.edges[e];
      REQUIRE(layout.layers[edge.from] < layout.layers[edge.to]);
      const auto& points = layout.edges[e];
      REQUIRE(points.size() >= 2);
      for (std::size_t p = 1; p < points.size(); ++p) {
        const bool straight = points[p].x == points[p - 1].x || points[p].y == points[p - 1].y;
        if (!straight) continue;
        for (const auto& box : layout.nodes) REQUIRE_FALSE(crosses(points[p - 1], points[p], box));
      }
    }
  }
}

TEST_CASE("a chain is drawn as a straight line, a diamond without a crossing") {
  Graph chain;
  for (int i = 0; i < 5; ++i) chain.nodes.push_back({"n", NodeKind::step, NodeState::plain, ""});
  for (std::size_t i = 1; i < 5; ++i) chain.edges.push_back({i - 1, i});
  const auto layout = lay_out(chain, Orientation::left_to_right);
  for (const auto& box : layout.nodes) CHECK(box.centre.y == Approx(layout.nodes[0].centre.y));
  CHECK(layout.layers == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("circles, loops, no nodes and doubled edges are drawn too") {
  Graph graph;
  CHECK(to_svg(graph).find("</svg>") != std::string::npos);
  graph.nodes = {{"a", {}, {}, ""}, {"b", {}, {}, ""}, {"c", {}, {}, ""}};
  graph.edges = {{0, 1}, {1, 2}, {2, 0}, {1, 1}, {0, 1}};
  const auto layout = lay_out(graph, Orientation::top_to_bottom);
  CHECK(layout.layers == std::vector<int>{0, 1, 2});
  CHECK(layout.edges[2].front().y > layout.edges[2].back().y);
  CHECK(layout.edges[3].size() == 4);
  graph.edges.push_back({0, 3});
  CHECK_THROWS_AS(lay_out(graph, Orientation::top_to_bottom), base::Error);
  CHECK_THROWS_AS(to_dot(graph), base::Error);
}

TEST_CASE("long edges in a long chain do not cost their square") {
  Graph graph;
  for (std::size_t i = 0; i < 5000; ++i) {
    graph.nodes.push_back({"n", NodeKind::step, NodeState::plain, ""});
    if (i > 0) graph.edges.push_back({i - 1, i});
    if (i > 1) graph.edges.push_back({0, i});
  }
  CHECK(lay_out(graph, Orientation::left_to_right).edges.size() == 9997);
}

TEST_CASE("labels are escaped, in SVG and in DOT") {
  Graph graph;
  graph.title = "a<b>&\"c\"";
  graph.nodes = {{"x<&>\"\\\n\xff", NodeKind::file, NodeState::failed, "tip <1>"},
                 {"y", NodeKind::source, NodeState::reused, ""}};
  graph.edges = {{1, 0, true}};
  const auto svg = to_svg(graph);
  CHECK(svg.find("<title>a&lt;b&gt;&amp;&quot;c&quot;</title>") != std::string::npos);
  CHECK(svg.find(">x&lt;&amp;&gt;&quot;\\\\n\\xff</text>") != std::string::npos);
  CHECK(svg.find("<title>tip &lt;1&gt;</title>") != std::string::npos);
  CHECK(svg.find("stroke-dasharray=\"4 3\"") != std::string::npos);
  CHECK(svg.find(">failed</text>") != std::string::npos);
  CHECK(svg.find('\xff') == std::string::npos);
  Graph plain;
  plain.nodes = {{"say \"a\\b\"", NodeKind::step, NodeState::would_run, ""},
                 {"y", NodeKind::source, {}, "t"}};
  plain.edges = {{1, 0, true}, {1, 0}};
  CHECK(to_dot(plain, Orientation::top_to_bottom) ==
        "digraph \"provrun\" {\n"
        "  rankdir=TB;\n"
        "  node [fontname=\"Helvetica\", fontsize=11, height=0.35];\n"
        "  edge [color=\"#6e7781\", arrowsize=0.7];\n"
        "  n0 [label=\"say \\\"a\\\\b\\\"\", tooltip=\"say \\\"a\\\\b\\\"\", shape=box, "
        "style=\"filled,rounded,dotted\", fillcolor=\"#ffe9a8\", color=\"#8a6100\", "
        "fontcolor=\"#3d2b00\", "
        "penwidth=1.6];\n"
        "  n1 [label=\"y\", tooltip=\"t\", shape=folder, style=\"filled\", fillcolor=\"#ffffff\", "
        "color=\"#57606a\", fontcolor=\"#1f2328\", penwidth=1.2];\n"
        "  n1 -> n0 [style=dashed];\n"
        "  n1 -> n0;\n"
        "}\n");
}

TEST_CASE("long labels are shortened in the middle, never inside a character") {
  Graph graph;
  std::string label;
  for (int i = 0; i < 60; ++i) label += "é";
  graph.nodes = {{label, NodeKind::step, {}, ""}};
  const auto svg = to_svg(graph);
  std::string shown;
  for (int i = 0; i < 18; ++i) shown += "é";
  CHECK(svg.find(">" + shown + "…") != std::string::npos);
  CHECK(svg.find("<title>" + label + "</title>") != std::string::npos);
}
