#pragma once

#include "history.hpp"
#include "provrun/lineage/query.hpp"

namespace provrun::lineage {

/// An edge by numbers, before its facts are looked up. Members as in Edge; `earlier` is given for
/// informed and reused, `source` for derived, `version` for the others and derived.
struct PlainEdge {
  Relation relation = Relation::used;
  Evidence evidence = Evidence::declared;
  int depth = 0;
  ExecutionNumber execution;
  VersionNumber version;
  VersionNumber source;
  ExecutionNumber earlier;
};

Edge with_facts(History& history, const PlainEdge& edge);

/// How well something is known that follows from two edges.
Evidence weaker(Evidence a, Evidence b);

}  // namespace provrun::lineage
