#include <deque>
#include <unordered_set>

#include "edges.hpp"

namespace provrun::lineage {

namespace {

struct NumberPair {
  std::int64_t first = 0;
  std::int64_t second = 0;
  bool operator==(const NumberPair&) const = default;
};

struct HashNumberPair {
  std::size_t operator()(const NumberPair& pair) const {
    // 2^64 divided by the golden ratio spreads neighbouring numbers over all bits.
    return static_cast<std::size_t>(static_cast<std::uint64_t>(pair.first) * 0x9E3779B97F4A7C15U +
                                    static_cast<std::uint64_t>(pair.second));
  }
};

// A breadth-first walk. The queue holds edges that are known to exist; each is emitted when its
// turn comes, and its far end then puts the edges behind it into the queue.
class Walk {
 public:
  Walk(EdgeSource& source, Direction direction, const WalkOptions& options, const EdgeSink& sink)
      : history_(source), direction_(direction), options_(options), sink_(sink) {}

  bool from(const std::vector<Node>& starts) {
    for (const auto& start : starts) {
      if (const auto* version = std::get_if<VersionNumber>(&start))
        begin_at(*version);
      else
        reach(std::get<ExecutionNumber>(start), 1);
    }
    while (!queue_.empty()) {
      const auto edge = queue_.front();
      queue_.pop_front();
      if (options_.max_edges && emitted_ == *options_.max_edges) return false;
      ++emitted_;
      if (!sink_(with_facts(history_, edge))) return false;
      if (direction_ == Direction::up)
        follow_up(edge);
      else
        follow_down(edge);
    }
    return true;
  }

 private:
  EdgeSource& source() { return history_.source(); }

  void push(const PlainEdge& edge) {
    if (!options_.max_depth || edge.depth <= *options_.max_depth) queue_.push_back(edge);
  }

  void begin_at(VersionNumber version) {
    if (!starts_.insert(version.value).second) return;
    if (direction_ == Direction::up) {
      if (const auto maker = history_.last_maker(version)) push_generated(*maker, version, 1);
    } else {
      for (const auto& user : source().users(version))
        push({Relation::used, user.evidence, 1, user.execution, version, {}, {}});
    }
  }

  void push_generated(const ExecutionLink& maker, VersionNumber version, int depth) {
    if (generated_.insert({maker.execution.value, version.value}).second)
      push({Relation::generated, maker.evidence, depth, maker.execution, version, {}, {}});
  }

  void push_informed(ExecutionNumber later, ExecutionNumber earlier, Evidence evidence, int depth) {
    if (options_.informed && informed_.insert({later.value, earlier.value}).second)
      push({Relation::informed, evidence, depth, later, {}, {}, earlier});
  }

  // `depth` is that of the edges behind the execution.
  void reach(ExecutionNumber execution, int depth) {
    if (!reached_.insert(execution.value).second) return;
    if (options_.max_depth && depth > *options_.max_depth) return;
    if (direction_ == Direction::up) {
      for (const auto& link : source().used(execution))
        push({Relation::used, link.evidence, depth, execution, link.version, {}, {}});
      if (const auto earlier = history_.execution(execution).reused_from)
        push({Relation::reused, Evidence::declared, depth, execution, {}, {}, *earlier});
    } else {
      for (const auto& link : source().generated(execution))
        push({Relation::generated, link.evidence, depth, execution, link.version, {}, {}});
      for (const auto later : source().reuses(execution))
        push({Relation::reused, Evidence::declared, depth, later, {}, {}, execution});
    }
  }

  void follow_up(const PlainEdge& edge) {
    const auto depth = edge.depth + 1;
    if (edge.relation == Relation::used) {
      const auto maker = history_.maker(edge.version, edge.execution);
      if (!maker) return;
      push_generated(*maker, edge.version, depth);
      push_informed(edge.execution, maker->execution, weaker(edge.evidence, maker->evidence),
                    depth);
    } else if (edge.relation == Relation::generated) {
      reach(edge.execution, depth);
      if (options_.derived) push_derived_of(edge, source().used(edge.execution), depth);
    } else if (edge.relation == Relation::reused) {
      reach(edge.earlier, depth);
    }
  }

  void follow_down(const PlainEdge& edge) {
    const auto depth = edge.depth + 1;
    if (edge.relation == Relation::generated) {
      for (const auto& user : history_.uses(edge.version, edge.execution)) {
        // All uses of a start are in the queue from the beginning.
        if (!starts_.contains(edge.version.value))
          push({Relation::used, user.evidence, depth, user.execution, edge.version, {}, {}});
        push_informed(user.execution, edge.execution, weaker(edge.evidence, user.evidence), depth);
      }
    } else if (edge.relation == Relation::used) {
      reach(edge.execution, depth);
      if (options_.derived) push_derived_of(edge, source().generated(edge.execution), depth);
    } else if (edge.relation == Relation::reused) {
      reach(edge.execution, depth);
    }
  }

  // Joins the version of the edge with those on the other side of its execution.
  void push_derived_of(const PlainEdge& edge, const std::vector<VersionLink>& others, int depth) {
    for (const auto& other : others) {
      if (other.version == edge.version) continue;
      const bool up = direction_ == Direction::up;
      push({Relation::derived,
            weaker(edge.evidence, other.evidence),
            depth,
            edge.execution,
            up ? edge.version : other.version,
            up ? other.version : edge.version,
            {}});
    }
  }

  History history_;
  Direction direction_;
  const WalkOptions& options_;
  const EdgeSink& sink_;
  std::deque<PlainEdge> queue_;
  std::size_t emitted_ = 0;
  std::unordered_set<std::int64_t> starts_;
  std::unordered_set<std::int64_t> reached_;
  std::unordered_set<NumberPair, HashNumberPair> generated_;
  std::unordered_set<NumberPair, HashNumberPair> informed_;
};

Answer collect(EdgeSource& source, const std::vector<Node>& starts, Direction direction,
               const WalkOptions& options) {
  Answer answer;
  answer.complete = walk(source, starts, direction, options, [&](const Edge& edge) {
    answer.edges.push_back(edge);
    return true;
  });
  return answer;
}

}  // namespace

bool walk(EdgeSource& source, const std::vector<Node>& starts, Direction direction,
          const WalkOptions& options, const EdgeSink& sink) {
  return Walk(source, direction, options, sink).from(starts);
}

Answer up(EdgeSource& source, const std::vector<Node>& starts, const WalkOptions& options) {
  return collect(source, starts, Direction::up, options);
}

Answer down(EdgeSource& source, const std::vector<Node>& starts, const WalkOptions& options) {
  return collect(source, starts, Direction::down, options);
}

}  // namespace provrun::lineage
