#include "edges.hpp"

namespace provrun::lineage {

std::string_view name_of(Relation relation) {
  switch (relation) {
    case Relation::used:
      return "used";
    case Relation::generated:
      return "generated";
    case Relation::derived:
      return "derived";
    case Relation::informed:
      return "informed";
    case Relation::reused:
      return "reused";
  }
  return {};
}

Edge with_facts(History& history, const PlainEdge& plain) {
  Edge edge;
  edge.relation = plain.relation;
  edge.evidence = plain.evidence;
  edge.depth = plain.depth;
  const auto& execution = history.execution(plain.execution);
  edge.execution = execution.id;
  edge.run = execution.run;
  edge.step = execution.step;
  if (plain.relation == Relation::informed || plain.relation == Relation::reused) {
    edge.earlier = history.execution(plain.earlier).id;
    return edge;
  }
  const auto& version = history.version(plain.version);
  edge.path = version.path;
  edge.content = version.content;
  edge.size = version.size;
  if (plain.relation == Relation::derived) edge.source = history.version(plain.source);
  return edge;
}

Evidence weaker(Evidence a, Evidence b) {
  if (a == Evidence::both) return b;
  if (b == Evidence::both || a == b) return a;
  return Evidence::declared;
}

}  // namespace provrun::lineage
