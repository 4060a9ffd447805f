#include "graph_builder.hpp"

#include <algorithm>
#include <numeric>

#include "expression.hpp"
#include "instance_table.hpp"
#include "paths.hpp"
#include "pattern_search.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "selection.hpp"
#include "workflow_texts.hpp"

namespace provrun::pipeline {

namespace {

constexpr std::string_view kRecords = ".provrun";

// Four bytes each in both directions: 800 MB. More comes only from a product of two large steps.
constexpr std::size_t kMaxEdges = 100'000'000;
// How many links of a cycle are explained in words.
constexpr std::size_t kExplainedLinks = 10;

// What may stand in an instance's name: what needs no quotes in a shell and no escape in a file
// name.
void append_name_part(std::string& name, std::string_view value) {
  if (value.empty()) name += '_';
  for (const char c : value) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '+' ||
                          c == '=' || static_cast<unsigned char>(c) >= 0x80;
    name += is_plain ? c : '_';
  }
}

}  // namespace

GraphBuilder::GraphBuilder(Graph& graph, const Wanted& wanted)
    : graph_(graph),
      data_(*graph.data_),
      workflow_(graph.workflow()),
      wanted_(wanted),
      diagnostics_(workflow_.texts_->texts),
      expander_(workflow_, data_) {}

void GraphBuilder::build() {
  data_.deferral = find_deferral(workflow_, diagnostics_);
  diagnostics_.throw_if_any();
  if (data_.deferral.any())
    for (const auto& awaited : data_.deferral.awaited)
      data_.deferred.push_back(awaited.empty() ? 0 : 1);
  make_instances();
  diagnostics_.throw_if_any();
  for (std::uint32_t i = 0; i < data_.step_of.size(); ++i) claim_outputs_of(i);
  data_.index_discoveries();
  make_on_demand();
  link();
  check_targets(graph_, diagnostics_);
  diagnostics_.throw_if_any();
}

// From instances with outputs to a graph.
void GraphBuilder::link() {
  check_output_places();
  check_discoveries();
  link_inputs();
  link_input_directories();
  diagnostics_.throw_if_any();
  join_predecessors();
  // What was there before is in order, and waits for nothing that is new.
  const auto count = static_cast<std::uint32_t>(data_.step_of.size());
  Lists<InstanceId> among_new;
  for (auto i = old_instances_; i < count && old_instances_ > 0; ++i) {
    for (const auto before : data_.predecessors[i])
      if (index_of(before) >= old_instances_)
        among_new.add(Graph::instance(index_of(before) - old_instances_));
    among_new.finish();
  }
  std::vector<std::uint32_t> cycle;
  auto order = topological_order(old_instances_ > 0 ? among_new : data_.predecessors, cycle);
  for (auto& instance : cycle) instance += old_instances_;
  if (!cycle.empty()) report_cycle(cycle);
  diagnostics_.throw_if_any();
  if (old_instances_ > 0) {
    for (auto& instance : order) instance += old_instances_;
    std::vector<std::uint32_t> whole(old_instances_);
    std::iota(whole.begin(), whole.end(), 0U);
    whole.insert(whole.end(), order.begin(), order.end());
    order = std::move(whole);
  }
  renumber(data_, order);
  data_.index_discoveries();
}

InstanceView GraphBuilder::view(std::uint32_t instance) const {
  return {workflow_.step(data_.step_of[instance]), data_.row_of[instance],
          data_.names.text(data_.name_of[instance]),
          data_.table_of(workflow_, data_.step_of[instance])};
}

std::string GraphBuilder::describe(std::uint32_t instance) const {
  return base::format("step '{}'", base::printable(view(instance).name));
}

void GraphBuilder::make_instances() {
  const auto steps = workflow_.steps();
  if (std::any_of(steps.begin(), steps.end(),
                  [](const auto& step) { return step.pattern || step.from; }))
    data_.made.resize(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& step = steps[i];
    if (step.pattern) {
      data_.made[i].variables = step.pattern->variables;
      data_.made[i].naming_variables = step.pattern->variables.size();
      data_.made[i].place = step.pattern->place;
    } else if (step.from) {
      data_.made[i].variables = step.from->variables;
      data_.made[i].naming_variables = step.from->naming_variables;
      data_.made[i].place = step.from->place;
    } else if (!data_.is_deferred(static_cast<StepId>(i))) {
      make_instances_of(static_cast<StepId>(i));
    }
    data_.instances_of.finish();
  }
}

