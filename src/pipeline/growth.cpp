#include <algorithm>

#include "graph_builder.hpp"
#include "paths.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

// Outputs that are discovered, and the instances that come of them while the workflow runs.
namespace provrun::pipeline {

std::span<const Discovery> Graph::Data::discoveries_of(InstanceId id) const {
  struct Less {
    bool operator()(const Discovery& one, InstanceId other) const { return one.by < other; }
    bool operator()(InstanceId one, const Discovery& other) const { return one < other.by; }
  };
  const auto [from, to] = std::equal_range(discoveries.begin(), discoveries.end(), id, Less{});
  return {from, to};
}

void Graph::Data::index_discoveries() {
  discoveries_in.clear();
  for (std::uint32_t i = 0; i < discoveries.size(); ++i)
    discoveries_in.emplace(discoveries[i].pattern.folder(), i);
}

std::uint32_t Graph::Data::discoverer(std::string_view normal_path) const {
  if (discoveries.empty()) return kNoInstance;
  for (auto parent = parent_path(normal_path); parent; parent = parent_path(*parent)) {
    const auto [from, to] = discoveries_in.equal_range(std::string(*parent));
    for (auto at = from; at != to; ++at)
      if (discoveries[at->second].pattern.match(normal_path))
        return static_cast<std::uint32_t>(index_of(discoveries[at->second].by));
  }
  return kNoInstance;
}

bool Graph::Data::is_ready(StepId step) const {
  if (!is_deferred(step)) return false;
  const auto& awaited = deferral.awaited[index_of(step)];
  return std::all_of(awaited.begin(), awaited.end(), [&](StepId other) {
    if (is_deferred(other)) return false;
    const auto instances = instances_of[index_of(other)];
    return std::all_of(instances.begin(), instances.end(), [&](InstanceId id) {
      const auto theirs = discoveries_of(id);
      return std::all_of(theirs.begin(), theirs.end(),
                         [](const Discovery& discovery) { return discovery.known; });
    });
  });
}

std::span<const Discovery> Graph::discoveries(InstanceId id) const {
  if (data_->discoveries.empty()) return {};
  return data_->discoveries_of(id);
}

bool Graph::is_deferred(StepId step) const {
  return data_->is_deferred(step);
}

std::span<const StepId> Graph::awaited(StepId step) const {
  if (!data_->deferral.any()) return {};
  return data_->deferral.awaited[index_of(step)];
}

std::span<const StepId> Graph::waits_for(StepId deferred) const {
  return data_->deferral.waits_for[index_of(deferred)];
}

bool Graph::may_come(std::string_view path) const {
  for (std::size_t i = 0; i < data_->deferred.size(); ++i)
    if (data_->deferred[i] != 0)
      for (const auto& shape : data_->deferral.shapes[i])
        if (may_mean(shape, path, true)) return true;
  return false;
}

std::vector<StepId> Graph::deferred_makers(std::string_view path) const {
  std::vector<StepId> steps;
  const auto normal = normalize_path(path);
  for (std::size_t i = 0; i < data_->deferred.size(); ++i) {
    if (data_->deferred[i] == 0) continue;
    const auto& shapes = data_->deferral.shapes[i];
    if (std::any_of(shapes.begin(), shapes.end(),
                    [&](const auto& shape) { return may_mean(shape, normal, false); }))
      steps.push_back(static_cast<StepId>(i));
  }
  return steps;
}

std::vector<InstanceId> Graph::known_needs(StepId deferred) const {
  std::vector<InstanceId> needs;
  const auto& step = workflow_->step(deferred);
  const auto add_step = [&](StepId other) {
    const auto instances = instances_of(other);
    needs.insert(needs.end(), instances.begin(), instances.end());
  };
  for (const auto other : awaited(deferred)) add_step(other);
  for (const auto other : waits_for(deferred)) add_step(other);
  const Expander expander(*workflow_, *data_);
  const auto add_path = [&](const InstanceView& instance, const Template& text) {
    const bool is_open =
        std::any_of(text.pieces.begin(), text.pieces.end(), [&](const auto& piece) {
          return piece.what != Template::What::literal &&
                 (piece.what != Template::What::variable || instance.table == nullptr);
        });
    std::string path;
    if (is_open || !expander.append(text, instance, Insertion::path, path)) return;
    if (const auto by = maker(path)) needs.push_back(*by);
  };
  // Of a step with a table of its own each row tells its inputs; of others those without variables.
  const auto rows = step.instances ? step.instances->row_count() : 1;
  for (const auto& input : step.inputs)
    for (const auto& item : input.items) {
      if (item.collect) continue;
      for (std::uint32_t row = 0; row < rows; ++row)
        add_path({step, row, step.name, step.instances.get()}, item.path);
    }
  std::sort(needs.begin(), needs.end());
  needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
  return needs;
}

void GraphBuilder::claim_discovery(std::uint32_t instance, std::uint32_t output) {
  const auto& rule = *workflow_.step(data_.step_of[instance]).outputs[output].discover;
  std::vector<std::string> values;
  const auto own = view(instance);
  for (std::size_t i = 0; own.table != nullptr && i < own.table->variables.size(); ++i)
    values.emplace_back(own.variable(i));
  Discovery discovery{Graph::instance(instance), output, DiscoverPattern(rule, values), false, {}};
  const auto& folder = discovery.pattern.folder();
  if (leaves_workspace(folder)) {
    diagnostics_.add(rule.place,
                     base::format("the files '{}' that {} discovers lie outside of the workspace",
                                  base::printable(discovery.pattern.text()), describe(instance)),
                     "outputs are relative paths below the pipeline file's directory");
    return;
  }
  data_.discoveries.push_back(std::move(discovery));
}

// What somebody else declares, or discovers as well, would be taken for the step's.
void GraphBuilder::check_discoveries() {
  if (data_.discoveries.empty()) return;
  const bool all = old_instances_ == 0 || data_.discoveries.size() > old_discoveries_;
  const auto place_of = [&](const Discovery& discovery) {
    return graph_.step(discovery.by).outputs[discovery.output].discover->place;
  };
  for (auto path = all ? 0U : old_paths_; path < data_.paths.size(); ++path) {
    const auto owner = data_.producers[path];
    if (owner == kNoInstance) continue;
    const auto text = data_.paths.text(path);
    const auto by = data_.discoverer(text);
    if (by == kNoInstance) continue;
    const auto mine = data_.discoveries_of(Graph::instance(owner));
    if (std::any_of(mine.begin(), mine.end(), [&](const Discovery& discovery) {
          const auto& files = discovery.files;
          return std::find(files.begin(), files.end(), static_cast<PathId>(path)) != files.end();
        }))
      continue;
    diagnostics_.add(
        output_places_[path],
        base::format("the output '{}' of {} looks like one of the files that {} discovers",
                     base::printable(text), describe(owner), describe(by)),
        "make the pattern narrower, or write to another folder");
  }
  std::unordered_map<std::string_view, std::uint32_t> texts;
  for (const auto& discovery : data_.discoveries) {
    const auto by = static_cast<std::uint32_t>(index_of(discovery.by));
    const auto [first, is_new] = texts.emplace(discovery.pattern.text(), by);
    if (!is_new && by >= old_instances_)
      diagnostics_.add(
          place_of(discovery),
          first->second == by
              ? base::format("{} discovers '{}' twice", describe(by),
                             base::printable(discovery.pattern.text()))
              : base::format("both {} and {} discover '{}'", describe(first->second), describe(by),
                             base::printable(discovery.pattern.text())),
          "name a variable of the step in the path, so that each has files of its own");
    if (by < old_instances_ && !has_new_directories_) continue;
    const auto file = discovery.pattern.folder() + "/x";
    const auto owner = data_.directory_maker(file);
    if (owner != kNoInstance)
      diagnostics_.add(
          place_of(discovery),
          base::format("the files '{}' that {} discovers lie inside of an output "
                       "directory of {}",
                       base::printable(discovery.pattern.text()), describe(by), describe(owner)),
          "declare the directory, or what is discovered in it, not both");
  }
}

// Who reads a directory waits for those who discover files in it.
void GraphBuilder::link_discoveries(std::uint32_t instance, std::uint32_t path, Place place) {
  const auto text = data_.paths.text(path);
  for (const auto& discovery : data_.discoveries) {
    if (text != "." && !may_mean(discovery.pattern.shape(), text, true)) continue;
    const auto by = static_cast<std::uint32_t>(index_of(discovery.by));
    if (by != instance) {
      late_edges_.emplace_back(instance, by);
      continue;
    }
    diagnostics_.add(
        place,
        base::format("{} reads the directory '{}/', in which it discovers files itself",
                     describe(instance), base::printable(text)),
        "write the result outside of the directory");
  }
}

bool GraphBuilder::is_read_already(std::uint32_t path) {
  if (path >= old_paths_) return false;
  if (read_already_.empty()) {
    read_already_.resize(old_paths_);
    for (std::uint32_t i = 0; i < old_instances_; ++i)
      for (const auto input : data_.inputs[i])
        if (index_of(input) < old_paths_) read_already_[index_of(input)] = true;
  }
  return read_already_[path];
}

void GraphBuilder::note_discovered(const Discovered& found) {
  const auto at = std::find_if(
      data_.discoveries.begin(), data_.discoveries.end(),
      [&](const auto& one) { return one.by == found.by && one.output == found.output; });
  if (at == data_.discoveries.end()) return;
  const auto by = static_cast<std::uint32_t>(index_of(found.by));
  const auto place = graph_.step(found.by).outputs[found.output].discover->place;
  at->known = true;
  at->files.clear();
  for (const auto& file : found.files) {
    const auto path = intern(file).first;
    auto& producer = data_.producers[path];
    if (producer != kNoInstance && producer != by) {
      diagnostics_.add(place,
                       base::format("both {} and {} make '{}'", describe(producer), describe(by),
                                    base::printable(file)),
                       "make the patterns narrower");
      continue;
    }
    producer = by;
    output_places_[path] = place;
    at->files.push_back(static_cast<PathId>(path));
  }
}

// One row per discovered file.
void GraphBuilder::make_rows_of(StepId id) {
  const auto& from = *workflow_.step(id).from;
  auto& table = data_.made[index_of(id)];
  first_row_.resize(workflow_.steps().size());
  first_row_[index_of(id)] = static_cast<std::uint32_t>(row_makers_.size());
  std::vector<std::string> values;
  for (const auto source : data_.instances_of[index_of(from.step)]) {
    const auto theirs = view(static_cast<std::uint32_t>(index_of(source)));
    for (const auto& discovery : data_.discoveries_of(source)) {
      if (discovery.output != from.output) continue;
      for (const auto file : discovery.files) {
        discovery.pattern.match(data_.paths.text(static_cast<std::uint32_t>(file)), &values);
        for (const auto& [is_found, index] : from.sources)
          table.cells.emplace_back(is_found ? std::string_view(values[index])
                                            : theirs.variable(index));
        row_makers_.push_back(static_cast<std::uint32_t>(index_of(source)));
      }
    }
  }
}

void GraphBuilder::grow(std::span<const Discovered> found) {
  old_instances_ = static_cast<std::uint32_t>(data_.step_of.size());
  old_paths_ = static_cast<std::uint32_t>(data_.paths.size());
  old_discoveries_ = static_cast<std::uint32_t>(data_.discoveries.size());
  output_places_.resize(old_paths_);
  seen_by_.resize(old_paths_);
  for (const auto& one : found) note_discovered(one);
  const auto steps = workflow_.steps();
  std::vector<StepId> ready;
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (data_.is_ready(static_cast<StepId>(i))) ready.push_back(static_cast<StepId>(i));
  for (const auto id : ready) {
    data_.deferred[index_of(id)] = 0;
    if (workflow_.step(id).pattern) continue;
    if (workflow_.step(id).from) make_rows_of(id);
    make_instances_of(id);
  }
  number_instances_of();
  diagnostics_.throw_if_any();
  for (auto i = old_instances_; i < data_.step_of.size(); ++i) claim_outputs_of(i);
  data_.index_discoveries();
  make_on_demand();
  link();
}

std::size_t grow(Graph& graph, std::span<const Discovered> found, const Wanted& wanted) {
  auto& data = GraphBuilder::data_of(graph);
  auto before = std::make_unique<Graph::Data>(data);
  try {
    GraphBuilder(graph, wanted).grow(found);
  } catch (...) {
    data = std::move(*before);
    throw;
  }
  return graph.instance_count() - before->step_of.size();
}

Graph expand(const Workflow& workflow, const Wanted& wanted) {
  auto graph = GraphBuilder::new_graph(workflow);
  GraphBuilder(graph, wanted).build();
  // Steps that await what has no instances.
  const auto& data = GraphBuilder::data_of(graph);
  const auto has_ready = [&] {
    for (std::size_t i = 0; i < data.deferred.size(); ++i)
      if (data.is_ready(static_cast<StepId>(i))) return true;
    return false;
  };
  while (has_ready()) grow(graph, {}, wanted);
  return graph;
}

}  // namespace provrun::pipeline
