#include <deque>
#include <unordered_set>
#include <utility>

#include "edges.hpp"
#include "provrun/lineage/query.hpp"

namespace provrun::lineage {

namespace {

class Walk {
 public:
  Walk(EdgeSource& source, const WalkOptions& options, const EdgeSink& sink)
      : timeline_(source), options_(options), sink_(sink) {}

  bool run(const std::vector<Node>& starts, Direction direction) {
    for (const auto& start : starts) {
      if (const auto* execution = std::get_if<ExecutionNumber>(&start)) {
        enter(*execution, 0);
      } else {
        start_at(std::get<VersionNumber>(start), direction);
      }
    }
    while (!queue_.empty() && !stopped_) {
      const auto item = queue_.front();
      queue_.pop_front();
      switch (item.kind) {
        case Item::Kind::version:
          direction == Direction::up ? version_up(item) : version_down(item);
          break;
        case Item::Kind::execution:
          direction == Direction::up ? execution_up(item) : execution_down(item);
          break;
        case Item::Kind::derivation:
          derive(item);
          break;
        case Item::Kind::information:
          inform(item.execution, item.earlier, item.evidence, item.depth + 1);
          break;
      }
    }
    return !stopped_;
  }

 private:
  /// What waits for its turn, so that edges come in the order of their depth.
  struct Item {
    enum class Kind {
      execution,
      version,      ///< as `execution` (0: nobody known) made it
      derivation,   ///< the derived edges of `version` as `execution` made it
      information,  ///< the informed edge from `execution` to `earlier`
    };
    Kind kind = Kind::execution;
    VersionNumber version;
    ExecutionNumber execution;
    ExecutionNumber earlier;
    Evidence evidence =
        Evidence::declared;  ///< of the version's generation, or of the informed edge
    int depth = 0;
  };

  bool within(int depth) const { return !options_.max_depth || depth <= *options_.max_depth; }

  void emit(const Edge& edge) {
    if (stopped_) return;
    if (options_.max_edges && count_ >= *options_.max_edges) {
      stopped_ = true;
      return;
    }
    ++count_;
    if (!sink_(edge)) stopped_ = true;
  }

  void enter(ExecutionNumber execution, int depth) {
    if (executions_.insert(execution.value).second)
      queue_.push_back({Item::Kind::execution, {}, execution, {}, Evidence::declared, depth});
  }

  void enter(VersionNumber version, ExecutionLink generator, int depth) {
    if (versions_.insert({version.value, generator.execution.value}).second)
      queue_.push_back(
          {Item::Kind::version, version, generator.execution, {}, generator.evidence, depth});
  }

  void start_at(VersionNumber version, Direction direction) {
    if (direction == Direction::down) {
      enter(version, {}, 0);
    } else if (const auto generator =
                   timeline_.last_generator(timeline_.source().generators(version))) {
      enter(version, *generator, 0);
    }
  }

  void version_up(const Item& item) {
    const int depth = item.depth + 1;
    if (!within(depth)) return;
    emit(artifact_edge(timeline_, Relation::generated, item.execution, item.version, item.evidence,
                       depth));
    enter(item.execution, depth);
    if (options_.derived)
      queue_.push_back(
          {Item::Kind::derivation, item.version, item.execution, {}, item.evidence, depth});
  }

  void derive(const Item& item) {
    const int depth = item.depth + 1;
    if (!within(depth)) return;
    for (const auto& input : timeline_.source().used(item.execution))
      if (input.version != item.version)  // else the step left its input as it was
        emit(derived_edge(timeline_, item.execution, item.version, input.version,
                          weaker(item.evidence, input.evidence), depth));
  }

  void execution_up(const Item& item) {
    const int depth = item.depth + 1;
    if (!within(depth)) return;
    for (const auto& input : timeline_.source().used(item.execution)) {
      if (stopped_) return;
      emit(artifact_edge(timeline_, Relation::used, item.execution, input.version, input.evidence,
                         depth));
      const auto generator =
          timeline_.generator_before(timeline_.source().generators(input.version), item.execution);
      if (!generator) continue;
      enter(input.version, *generator, depth);
      if (options_.informed)
        queue_.push_back({Item::Kind::information,
                          {},
                          item.execution,
                          generator->execution,
                          weaker(input.evidence, generator->evidence),
                          depth});
    }
    if (const auto origin = timeline_.execution(item.execution).reused_from) {
      emit(execution_edge(timeline_, Relation::reused, item.execution, *origin, Evidence::both,
                          depth));
      enter(*origin, depth);
    }
  }

  void version_down(const Item& item) {
    const int depth = item.depth + 1;
    if (!within(depth)) return;
    // A version that was a start has led to all its users already, whoever made it.
    const bool any_generator = item.execution.value == 0;
    if (!any_generator && versions_.count({item.version.value, 0}) != 0) return;
    const auto generators = timeline_.source().generators(item.version);
    for (const auto& user : timeline_.source().users(item.version)) {
      if (stopped_) return;
      const auto generator = timeline_.generator_before(generators, user.execution);
      if (!any_generator && (!generator || generator->execution != item.execution)) continue;
      emit(artifact_edge(timeline_, Relation::used, user.execution, item.version, user.evidence,
                         depth));
      if (generator)
        inform(user.execution, generator->execution, weaker(user.evidence, generator->evidence),
               depth);
      if (options_.derived && within(depth + 1)) {
        for (const auto& output : timeline_.source().generated(user.execution))
          if (output.version != item.version)
            emit(derived_edge(timeline_, user.execution, output.version, item.version,
                              weaker(user.evidence, output.evidence), depth + 1));
      }
      enter(user.execution, depth);
    }
  }

  void execution_down(const Item& item) {
    const int depth = item.depth + 1;
    if (!within(depth)) return;
    for (const auto& output : timeline_.source().generated(item.execution)) {
      if (stopped_) return;
      emit(artifact_edge(timeline_, Relation::generated, item.execution, output.version,
                         output.evidence, depth));
      enter(output.version, {item.execution, output.evidence}, depth);
    }
    for (const auto& reuse : timeline_.source().reuses(item.execution)) {
      emit(execution_edge(timeline_, Relation::reused, reuse, item.execution, Evidence::both,
                          depth));
      enter(reuse, depth);
    }
  }

  void inform(ExecutionNumber execution, ExecutionNumber earlier, Evidence evidence, int depth) {
    if (!options_.informed || !within(depth)) return;
    if (informed_.insert({execution.value, earlier.value}).second)
      emit(execution_edge(timeline_, Relation::informed, execution, earlier, evidence, depth));
  }

  struct PairHash {
    std::size_t operator()(const std::pair<std::int64_t, std::int64_t>& pair) const noexcept {
      return static_cast<std::size_t>(pair.first) * 0x9e3779b97f4a7c15ULL ^
             static_cast<std::size_t>(pair.second);
    }
  };
  using Pairs = std::unordered_set<std::pair<std::int64_t, std::int64_t>, PairHash>;

  Timeline timeline_;
  const WalkOptions& options_;
  const EdgeSink& sink_;
  std::deque<Item> queue_;
  std::unordered_set<std::int64_t> executions_;
  Pairs versions_;
  Pairs informed_;
  std::size_t count_ = 0;
  bool stopped_ = false;
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
  return Walk(source, options, sink).run(starts, direction);
}

Answer up(EdgeSource& source, const std::vector<Node>& starts, const WalkOptions& options) {
  return collect(source, starts, Direction::up, options);
}

Answer down(EdgeSource& source, const std::vector<Node>& starts, const WalkOptions& options) {
  return collect(source, starts, Direction::down, options);
}

}  // namespace provrun::lineage