void GraphBuilder::make_instances_of(StepId id) {
  const auto& step = workflow_.step(id);
  const auto* table = data_.table_of(workflow_, id);
  if (table == nullptr) {
    if (is_wanted(id, 0)) add_instance(id, 0, step.name);
    return;
  }
  if (data_.step_of.size() + table->row_count() > kMaxInstances) {
    diagnostics_.add(step.place, base::format("more than {} step instances", kMaxInstances));
    return;
  }
  std::string name;
  for (std::uint32_t row = 0; row < table->row_count(); ++row)
    if (is_wanted(id, row)) {
      set_instance_name(id, row, name);
      add_instance(id, row, name);
    }
}

void GraphBuilder::set_instance_name(StepId id, std::uint32_t row, std::string& name) const {
  const auto& table = *data_.table_of(workflow_, id);
  name.assign(workflow_.step(id).name) += '@';
  for (std::size_t column = 0; column < table.naming_variables; ++column) {
    if (column > 0) name += '-';
    append_name_part(name, table.cells[row * table.variables.size() + column]);
  }
}

bool GraphBuilder::is_wanted(StepId id, std::uint32_t row) {
  const auto& step = workflow_.step(id);
  if (step.when == nullptr) return true;
  const InstanceView instance{step, row, {}, data_.table_of(workflow_, id)};
  const auto result =
      step.when->evaluate([&](std::size_t index) { return instance.variable(index); });
  if (const auto* failure = std::get_if<Expression::Failure>(&result)) {
    diagnostics_.add(step.when_place,
                     base::format("'when' of step '{}': {}", step.name, failure->message),
                     failure->hint);
    return false;
  }
  return std::get<bool>(result);
}

void GraphBuilder::add_instance(StepId id, std::uint32_t row, std::string_view name) {
  const auto [number, is_new] = data_.names.add(name);
  const auto instance = static_cast<std::uint32_t>(data_.step_of.size());
  if (!is_new) {
    const auto& step = workflow_.step(id);
    const auto* table = data_.table_of(workflow_, id);
    diagnostics_.add(
        table != nullptr ? table->place : step.place,
        base::format("two instances of step '{}' are called '{}'", step.name,
                     base::printable(name)),
        "names are made of the values, joined by '-', with '_' for unusual characters");
    return;
  }
  data_.named.push_back(Graph::instance(instance));
  data_.name_of.push_back(number);
  data_.step_of.push_back(id);
  data_.row_of.push_back(row);
  data_.instances_of.add(Graph::instance(instance));
}

std::pair<std::uint32_t, bool> GraphBuilder::intern(std::string_view text) {
  const bool is_directory = text.ends_with('/') || text == ".";
  auto normal = text;
  if (is_directory && text.size() > 1) normal.remove_suffix(1);
  if (!is_normal_path(normal)) {
    normal_ = normalize_path(text);
    normal = normal_;
  }
  const auto [number, is_new] = data_.paths.add(normal);
  if (is_new) {
    data_.producers.push_back(kNoInstance);
    data_.directories.push_back(0);
    output_places_.emplace_back();
    seen_by_.push_back(0);
  }
  return {number, is_directory};
}

std::optional<std::string_view> GraphBuilder::path_text(const Template& text,
                                                        std::uint32_t instance) {
  text_.clear();
  if (!expander_.append(text, view(instance), Insertion::path, text_)) {
    diagnostics_.add(
        text.place,
        base::format("a path of {} names several files with one template", describe(instance)),
        "'{inputs}' and '{outputs}' in a path must be exactly one file");
    return std::nullopt;
  }
  if (!text_.empty()) return text_;
  diagnostics_.add(text.place, base::format("a path of {} is empty", describe(instance)));
  return std::nullopt;
}

void GraphBuilder::claim_outputs_of(std::uint32_t instance) {
  const auto& step = workflow_.step(data_.step_of[instance]);
  for (std::uint32_t i = 0; i < step.outputs.size(); ++i) {
    const auto& output = step.outputs[i];
    for (const auto& path : output.paths) claim_output(instance, path, output.temp);
    if (output.discover) claim_discovery(instance, i);
  }
  claim_stream(instance, step.standard_output);
  claim_stream(instance, step.standard_error);
  data_.outputs.finish();
  if (step.cwd) check_working_directory(instance);
}

void GraphBuilder::claim_stream(std::uint32_t instance, const std::optional<Template>& text) {
  if (!text) return;
  const auto path = path_text(*text, instance);
  if (!path) return;
  const auto found = data_.paths.find(is_normal_path(*path) ? *path : normalize_path(*path));
  if (found && data_.producers[*found] == instance) return;
  claim_path(instance, *path, text->place);
}

