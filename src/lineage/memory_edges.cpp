#include "provrun/lineage/memory_edges.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"

namespace provrun::lineage {

namespace {

std::size_t index_of(std::int64_t number, std::size_t count) {
  if (number < 1 || static_cast<std::size_t>(number) > count)
    throw base::Error(base::ErrorCode::internal,
                      "the graph was asked for a number it did not give");
  return static_cast<std::size_t>(number - 1);
}

template <typename Links, typename Link>
void add_once(Links& links, const Link& link) {
  const auto same = [&](const Link& other) {
    if constexpr (std::is_same_v<Link, VersionLink>) {
      return other.version == link.version;
    } else {
      return other.execution == link.execution;
    }
  };
  if (std::none_of(links.begin(), links.end(), same)) links.push_back(link);
}

bool is_instance_of(std::string_view instance, std::string_view step) {
  return instance == step || (instance.size() > step.size() && instance.starts_with(step) &&
                              instance[step.size()] == '@');
}

base::Timestamp milliseconds(base::Timestamp time) {
  return {time.nanoseconds - time.nanoseconds % 1'000'000};
}

}  // namespace

VersionNumber MemoryEdges::intern(const core::Artifact& artifact) {
  const auto next = VersionNumber{static_cast<std::int64_t>(versions_.size()) + 1};
  const auto [at, is_new] = by_artifact_.try_emplace({artifact.path, artifact.content}, next);
  if (is_new) versions_.push_back({{artifact.path, artifact.content, artifact.size}, {}, {}});
  return at->second;
}

void MemoryEdges::add(const core::RunId& run, const std::vector<core::Execution>& executions) {
  auto& members = by_run_[run];
  for (const auto& execution : executions) {
    if (execution.state == core::StepState::skipped) continue;
    const auto next = ExecutionNumber{static_cast<std::int64_t>(executions_.size()) + 1};
    if (execution.state == core::StepState::up_to_date) {
      const auto known = by_id_.find(execution.id);
      if (known != by_id_.end()) members.push_back(known->second);
      continue;
    }
    if (!by_id_.emplace(execution.id, next).second) continue;
    members.push_back(next);
    Node node;
    node.facts.id = execution.id;
    node.facts.run = run;
    node.facts.step = execution.step;
    if (!execution.attempts.empty()) {
      node.facts.started = milliseconds(execution.attempts.front().started);
      node.facts.ended =
          std::max(node.facts.started, milliseconds(execution.attempts.back().ended));
    } else {
      node.facts.started = node.facts.ended = time_of(execution.id);
    }
    for (const auto& input : execution.inputs) {
      const auto version = intern(input);
      add_once(node.used, VersionLink{version, Evidence::declared});
      auto& stored = versions_[index_of(version.value, versions_.size())];
      add_once(stored.users, ExecutionLink{next, Evidence::declared});
      if (execution.attempts.empty())  // reused: not before its inputs were made
        for (const auto& link : stored.generators)
          node.facts.started = node.facts.ended =
              std::max(node.facts.ended,
                       executions_[index_of(link.execution.value, executions_.size())].facts.ended);
    }
    for (const auto& output : core::versions_made(execution)) {
      const auto version = intern(output);
      add_once(node.generated, VersionLink{version, Evidence::declared});
      add_once(versions_[index_of(version.value, versions_.size())].generators,
               ExecutionLink{next, Evidence::declared});
    }
    if (execution.reused_from) {
      const auto origin = by_id_.find(*execution.reused_from);
      if (origin != by_id_.end()) {
        node.facts.reused_from = origin->second;
        executions_[index_of(origin->second.value, executions_.size())].reuses.push_back(next);
      }
    }
    const auto by_number = [](const VersionLink& a, const VersionLink& b) {
      return a.version < b.version;
    };
    std::sort(node.used.begin(), node.used.end(), by_number);
    std::sort(node.generated.begin(), node.generated.end(), by_number);
    executions_.push_back(std::move(node));
  }
  std::sort(members.begin(), members.end());
}

std::vector<VersionLink> MemoryEdges::used(ExecutionNumber execution) {
  return executions_[index_of(execution.value, executions_.size())].used;
}

std::vector<VersionLink> MemoryEdges::generated(ExecutionNumber execution) {
  return executions_[index_of(execution.value, executions_.size())].generated;
}

std::vector<ExecutionLink> MemoryEdges::generators(VersionNumber version) {
  return versions_[index_of(version.value, versions_.size())].generators;
}

std::vector<ExecutionLink> MemoryEdges::users(VersionNumber version) {
  return versions_[index_of(version.value, versions_.size())].users;
}

std::vector<ExecutionNumber> MemoryEdges::reuses(ExecutionNumber execution) {
  return executions_[index_of(execution.value, executions_.size())].reuses;
}

ExecutionFacts MemoryEdges::execution(ExecutionNumber number) {
  return executions_[index_of(number.value, executions_.size())].facts;
}

VersionFacts MemoryEdges::version(VersionNumber number) {
  return versions_[index_of(number.value, versions_.size())].facts;
}

std::vector<VersionNumber> MemoryEdges::versions_of_path(std::string_view path) {
  std::vector<std::pair<std::int64_t, VersionNumber>> found;
  for (std::size_t i = 0; i < versions_.size(); ++i) {
    const auto& version = versions_[i];
    if (version.facts.path != path) continue;
    std::int64_t last = 1;
    for (const auto& link : version.generators) last = std::max(last, 2 * link.execution.value + 1);
    for (const auto& link : version.users) last = std::max(last, 2 * link.execution.value);
    found.emplace_back(last, VersionNumber{static_cast<std::int64_t>(i) + 1});
  }
  std::sort(found.begin(), found.end());
  std::vector<VersionNumber> numbers;
  for (const auto& [last, number] : found) numbers.push_back(number);
  return numbers;
}

std::vector<VersionNumber> MemoryEdges::versions_of_content(const core::ContentId& content) {
  std::vector<VersionNumber> found;
  for (std::size_t i = 0; i < versions_.size(); ++i)
    if (versions_[i].facts.content == content) found.push_back({static_cast<std::int64_t>(i) + 1});
  return found;
}

std::vector<core::ContentId> MemoryEdges::contents_beginning(std::string_view hex) {
  std::vector<core::ContentId> found;
  for (const auto& version : versions_) {
    const auto& content = version.facts.content;
    if (found.size() < 2 && content.digest.to_hex().starts_with(hex) &&
        std::find(found.begin(), found.end(), content) == found.end())
      found.push_back(content);
  }
  return found;
}

std::optional<ExecutionNumber> MemoryEdges::find_execution(const core::ExecutionId& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::vector<ExecutionNumber> MemoryEdges::executions_of_run(const core::RunId& run) {
  const auto found = by_run_.find(run);
  return found == by_run_.end() ? std::vector<ExecutionNumber>{} : found->second;
}

std::vector<ExecutionNumber> MemoryEdges::last_executions(std::string_view step) {
  std::map<std::string, ExecutionNumber> last;
  for (std::size_t i = 0; i < executions_.size(); ++i) {
    const auto& facts = executions_[i].facts;
    if (!is_instance_of(facts.step, step)) continue;
    const auto number = ExecutionNumber{static_cast<std::int64_t>(i) + 1};
    const auto [at, is_new] = last.try_emplace(facts.step, number);
    if (!is_new &&
        executions_[index_of(at->second.value, executions_.size())].facts.ended <= facts.ended)
      at->second = number;
  }
  std::vector<ExecutionNumber> found;
  for (const auto& [name, number] : last) found.push_back(number);
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace provrun::lineage
