#include "provrun/lineage/memory_edges.hpp"

#include <algorithm>
#include <set>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"

namespace provrun::lineage {

namespace {

template <typename Nodes, typename Number>
auto& node_at(Nodes& nodes, Number number, const char* kind) {
  if (number.value < 0 || static_cast<std::size_t>(number.value) >= nodes.size())
    throw base::Error(base::ErrorCode::internal,
                      base::format("lineage: there is no {} number {}", kind, number.value));
  return nodes[static_cast<std::size_t>(number.value)];
}

// A version 7 UUID begins with 48 bits of milliseconds (RFC 9562, 5.7).
base::Timestamp time_of(const core::ExecutionId& id) {
  std::int64_t milliseconds = 0;
  for (std::size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | id.uuid.bytes[i];
  return {milliseconds * 1'000'000};
}

bool is_instance_of(std::string_view instance, std::string_view step) {
  return instance.starts_with(step) &&
         (instance.size() == step.size() || instance[step.size()] == '@');
}

}  // namespace

VersionNumber MemoryEdges::intern(const core::Artifact& artifact) {
  const auto [place, is_new] =
      by_artifact_.try_emplace({artifact.path, artifact.content},
                               VersionNumber{static_cast<std::int64_t>(versions_.size())});
  if (is_new) versions_.push_back({{artifact.path, artifact.content, artifact.size}, {}, {}});
  return place->second;
}

void MemoryEdges::add(const core::RunId& run, const std::vector<core::Execution>& executions) {
  auto& of_run = by_run_[run];
  const auto intern_all = [&](const std::vector<core::Artifact>& artifacts) {
    std::set<VersionNumber> numbers;
    for (const auto& artifact : artifacts) numbers.insert(intern(artifact));
    std::vector<VersionLink> links;
    for (const auto number : numbers) links.push_back({number, Evidence::declared});
    return links;
  };
  for (const auto& execution : executions) {
    if (execution.state == core::StepState::skipped) continue;
    if (const auto known = find_execution(execution.id)) {
      of_run.push_back(*known);
      continue;
    }
    const ExecutionNumber number{static_cast<std::int64_t>(executions_.size())};
    Node node;
    node.facts.id = execution.id;
    node.facts.run = run;
    node.facts.step = execution.step;
    node.used = intern_all(execution.inputs);
    node.generated = intern_all(execution.outputs);
    if (execution.attempts.empty()) {
      node.facts.started = time_of(execution.id);
      for (const auto& link : node.used)
        for (const auto& maker : generators(link.version))
          node.facts.started = std::max(
              node.facts.started, node_at(executions_, maker.execution, "execution").facts.ended);
      node.facts.ended = node.facts.started;
    } else {
      node.facts.started = execution.attempts.front().started;
      node.facts.ended = execution.attempts.back().ended;
    }
    if (execution.reused_from) node.facts.reused_from = find_execution(*execution.reused_from);
    if (const auto earlier = node.facts.reused_from)
      node_at(executions_, *earlier, "execution").reuses.push_back(number);
    for (const auto& link : node.used)
      node_at(versions_, link.version, "version").users.push_back({number, link.evidence});
    for (const auto& link : node.generated)
      node_at(versions_, link.version, "version").generators.push_back({number, link.evidence});
    by_id_.emplace(execution.id, number);
    of_run.push_back(number);
    executions_.push_back(std::move(node));
  }
  std::sort(of_run.begin(), of_run.end());
  of_run.erase(std::unique(of_run.begin(), of_run.end()), of_run.end());
}

std::vector<VersionLink> MemoryEdges::used(ExecutionNumber execution) {
  return node_at(executions_, execution, "execution").used;
}

std::vector<VersionLink> MemoryEdges::generated(ExecutionNumber execution) {
  return node_at(executions_, execution, "execution").generated;
}

std::vector<ExecutionLink> MemoryEdges::generators(VersionNumber version) {
  return node_at(versions_, version, "version").generators;
}

std::vector<ExecutionLink> MemoryEdges::users(VersionNumber version) {
  return node_at(versions_, version, "version").users;
}

std::vector<ExecutionNumber> MemoryEdges::reuses(ExecutionNumber execution) {
  return node_at(executions_, execution, "execution").reuses;
}

ExecutionFacts MemoryEdges::execution(ExecutionNumber number) {
  return node_at(executions_, number, "execution").facts;
}

VersionFacts MemoryEdges::version(VersionNumber number) {
  return node_at(versions_, number, "version").facts;
}

std::vector<VersionNumber> MemoryEdges::versions_of_path(std::string_view path) {
  std::vector<std::pair<base::Timestamp, VersionNumber>> found;
  const std::pair<std::string, core::ContentId> first(path, core::ContentId{});
  for (auto it = by_artifact_.lower_bound(first);
       it != by_artifact_.end() && it->first.first == path; ++it) {
    const auto& version = node_at(versions_, it->second, "version");
    base::Timestamp last;
    for (const auto& link : version.generators)
      last = std::max(last, execution(link.execution).ended);
    for (const auto& link : version.users) last = std::max(last, execution(link.execution).started);
    found.emplace_back(last, it->second);
  }
  std::sort(found.begin(), found.end());
  std::vector<VersionNumber> versions;
  for (const auto& [time, number] : found) versions.push_back(number);
  return versions;
}

std::vector<VersionNumber> MemoryEdges::versions_of_content(const core::ContentId& content) {
  std::vector<VersionNumber> found;
  for (std::size_t i = 0; i < versions_.size(); ++i)
    if (versions_[i].facts.content == content)
      found.push_back(VersionNumber{static_cast<std::int64_t>(i)});
  return found;
}

std::optional<ExecutionNumber> MemoryEdges::find_execution(const core::ExecutionId& id) {
  const auto it = by_id_.find(id);
  if (it == by_id_.end()) return std::nullopt;
  return it->second;
}

std::vector<ExecutionNumber> MemoryEdges::executions_of_run(const core::RunId& run) {
  const auto it = by_run_.find(run);
  return it == by_run_.end() ? std::vector<ExecutionNumber>{} : it->second;
}

std::vector<ExecutionNumber> MemoryEdges::last_executions(std::string_view step) {
  std::map<std::string_view, ExecutionNumber> last;
  for (std::size_t i = 0; i < executions_.size(); ++i)
    if (is_instance_of(executions_[i].facts.step, step))
      last[executions_[i].facts.step] = ExecutionNumber{static_cast<std::int64_t>(i)};
  std::vector<ExecutionNumber> numbers;
  for (const auto& [instance, number] : last) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace provrun::lineage