void GraphBuilder::claim_output(std::uint32_t instance, const Template& text, bool is_file) {
  const auto path = path_text(text, instance);
  if (!path) return;
  if (is_file && path->ends_with('/'))
    diagnostics_.add(text.place,
                     base::format("the directory '{}' of {} cannot be 'temp'",
                                  base::printable(*path), describe(instance)),
                     "name its files, or leave 'temp' out");
  claim_path(instance, *path, text.place);
}

void GraphBuilder::claim_path(std::uint32_t instance, std::string_view text, Place place) {
  const auto [path, is_directory] = intern(text);
  const auto normal = data_.paths.text(path);
  const auto shown = base::printable(normal);
  if (leaves_workspace(normal) || normal == ".") {
    diagnostics_.add(
        place,
        normal == "."
            ? base::format("the whole workspace cannot be an output of {}", describe(instance))
            : base::format("the output '{}' of {} lies outside of the workspace", shown,
                           describe(instance)),
        "outputs are relative paths below the pipeline file's directory");
    return;
  }
  if (normal == kRecords || (normal.starts_with(kRecords) && normal[kRecords.size()] == '/')) {
    diagnostics_.add(
        place,
        base::format("the output '{}' of {} lies in the folder that provrun keeps its records in",
                     shown, describe(instance)),
        "write the result to another path");
    return;
  }
  const auto owner = data_.producers[path];
  if (owner != kNoInstance) {
    const auto first = diagnostics_.texts().position(output_places_[path]);
    const auto& one = view(owner).step.included;
    const auto& other = view(instance).step.included;
    const bool is_included_twice = one && other && one != other && one->file == other->file;
    diagnostics_.add(
        place,
        owner == instance
            ? base::format("{} declares the output '{}' twice", describe(instance), shown)
            : base::format("the output '{}' of {} is also an output of {}", shown,
                           describe(instance), describe(owner)),
        is_included_twice
            ? std::string(
                  "a file that is included twice needs 'params' that tell its outputs apart")
        : one == other ? base::format("the first one is declared in line {}", first.line)
                       : base::format("the first one is declared in {}:{}",
                                      base::printable(first.file), first.line));
    return;
  }
  if (is_read_already(path)) {
    diagnostics_.add(place,
                     base::format("{} makes '{}', which another step reads without waiting for it",
                                  describe(instance), shown),
                     "let that step need this one, or write to another path");
    return;
  }
  data_.producers[path] = instance;
  data_.directories[path] = is_directory ? 1 : 0;
  data_.has_output_directories = data_.has_output_directories || is_directory;
  has_new_directories_ = has_new_directories_ || is_directory;
  output_places_[path] = place;
  data_.outputs.add(static_cast<PathId>(path));
}

void GraphBuilder::check_working_directory(std::uint32_t instance) {
  const auto directory = expander_.directory(view(instance));
  if (leaves_workspace(directory))
    diagnostics_.add(workflow_.step(data_.step_of[instance]).cwd->place,
                     base::format("the working directory '{}' of {} lies outside of the workspace",
                                  base::printable(directory), describe(instance)),
                     "give a directory below the pipeline file's");
}

// An output that lies in another output: only the instance that owns the directory may declare it.
void GraphBuilder::check_output_places() {
  std::string_view last_parent;
  const auto is_old = [&](std::uint32_t instance) { return instance < old_instances_; };
  const bool all = old_instances_ == 0 || has_new_directories_;
  for (std::uint32_t path = 0; path < data_.paths.size(); ++path) {
    const auto owner = data_.producers[path];
    if (owner == kNoInstance || (!all && is_old(owner))) continue;
    auto parent = parent_path(data_.paths.text(path));
    if (!data_.has_output_directories && parent == last_parent) continue;
    last_parent = parent.value_or("");
    for (; parent && *parent != "."; parent = parent_path(*parent)) {
      const auto found = data_.paths.find(*parent);
      if (!found || data_.producers[*found] == kNoInstance) continue;
      const auto other = data_.producers[*found];
      const bool is_directory = data_.directories[*found] != 0;
      if ((is_directory && other == owner) || (is_old(owner) && is_old(other))) continue;
      diagnostics_.add(
          output_places_[path],
          base::format("the output '{}' of {} lies inside '{}', {}",
                       base::printable(data_.paths.text(path)), describe(owner),
                       base::printable(*parent),
                       is_directory ? "an output directory of " + describe(other)
                                    : "which " + describe(other) + " declares as a file"),
          is_directory ? "an output directory belongs to one step instance alone"
                       : "a directory is declared with a '/' at its end");
    }
  }
}

