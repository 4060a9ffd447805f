#include <algorithm>
#include <unordered_set>

#include "edges.hpp"

namespace provrun::lineage {

namespace {

struct Ends {
  std::unordered_set<std::int64_t> versions;
  std::unordered_set<std::int64_t> executions;
};

Ends without(const std::vector<Node>& nodes, const std::vector<Node>& others) {
  Ends ends;
  for (const auto& node : nodes) {
    if (std::find(others.begin(), others.end(), node) != others.end()) continue;
    if (const auto* version = std::get_if<VersionNumber>(&node))
      ends.versions.insert(version->value);
    else
      ends.executions.insert(std::get<ExecutionNumber>(node).value);
  }
  return ends;
}

// An execution on the way, found from the end of the derivation backwards.
struct Hop {
  ExecutionNumber execution;
  std::optional<VersionLink> made;  ///< by which it leads on; absent before a reuse and at the end
  std::size_t next = 0;             ///< index of the hop that follows in time
  bool is_last = false;
};

class PathSearch {
 public:
  explicit PathSearch(EdgeSource& source) : history_(source) {}

  std::vector<Edge> find(const std::vector<Node>& from, const std::vector<Node>& to) {
    const auto goals = without(from, to);
    if (goals.versions.empty() && goals.executions.empty()) return {};
    for (const auto& node : to) begin_at(node);
    for (std::size_t i = 0; i < hops_.size(); ++i) {
      const auto hop = hops_[i];
      if (goals.executions.contains(hop.execution.value)) return edges_from(i, std::nullopt);
      const auto used = history_.source().used(hop.execution);
      for (const auto& link : used)
        if (goals.versions.contains(link.version.value)) return edges_from(i, link);
      for (const auto& link : used)
        if (const auto maker = history_.maker(link.version, hop.execution))
          add({maker->execution, VersionLink{link.version, maker->evidence}, i});
      if (const auto earlier = history_.execution(hop.execution).reused_from)
        add({*earlier, std::nullopt, i});
    }
    return {};
  }

 private:
  void add(const Hop& hop) {
    if (seen_.insert(hop.execution.value).second) hops_.push_back(hop);
  }

  // Whoever generated a version that is asked for ends a derivation of it, not only the last one.
  void begin_at(const Node& node) {
    if (const auto* version = std::get_if<VersionNumber>(&node)) {
      for (const auto& maker : history_.source().generators(*version))
        add({maker.execution, VersionLink{*version, maker.evidence}, 0, true});
    } else {
      add({std::get<ExecutionNumber>(node), std::nullopt, 0, true});
    }
  }

  std::vector<Edge> edges_from(std::size_t index, std::optional<VersionLink> used) {
    std::vector<Edge> edges;
    const auto put = [&](const PlainEdge& edge) { edges.push_back(with_facts(history_, edge)); };
    int depth = 0;
    for (;;) {
      const auto& hop = hops_[index];
      if (used)
        put({Relation::used, used->evidence, ++depth, hop.execution, used->version, {}, {}});
      if (hop.made) {
        put({Relation::generated,
             hop.made->evidence,
             ++depth,
             hop.execution,
             hop.made->version,
             {},
             {}});
        if (used)
          put({Relation::derived,
               weaker(used->evidence, hop.made->evidence),
               depth,
               hop.execution,
               hop.made->version,
               used->version,
               {}});
      }
      if (hop.is_last) return edges;
      if (!hop.made)
        put({Relation::reused,
             Evidence::declared,
             ++depth,
             hops_[hop.next].execution,
             {},
             {},
             hop.execution});
      used = evidence_of_use(hop, hops_[hop.next].execution);
      index = hop.next;
    }
  }

  // What the next execution used of this one, with the evidence for that use.
  std::optional<VersionLink> evidence_of_use(const Hop& hop, ExecutionNumber next) {
    if (!hop.made) return std::nullopt;
    for (const auto& link : history_.source().used(next))
      if (link.version == hop.made->version) return link;
    return std::nullopt;
  }

  History history_;
  std::vector<Hop> hops_;
  std::unordered_set<std::int64_t> seen_;
};

}  // namespace

std::vector<Edge> path(EdgeSource& source, const std::vector<Node>& from,
                       const std::vector<Node>& to) {
  auto edges = PathSearch(source).find(from, to);
  if (edges.empty()) edges = PathSearch(source).find(to, from);
  return edges;
}

}  // namespace provrun::lineage
