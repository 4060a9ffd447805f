#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace provrun::drawing {

enum class NodeKind { step, file, source };
/// How a node is filled; each differs in lightness and border too, so that it works without colour.
enum class NodeState { plain, up_to_date, executed, reused, would_run, failed, skipped };

struct Node {
  std::string label;
  NodeKind kind = NodeKind::step;
  NodeState state = NodeState::plain;
  std::string tooltip;  ///< shown by browsers when the pointer rests on it; the label when empty
};

/// From the earlier thing to the later one, as indexes into Graph::nodes.
struct Edge {
  std::size_t from = 0;
  std::size_t to = 0;
  bool weak = false;  ///< drawn dashed: order only
};

/// What to draw. Circles are allowed: some edge of each is then drawn backwards. An index out of
/// range is base::Error(internal) in every function that takes a Graph.
struct Graph {
  std::string title;
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};

}  // namespace provrun::drawing