void GraphBuilder::link_inputs() {
  for (auto i = old_instances_; i < data_.step_of.size(); ++i) {
    const auto& step = workflow_.step(data_.step_of[i]);
    if (step.from && !row_makers_.empty())
      data_predecessors_.add(
          Graph::instance(row_makers_[first_row_[index_of(data_.step_of[i])] + data_.row_of[i]]));
    for (const auto& input : step.inputs) {
      for (const auto& item : input.items) {
        if (!item.collect) {
          if (const auto path = path_text(item.path, i)) {
            const auto [number, is_directory] = intern(*path);
            add_input(i, number, is_directory, item.place);
          }
          continue;
        }
        const auto& from = workflow_.step(item.collect->step);
        for (const auto id : data_.instances_of[index_of(item.collect->step)])
          data_.each_collected(from, *item.collect, id, [&](PathId path) {
            add_input(i, static_cast<std::uint32_t>(path), false, item.place);
          });
      }
    }
    if (step.standard_input) {
      if (const auto path = path_text(*step.standard_input, i)) {
        const auto [number, is_directory] = intern(*path);
        add_input(i, number, is_directory, step.standard_input->place);
      }
    }
    data_.inputs.finish();
    data_predecessors_.finish();
    if (data_predecessors_.item_count() > kMaxEdges) break;
  }
  check_edge_count(data_predecessors_.item_count());
}

void GraphBuilder::add_input(std::uint32_t instance, std::uint32_t path, bool is_directory,
                             Place place) {
  if (seen_by_[path] == instance + 1) return;
  seen_by_[path] = instance + 1;
  data_.inputs.add(static_cast<PathId>(path));
  const auto maker = data_.maker(path);
  const bool in_place = data_.producers[path] == instance;
  if (in_place) {
    add_update(instance, path, is_directory, place);
  } else if (maker == instance) {
    diagnostics_.add(place,
                     base::format("{} reads '{}', which it makes itself", describe(instance),
                                  base::printable(data_.paths.text(path))),
                     "write the result to another path");
  } else if (maker != kNoInstance) {
    if (is_directory && data_.producers[path] == maker && data_.directories[path] == 0)
      diagnostics_.add(place,
                       base::format("{} reads the directory '{}/', which {} declares as a file",
                                    describe(instance), base::printable(data_.paths.text(path)),
                                    describe(maker)),
                       "a directory is declared with a '/' at its end");
    data_predecessors_.add(Graph::instance(maker));
  }
  if (!is_directory || in_place) return;
  data_.directories[path] = 1;
  if (maker == kNoInstance) directory_inputs_.push_back({instance, path, place});
}

// A file that the instance reads and replaces: it waits for nobody.
void GraphBuilder::add_update(std::uint32_t instance, std::uint32_t path, bool is_directory,
                              Place place) {
  const auto shown = base::printable(data_.paths.text(path));
  const auto& step = workflow_.step(data_.step_of[instance]);
  for (const auto* stream : {&step.standard_output, &step.standard_error}) {
    if (!*stream) continue;
    const auto text = path_text(**stream, instance);
    if (!text || data_.paths.find(normalize_path(*text)) != path) continue;
    diagnostics_.add(
        place,
        base::format("{} reads '{}', which is emptied when it starts: the stream '{}' goes there",
                     describe(instance), shown,
                     stream == &step.standard_output ? "stdout" : "stderr"),
        "write the result to another path");
    return;
  }
  const auto* declaration =
      graph_.output_declaration(Graph::instance(instance), static_cast<PathId>(path));
  if (declaration != nullptr && declaration->temp)
    diagnostics_.add(
        place,
        base::format("{} updates '{}', which is 'temp' and so would be gone the next time",
                     describe(instance), shown),
        "leave 'temp' out, or write the result to another path");
  if (is_directory != (data_.directories[path] != 0))
    diagnostics_.add(place,
                     base::format("{} declares '{}' once as a file and once as a directory",
                                  describe(instance), shown),
                     "a directory is declared with a '/' at its end");
}

