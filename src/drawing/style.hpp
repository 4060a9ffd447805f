#pragma once

#include "provrun/drawing/graph.hpp"

namespace provrun::drawing {

/// How a state looks, the same in DOT and SVG.
struct Style {
  const char* fill;
  const char* border;
  double border_width;     ///< CSS pixels
  const char* svg_dashes;  ///< stroke-dasharray, "" for a full line
  const char* dot_style;   ///< of the border
};

inline Style style_of(NodeState state) {
  switch (state) {
    case NodeState::plain:
      return {"#ffffff", "#444444", 1, "", "solid"};
    case NodeState::up_to_date:
      return {"#eef3ee", "#3b6e3b", 1, "", "solid"};
    case NodeState::executed:
      return {"#bfe3bf", "#1f5a1f", 2, "", "solid"};
    case NodeState::reused:
      return {"#d5e4f5", "#2a5788", 1.5, "6 2", "dashed"};
    case NodeState::would_run:
      return {"#fdeeb5", "#7a5a00", 1.5, "2 2", "dotted"};
    case NodeState::failed:
      return {"#e89a90", "#8a1204", 3, "", "solid"};
    case NodeState::skipped:
      return {"#cccccc", "#666666", 1, "1 3", "dotted"};
  }
  return {"#ffffff", "#444444", 1, "", "solid"};
}

}  // namespace provrun::drawing
