#include <set>
#include <utility>

#include "edges.hpp"
#include "provrun/lineage/query.hpp"

namespace provrun::lineage {

namespace {

/// Breadth first from the later things towards the earlier ones, remembering where each came from.
class Search {
 public:
  Search(EdgeSource& source, const std::vector<Node>& earlier) : timeline_(source) {
    for (const auto& node : earlier) {
      if (const auto* execution = std::get_if<ExecutionNumber>(&node)) {
        goal_executions_.insert(*execution);
      } else {
        goal_versions_.insert(std::get<VersionNumber>(node));
      }
    }
  }

  std::vector<Edge> run(const std::vector<Node>& later) {
    for (const auto& node : later) {
      if (const auto* execution = std::get_if<ExecutionNumber>(&node)) {
        add({false, {}, *execution, Relation::used, {}, -1});
      } else {
        const auto version = std::get<VersionNumber>(node);
        // Any of its makers may be the one that the other side means.
        auto generators = timeline_.source().generators(version);
        if (generators.empty()) generators.emplace_back();
        for (const auto& generator : generators)
          add({true, version, generator.execution, Relation::used, {}, -1});
      }
    }
    const auto starts = states_.size();
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (i >= starts && is_goal(states_[i])) return edges_from(static_cast<int>(i));
      expand(static_cast<int>(i));
    }
    return {};
  }

 private:
  /// As in walk.cpp: an execution, or a version as one execution (0: nobody) made it. relation and
  /// evidence are those of the edge between it and its parent, the later thing.
  struct State {
    bool is_version;
    VersionNumber version;
    ExecutionNumber execution;
    Relation relation;
    Evidence evidence;
    int parent;
  };

  void add(const State& state) {
    if (seen_.insert({state.is_version ? state.version.value : 0, state.execution.value}).second)
      states_.push_back(state);
  }

  bool is_goal(const State& state) const {
    return state.is_version ? goal_versions_.count(state.version) != 0
                            : goal_executions_.count(state.execution) != 0;
  }

  void expand(int index) {
    const State state = states_[static_cast<std::size_t>(index)];
    if (state.is_version) {
      if (state.execution.value == 0) return;
      for (const auto& link : timeline_.source().generators(state.version))
        if (link.execution == state.execution)
          add({false, {}, link.execution, Relation::generated, link.evidence, index});
      return;
    }
    for (const auto& input : timeline_.source().used(state.execution)) {
      const auto generator =
          timeline_.generator_before(timeline_.source().generators(input.version), state.execution);
      add({true, input.version, generator.value_or(ExecutionLink{}).execution, Relation::used,
           input.evidence, index});
    }
    if (const auto origin = timeline_.execution(state.execution).reused_from)
      add({false, {}, *origin, Relation::reused, Evidence::both, index});
  }

  std::vector<Edge> edges_from(int index) {
    std::vector<Edge> edges;
    const State* input = nullptr;  // the version that the next execution used
    int depth = 0;
    for (int at = index; states_[static_cast<std::size_t>(at)].parent >= 0;) {
      const State& earlier = states_[static_cast<std::size_t>(at)];
      const State& later = states_[static_cast<std::size_t>(earlier.parent)];
      ++depth;
      if (earlier.relation == Relation::used) {
        edges.push_back(artifact_edge(timeline_, Relation::used, later.execution, earlier.version,
                                      earlier.evidence, depth));
        input = &earlier;
      } else if (earlier.relation == Relation::generated) {
        edges.push_back(artifact_edge(timeline_, Relation::generated, earlier.execution,
                                      later.version, earlier.evidence, depth));
        if (input != nullptr && input->version != later.version)
          edges.push_back(derived_edge(timeline_, earlier.execution, later.version, input->version,
                                       weaker(input->evidence, earlier.evidence), depth));
        input = nullptr;
      } else {
        edges.push_back(execution_edge(timeline_, Relation::reused, later.execution,
                                       earlier.execution, Evidence::both, depth));
        input = nullptr;
      }
      at = earlier.parent;
    }
    return edges;
  }

  Timeline timeline_;
  std::set<VersionNumber> goal_versions_;
  std::set<ExecutionNumber> goal_executions_;
  std::set<std::pair<std::int64_t, std::int64_t>> seen_;
  std::vector<State> states_;
};

}  // namespace

std::vector<Edge> path(EdgeSource& source, const std::vector<Node>& from,
                       const std::vector<Node>& to) {
  auto edges = Search(source, from).run(to);
  if (edges.empty()) edges = Search(source, to).run(from);
  return edges;
}

}  // namespace provrun::lineage
