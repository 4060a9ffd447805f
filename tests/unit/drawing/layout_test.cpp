#include "provrun/drawing/layout.hpp"

#include <chrono>
#include <cmath>

#include "provrun/base/error.hpp"
#include "provrun/drawing/render.hpp"
#include "random_graph.hpp"
#include "support/catch.hpp"

using namespace provrun;
using namespace provrun::test;
using drawing::Graph;
using drawing::Layout;
using drawing::Orientation;

namespace {

Graph graph_of(std::size_t nodes, std::vector<drawing::Edge> edges) {
  Graph graph;
  for (std::size_t i = 0; i < nodes; ++i)
    graph.nodes.push_back(
        {"n" + std::to_string(i), drawing::NodeKind::step, drawing::NodeState::plain, {}});
  graph.edges = std::move(edges);
  return graph;
}

bool overlap(const drawing::Box& a, const drawing::Box& b) {
  return std::abs(a.centre.x - b.centre.x) < (a.width + b.width) / 2 - 1e-6 &&
         std::abs(a.centre.y - b.centre.y) < (a.height + b.height) / 2 - 1e-6;
}

std::size_t overlaps(const Layout& layout) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < layout.nodes.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) count += overlap(layout.nodes[i], layout.nodes[k]) ? 1 : 0;
  return count;
}

bool is_on_border(const drawing::Box& box, const drawing::Point& point) {
  const double x = std::abs(point.x - box.centre.x) - box.width / 2;
  const double y = std::abs(point.y - box.centre.y) - box.height / 2;
  return x < 1e-6 && y < 1e-6 && (x > -1e-6 || y > -1e-6);
}

void check_sound(const Graph& graph, const Layout& layout) {
  REQUIRE(layout.nodes.size() == graph.nodes.size());
  REQUIRE(layout.layers.size() == graph.nodes.size());
  REQUIRE(layout.edges.size() == graph.edges.size());
  CHECK(overlaps(layout) == 0);
  const auto is_inside = [&](const drawing::Point& point) {
    return point.x >= 0 && point.y >= 0 && point.x <= layout.width && point.y <= layout.height;
  };
  std::size_t wrong = 0;
  for (const auto& box : layout.nodes)
    if (!is_inside({box.centre.x - box.width / 2, box.centre.y - box.height / 2}) ||
        !is_inside({box.centre.x + box.width / 2, box.centre.y + box.height / 2}))
      ++wrong;
  for (std::size_t i = 0; i < graph.edges.size(); ++i) {
    const auto& points = layout.edges[i];
    REQUIRE(points.size() >= 2);
    if (!is_on_border(layout.nodes[graph.edges[i].from], points.front())) ++wrong;
    if (!is_on_border(layout.nodes[graph.edges[i].to], points.back())) ++wrong;
    for (const auto& point : points) wrong += is_inside(point) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("nothing and a single node can be laid out") {
  const auto nothing = drawing::lay_out({}, Orientation::left_to_right);
  CHECK(nothing.nodes.empty());
  CHECK(nothing.width > 0);
  const auto graph = graph_of(1, {{0, 0, false}});
  check_sound(graph, drawing::lay_out(graph, Orientation::left_to_right));
  check_sound(graph, drawing::lay_out(graph, Orientation::top_to_bottom));
}

TEST_CASE("edges lead from layer to layer, and sources move to where they are needed") {
  //  0 → 1 → 2 → 3, 4 → 3, 0 → 3
  const auto graph =
      graph_of(5, {{0, 1, false}, {1, 2, false}, {2, 3, false}, {4, 3, false}, {0, 3, false}});
  const auto layout = drawing::lay_out(graph, Orientation::left_to_right);
  CHECK(layout.layers == std::vector<int>{0, 1, 2, 3, 2});
  CHECK(layout.nodes[0].centre.x < layout.nodes[1].centre.x);
  CHECK(layout.edges[4].size() > 4);  // it passes two layers
  check_sound(graph, layout);
}

TEST_CASE("a chain lies on one line") {
  const auto graph = graph_of(4, {{0, 1, false}, {1, 2, false}, {2, 3, false}});
  for (const auto& box : drawing::lay_out(graph, Orientation::left_to_right).nodes)
    CHECK(box.centre.y == Approx(30));
}

TEST_CASE("circles are allowed") {
  const auto graph = graph_of(3, {{0, 1, false}, {1, 2, false}, {2, 0, false}, {1, 1, false}});
  for (const auto orientation : {Orientation::left_to_right, Orientation::top_to_bottom}) {
    const auto layout = drawing::lay_out(graph, orientation);
    check_sound(graph, layout);
    CHECK(layout.layers == std::vector<int>{0, 1, 2});
  }
}

TEST_CASE("two edges that can be drawn without crossing do not cross") {
  const auto layout =
      drawing::lay_out(graph_of(4, {{0, 3, false}, {1, 2, false}}), Orientation::left_to_right);
  CHECK((layout.nodes[0].centre.y < layout.nodes[1].centre.y) ==
        (layout.nodes[3].centre.y < layout.nodes[2].centre.y));
}

TEST_CASE("wide letters make wide boxes") {
  Graph graph = graph_of(2, {});
  graph.nodes[0].label = "ab";
  graph.nodes[1].label = "\xE6\xB0\xB4\xE6\xB0\xB4";
  const auto layout = drawing::lay_out(graph, Orientation::left_to_right);
  CHECK(layout.nodes[1].width > layout.nodes[0].width);
}

TEST_CASE("no two nodes of any graph overlap") {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    const auto graph = random_graph(60, seed * 15, seed);
    check_sound(graph, drawing::lay_out(graph, Orientation::left_to_right));
    check_sound(graph, drawing::lay_out(graph, Orientation::top_to_bottom));
  }
}

TEST_CASE("large graphs are laid out quickly") {
  const auto seconds = [](const Graph& graph) {
    const auto begin = std::chrono::steady_clock::now();
    const auto layout = drawing::lay_out(graph, Orientation::left_to_right);
    CHECK(layout.nodes.size() == graph.nodes.size());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const auto thousand = pipeline_graph(1000, 1);
  check_sound(thousand, drawing::lay_out(thousand, Orientation::left_to_right));
  CHECK(seconds(thousand) < 3);
  CHECK(seconds(pipeline_graph(10'000, 2)) < 30);
  Graph star = pipeline_graph(1, 1);  // a chain of which every link follows from the first, too
  for (std::size_t i = 1; i < 10'000; ++i) {
    star.nodes.push_back(star.nodes[0]);
    star.edges.push_back({i - 1, i, false});
    star.edges.push_back({0, i, false});
  }
  CHECK(seconds(star) < 30);
}

TEST_CASE("an index out of range is a defect of the caller") {
  const auto graph = graph_of(2, {{0, 2, false}});
  CHECK_THROWS_AS(drawing::lay_out(graph, Orientation::left_to_right), base::Error);
  CHECK_THROWS_AS(drawing::to_svg(graph), base::Error);
  CHECK_THROWS_AS(drawing::to_dot(graph), base::Error);
}
