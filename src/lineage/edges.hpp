#pragma once

#include "provrun/lineage/query.hpp"
#include "timeline.hpp"

// Edges with their facts filled in.
namespace provrun::lineage {

/// A derivation is known as well as the less known of its two sides.
Evidence weaker(Evidence a, Evidence b);

/// used or generated.
Edge artifact_edge(Timeline& timeline, Relation relation, ExecutionNumber execution,
                   VersionNumber version, Evidence evidence, int depth);
Edge derived_edge(Timeline& timeline, ExecutionNumber execution, VersionNumber output,
                  VersionNumber input, Evidence evidence, int depth);
/// informed or reused.
Edge execution_edge(Timeline& timeline, Relation relation, ExecutionNumber execution,
                    ExecutionNumber earlier, Evidence evidence, int depth);

}  // namespace provrun::lineage
