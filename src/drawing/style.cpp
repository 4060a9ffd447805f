#include "style.hpp"

namespace provrun::drawing {

const Style& style_of(NodeState state) {
  static constexpr Style kPlain{"", "#ffffff", "#57606a", "#1f2328", "", 1.2};
  static constexpr Style kUpToDate{"up to date", "#eef6f0", "#5b8a6b", "#1f2328", "", 1.2};
  static constexpr Style kExecuted{"executed", "#9fd3ae", "#1a6334", "#0b2a16", "", 1.6};
  static constexpr Style kReused{"reused", "#c9def7", "#2b62a5", "#0d2443", "6 2", 1.4};
  static constexpr Style kWouldRun{"would run", "#ffe9a8", "#8a6100", "#3d2b00", "2 2", 1.6};
  static constexpr Style kFailed{"failed", "#a51d2d", "#5c0a14", "#ffffff", "", 2.4};
  static constexpr Style kSkipped{"skipped", "#d3d6da", "#7d858d", "#4a5058", "1 3", 1.2};
  switch (state) {
    case NodeState::plain:
      return kPlain;
    case NodeState::up_to_date:
      return kUpToDate;
    case NodeState::executed:
      return kExecuted;
    case NodeState::reused:
      return kReused;
    case NodeState::would_run:
      return kWouldRun;
    case NodeState::failed:
      return kFailed;
    case NodeState::skipped:
      return kSkipped;
  }
  return kPlain;
}

}  // namespace provrun::drawing
