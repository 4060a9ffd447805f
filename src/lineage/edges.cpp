#include "edges.hpp"

namespace provrun::lineage {

namespace {
Edge edge_of(Timeline& timeline, Relation relation, ExecutionNumber execution, Evidence evidence,
             int depth) {
  const auto& facts = timeline.execution(execution);
  Edge edge;
  edge.relation = relation;
  edge.execution = facts.id;
  edge.run = facts.run;
  edge.step = facts.step;
  edge.evidence = evidence;
  edge.depth = depth;
  return edge;
}
}  // namespace

Evidence weaker(Evidence a, Evidence b) {
  if (a == b || b == Evidence::both) return a;
  return a == Evidence::both ? b : Evidence::declared;
}

Edge artifact_edge(Timeline& timeline, Relation relation, ExecutionNumber execution,
                   VersionNumber version, Evidence evidence, int depth) {
  Edge edge = edge_of(timeline, relation, execution, evidence, depth);
  const auto& facts = timeline.version(version);
  edge.path = facts.path;
  edge.content = facts.content;
  edge.size = facts.size;
  return edge;
}

Edge derived_edge(Timeline& timeline, ExecutionNumber execution, VersionNumber output,
                  VersionNumber input, Evidence evidence, int depth) {
  Edge edge = artifact_edge(timeline, Relation::derived, execution, output, evidence, depth);
  edge.source = timeline.version(input);
  return edge;
}

Edge execution_edge(Timeline& timeline, Relation relation, ExecutionNumber execution,
                    ExecutionNumber earlier, Evidence evidence, int depth) {
  Edge edge = edge_of(timeline, relation, execution, evidence, depth);
  edge.earlier = timeline.execution(earlier).id;
  return edge;
}

}  // namespace provrun::lineage
