#include "provrun/pipeline/graph.hpp"

#include <algorithm>

#include "expander.hpp"
#include "expression.hpp"
#include "graph_data.hpp"
#include "paths.hpp"
#include "provrun/base/text.hpp"

namespace provrun::pipeline {

const InstanceTable* Graph::Data::table_of(const Workflow& workflow, StepId step) const {
  const auto& declared = workflow.step(step);
  if (declared.pattern || declared.from) return &made[index_of(step)];
  return declared.instances.get();
}

std::uint32_t Graph::Data::maker(std::uint32_t path) const {
  if (producers[path] != kNoInstance) return producers[path];
  if (!has_output_directories && discoveries.empty()) return kNoInstance;
  const auto maker = directory_maker(paths.text(path));
  return maker != kNoInstance ? maker : discoverer(paths.text(path));
}

std::uint32_t Graph::Data::directory_maker(std::string_view normal_path) const {
  if (!has_output_directories) return kNoInstance;
  for (auto parent = parent_path(normal_path); parent && *parent != ".";
       parent = parent_path(*parent)) {
    const auto found = paths.find(*parent);
    if (found && directories[*found] != 0 && producers[*found] != kNoInstance)
      return producers[*found];
  }
  return kNoInstance;
}

Graph::Graph(const Workflow& workflow) : workflow_(&workflow), data_(std::make_unique<Data>()) {}
Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;

namespace {

std::optional<InstanceId> optional_instance(std::uint32_t number) {
  if (number == kNoInstance) return std::nullopt;
  return static_cast<InstanceId>(number);
}

InstanceView view(const Graph& graph, const Graph::Data& data, InstanceId id) {
  return {graph.step(id), data.row_of[index_of(id)], graph.name(id),
          data.table_of(graph.workflow(), graph.step_id(id))};
}

}  // namespace

std::size_t Graph::instance_count() const {
  return data_->step_of.size();
}
std::string_view Graph::name(InstanceId id) const {
  return data_->names.text(data_->name_of[index_of(id)]);
}
StepId Graph::step_id(InstanceId id) const {
  return data_->step_of[index_of(id)];
}

std::optional<InstanceId> Graph::find_instance(std::string_view name) const {
  const auto found = data_->names.find(name);
  if (!found) return std::nullopt;
  return data_->named[*found];
}

std::span<const InstanceId> Graph::instances_of(StepId step) const {
  return data_->instances_of[index_of(step)];
}

std::vector<std::pair<std::string, std::string>> Graph::variables(InstanceId id) const {
  std::vector<std::pair<std::string, std::string>> result;
  const auto instance = view(*this, *data_, id);
  if (instance.table == nullptr) return result;
  const auto& names = instance.table->variables;
  for (std::size_t i = 0; i < names.size(); ++i)
    result.emplace_back(names[i], instance.variable(i));
  return result;
}

std::span<const PathId> Graph::inputs(InstanceId id) const {
  return data_->inputs[index_of(id)];
}
std::span<const PathId> Graph::outputs(InstanceId id) const {
  return data_->outputs[index_of(id)];
}
std::span<const InstanceId> Graph::predecessors(InstanceId id) const {
  return data_->predecessors[index_of(id)];
}
std::span<const InstanceId> Graph::successors(InstanceId id) const {
  return data_->successors[index_of(id)];
}

bool Graph::order_only(InstanceId id, InstanceId predecessor) const {
  if (data_->order_only.empty()) return false;
  const auto before = predecessors(id);
  const auto at = std::lower_bound(before.begin(), before.end(), predecessor);
  if (at == before.end() || *at != predecessor) return false;
  const auto offset = static_cast<std::size_t>(at - before.begin());
  return data_->order_only[data_->predecessors.begin_of(index_of(id)) + offset] != 0;
}

std::size_t Graph::path_count() const {
  return data_->paths.size();
}
std::string_view Graph::path(PathId id) const {
  return data_->paths.text(static_cast<std::uint32_t>(id));
}
bool Graph::is_directory(PathId id) const {
  return data_->directories[index_of(id)] != 0;
}

std::optional<InstanceId> Graph::producer(PathId id) const {
  return optional_instance(data_->producers[index_of(id)]);
}
std::optional<InstanceId> Graph::maker(PathId id) const {
  return optional_instance(data_->maker(static_cast<std::uint32_t>(id)));
}
std::optional<InstanceId> Graph::maker(std::string_view text) const {
  if (const auto id = find_path(text)) return maker(*id);
  const auto normal = normalize_path(text);
  const auto maker = data_->directory_maker(normal);
  return optional_instance(maker != kNoInstance ? maker : data_->discoverer(normal));
}

std::optional<PathId> Graph::find_path(std::string_view text) const {
  const auto found =
      is_normal_path(text) ? data_->paths.find(text) : data_->paths.find(normalize_path(text));
  if (!found) return std::nullopt;
  return static_cast<PathId>(*found);
}

Invocation Graph::invocation(InstanceId id) const {
  const Expander expander(*workflow_, *data_);
  const auto instance = view(*this, *data_, id);
  Invocation invocation;
  invocation.directory = expander.directory(instance);
  invocation.scripts.reserve(instance.step.run.size());
  for (const auto& run : instance.step.run)
    expander.append(run, instance, Insertion::words, invocation.scripts.emplace_back(),
                    invocation.directory);
  if (instance.step.repeat)
    expander.append(instance.step.repeat->until, instance, Insertion::words, invocation.until,
                    invocation.directory);
  const auto& set = instance.step.environment->set;
  invocation.environment.reserve(set.size());
  for (const auto& [name, value] : set)
    expander.append(value, instance, Insertion::text,
                    invocation.environment.emplace_back(name, "").second, invocation.directory);
  const auto stream = [&](const std::optional<Template>& text) -> std::optional<PathId> {
    if (!text) return std::nullopt;
    std::string path;
    expander.append(*text, instance, Insertion::path, path);
    return find_path(path);
  };
  invocation.standard_input = stream(instance.step.standard_input);
  invocation.standard_output = stream(instance.step.standard_output);
  invocation.standard_error = stream(instance.step.standard_error);
  return invocation;
}

const OutputDeclaration* Graph::output_declaration(InstanceId id, PathId path) const {
  const auto all = outputs(id);
  auto at = static_cast<std::size_t>(std::find(all.begin(), all.end(), path) - all.begin());
  for (const auto& output : step(id).outputs) {
    if (at < output.paths.size()) return &output;
    at -= output.paths.size();
  }
  for (const auto& discovery : discoveries(id))
    if (std::find(discovery.files.begin(), discovery.files.end(), path) != discovery.files.end())
      return &step(id).outputs[discovery.output];
  return nullptr;
}

std::vector<InstanceId> Graph::consumers(PathId id) const {
  std::vector<InstanceId> result;
  for (std::size_t i = 0; i < instance_count(); ++i) {
    const auto paths = data_->inputs[i];
    if (std::find(paths.begin(), paths.end(), id) != paths.end()) result.push_back(instance(i));
  }
  return result;
}

base::Position Graph::input_position(InstanceId id, PathId path) const {
  const Expander expander(*workflow_, *data_);
  const auto instance = view(*this, *data_, id);
  const auto names = [&](const Template& text) {
    std::string written;
    return expander.append(text, instance, Insertion::path, written) && find_path(written) == path;
  };
  for (const auto& input : instance.step.inputs) {
    for (const auto& item : input.items) {
      if (!item.collect) {
        if (names(item.path)) return workflow_->position(item.place);
        continue;
      }
      const auto maker = producer(path);
      if (maker && step_id(*maker) == item.collect->step) return workflow_->position(item.place);
    }
  }
  if (instance.step.standard_input && names(*instance.step.standard_input))
    return workflow_->position(instance.step.standard_input->place);
  return workflow_->position(instance.step.place);
}

std::optional<Graph::SwitchedOff> Graph::switched_off_maker(std::string_view path) const {
  const Expander expander(*workflow_, *data_);
  for (std::size_t number = 0; number < workflow_->steps().size(); ++number) {
    const auto id = static_cast<StepId>(number);
    const auto& step = workflow_->step(id);
    if (step.when == nullptr || step.pattern != nullptr) continue;
    const auto* table = data_->table_of(*workflow_, id);
    const auto rows = table != nullptr ? table->row_count() : 1;
    for (std::uint32_t row = 0; row < rows; ++row) {
      const InstanceView instance{step, row, {}, table};
      const auto wanted =
          step.when->evaluate([&](std::size_t index) { return instance.variable(index); });
      if (!std::holds_alternative<bool>(wanted) || std::get<bool>(wanted)) continue;
      const auto makes = [&](const Template& text) {
        std::string written;
        if (!expander.append(text, instance, Insertion::path, written)) return false;
        const auto normal = normalize_path(written);
        return normal == path || (written.ends_with('/') && path.starts_with(normal + "/"));
      };
      bool found = (step.standard_output && makes(*step.standard_output)) ||
                   (step.standard_error && makes(*step.standard_error));
      for (const auto& output : step.outputs)
        found = found || std::any_of(output.paths.begin(), output.paths.end(), makes);
      if (found) return SwitchedOff{&step, workflow_->position(step.when_place)};
    }
  }
  return std::nullopt;
}

std::optional<std::string> Graph::nearest_path(std::string_view text,
                                               std::span<const std::string> candidates) const {
  std::vector<std::string> all(candidates.begin(), candidates.end());
  for (std::size_t i = 0; i < path_count(); ++i) {
    const auto path = data_->paths.text(static_cast<std::uint32_t>(i));
    if (path != text) all.emplace_back(path);
  }
  return base::nearest(text, all);
}

}  // namespace provrun::pipeline
