#include "provrun/drawing/render.hpp"

#include "provrun/base/text.hpp"
#include "random_graph.hpp"
#include "support/catch.hpp"

using namespace provrun;
using namespace provrun::test;

namespace {

// The first thing that an XML parser would not take, or "".
std::string xml_problem(std::string_view xml) {
  if (!base::is_valid_utf8(xml)) return "not UTF-8";
  std::vector<std::string> open;
  const auto at = [&](std::size_t i) { return std::string(xml.substr(i, 40)); };
  for (std::size_t i = 0; i < xml.size(); ++i) {
    const char c = xml[i];
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return "control character";
    if (c == '&') {
      const auto rest = xml.substr(i);
      if (!rest.starts_with("&amp;") && !rest.starts_with("&lt;") && !rest.starts_with("&gt;"))
        return "entity at " + at(i);
    }
    if (c == '>') return "stray > at " + at(i);
    if (c != '<') continue;
    const auto end = xml.find('>', i);
    if (end == std::string_view::npos) return "open tag at " + at(i);
    const auto tag = xml.substr(i + 1, end - i - 1);
    if (tag.find('<') != std::string_view::npos) return "< in a tag at " + at(i);
    const auto name = std::string(tag.substr(0, tag.find_first_of(" /", 1)));
    if (tag.front() == '/') {
      if (open.empty() || "/" + open.back() != tag) return "wrong end at " + at(i);
      open.pop_back();
    } else if (tag.front() != '?' && tag.back() != '/') {
      open.push_back(name);
    }
    i = end;
  }
  return open.empty() ? "" : "no end of " + open.back();
}

drawing::Graph hostile() {
  drawing::Graph graph;
  graph.title = "a<b> & \"c\" \\N";
  graph.nodes = {
      {"<script>\"x\" & \\n</script>", drawing::NodeKind::step, drawing::NodeState::failed,
       "tip <&>"},
      {"bytes \xff\x01\n", drawing::NodeKind::file, drawing::NodeState::reused, {}},
      {"caf\xC3\xA9 \xEF\xBF\xBF ]]>", drawing::NodeKind::source, drawing::NodeState::plain, {}}};
  graph.edges = {{0, 1, false}, {2, 0, true}, {1, 1, false}};
  return graph;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto i = text.find(part); i != std::string_view::npos; i = text.find(part, i + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("DOT is compared whole") {
  CHECK(drawing::to_dot(hostile()) == R"(digraph {
  rankdir=LR;
  labelloc=t;
  label="a<b> & \"c\" \\N";
  node [fontname="monospace", fontsize=12];
  n0 [label="<script>\"x\" & \\n</script>", tooltip="tip <&>", shape=box, style="filled,rounded,solid", fillcolor="#e89a90", color="#8a1204", penwidth=3];
  n1 [label="bytes \\xff\\x01\\n", tooltip="bytes \\xff\\x01\\n", shape=box, style="filled,dashed", fillcolor="#d5e4f5", color="#2a5788", penwidth=1.5];
  n2 [label="café � ]]>", tooltip="café � ]]>", shape=note, style="filled,solid", fillcolor="#ffffff", color="#444444", penwidth=1];
  n0 -> n1;
  n2 -> n0 [style=dashed];
  n1 -> n1;
}
)");
  CHECK(drawing::to_dot({}, drawing::Orientation::top_to_bottom).find("rankdir=TB") !=
        std::string::npos);
}

TEST_CASE("SVG is well-formed and escaped") {
  const auto svg = drawing::to_svg(hostile());
  CHECK(xml_problem(svg) == "");
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find("&lt;script&gt;\"x\" &amp; \\n&lt;/script&gt;</text>") != std::string::npos);
  CHECK(svg.find("<title>tip &lt;&amp;&gt;</title>") != std::string::npos);
  CHECK(svg.find("bytes \\xff\\x01\\n</text>") != std::string::npos);
  CHECK(count(svg, "http") == 1);  // the name of the SVG namespace and nothing else from outside
  CHECK(count(svg, "<text ") == 3);
  CHECK(count(svg, "marker-end") == 3);
  CHECK(count(svg, "stroke-dasharray=\"5 3\"") == 1);
}

TEST_CASE("any graph gives well-formed SVG") {
  CHECK(xml_problem(drawing::to_svg({})) == "");
  for (unsigned seed = 1; seed <= 5; ++seed) {
    const auto svg =
        drawing::to_svg(random_graph(30, 50, seed), drawing::Orientation::top_to_bottom);
    CHECK(xml_problem(svg) == "");
    CHECK(svg.find("nan") == std::string::npos);
    CHECK(svg.find("inf") == std::string::npos);
  }
}