// An instance that reads a directory waits for all that write into it.
void GraphBuilder::link_input_directories() {
  if (directory_inputs_.empty()) return;
  std::vector<std::uint32_t> outputs;  // of all instances: new ones read what old ones make
  for (std::uint32_t path = 0; path < data_.paths.size(); ++path)
    if (data_.producers[path] != kNoInstance) outputs.push_back(path);
  const auto text = [&](std::uint32_t path) { return data_.paths.text(path); };
  std::sort(outputs.begin(), outputs.end(), [&](auto a, auto b) { return text(a) < text(b); });
  for (const auto& input : directory_inputs_) {
    std::string prefix(text(input.path));
    prefix = prefix == "." ? "" : prefix + "/";
    auto at = std::lower_bound(outputs.begin(), outputs.end(), prefix,
                               [&](auto path, const std::string& key) { return text(path) < key; });
    for (; at != outputs.end() && text(*at).starts_with(prefix); ++at) {
      const auto maker = data_.producers[*at];
      if (maker == input.instance) {
        diagnostics_.add(input.place,
                         base::format("{} reads the directory '{}/', in which it makes '{}' itself",
                                      describe(maker), base::printable(text(input.path)),
                                      base::printable(text(*at))),
                         "write the result outside of the directory");
        break;
      }
      late_edges_.emplace_back(input.instance, maker);
    }
    link_discoveries(input.instance, input.path, input.place);
    check_edge_count(late_edges_.size());
  }
  std::sort(late_edges_.begin(), late_edges_.end());
}

void GraphBuilder::check_edge_count(std::size_t count) {
  if (count <= kMaxEdges) return;
  throw base::Error(
      base::ErrorCode::unsupported,
      base::format("the step instances depend on each other in more than {} ways", kMaxEdges))
      .hint("put a step between two large steps that collects the one for the other");
}

// Joins what inputs and `needs` say into sorted, unique predecessors.
void GraphBuilder::join_predecessors() {
  const auto count = data_.step_of.size();
  const auto steps = workflow_.steps();
  const bool has_needs =
      std::any_of(steps.begin(), steps.end(), [](const Step& step) { return !step.needs.empty(); });
  std::vector<std::uint32_t> mark(has_needs ? count : 0,
                                  0);  // 1 + the last instance that needs it for data
  auto late = late_edges_.begin();
  data_.predecessors.reserve(count, data_predecessors_.item_count());
  for (auto i = old_instances_; i < count; ++i) {
    for (const auto before : data_predecessors_[i - old_instances_]) data_.predecessors.add(before);
    for (; late != late_edges_.end() && late->first == i; ++late)
      data_.predecessors.add(Graph::instance(late->second));
    if (has_needs)
      for (const auto before : data_.predecessors.open()) mark[index_of(before)] = i + 1;
    for (const auto step : workflow_.step(data_.step_of[i]).needs)
      for (const auto before : data_.instances_of[index_of(step)]) data_.predecessors.add(before);
    auto open = data_.predecessors.open();
    if (!std::is_sorted(open.begin(), open.end())) std::sort(open.begin(), open.end());
    const auto end = std::unique(open.begin(), open.end());
    data_.predecessors.shrink_open(static_cast<std::size_t>(end - open.begin()));
    if (has_needs)
      for (const auto before : data_.predecessors.open())
        data_.order_only.push_back(mark[index_of(before)] == i + 1 ? 0 : 1);
    data_.predecessors.finish();
    check_edge_count(data_.predecessors.item_count());
  }
}

void GraphBuilder::report_cycle(const std::vector<std::uint32_t>& cycle) {
  std::string whole;
  for (const auto instance : cycle) whole.append(base::printable(view(instance).name)) += " → ";
  whole += base::printable(view(cycle[0]).name);
  std::string hint;
  for (std::size_t i = 0; i < cycle.size() && i < kExplainedLinks; ++i) {
    const auto from = cycle[i];
    const auto to = cycle[(i + 1) % cycle.size()];
    if (!hint.empty()) hint += "; ";
    const auto inputs = data_.inputs[to];
    const auto path = std::find_if(inputs.begin(), inputs.end(), [&](PathId id) {
      return data_.maker(static_cast<std::uint32_t>(id)) == from;
    });
    hint += base::format("{} {}", view(to).name, path == inputs.end() ? "needs" : "reads");
    if (path != inputs.end())
      hint += base::format(" {} of",
                           base::printable(data_.paths.text(static_cast<std::uint32_t>(*path))));
    hint += base::format(" {}", view(from).name);
  }
  diagnostics_.add(workflow_.step(data_.step_of[cycle[0]]).place,
                   "a cycle of steps that wait for each other: " + whole, std::move(hint));
}

}  // namespace provrun::pipeline
