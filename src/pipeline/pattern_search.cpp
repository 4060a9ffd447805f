#include "pattern_search.hpp"

#include <algorithm>

#include "instance_table.hpp"
#include "paths.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::pipeline {

PatternSearch::PatternSearch(GraphBuilder& builder) : builder_(builder) {
  const auto steps = builder_.workflow_.steps();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& step = steps[i];
    if (!step.pattern) continue;
    const auto add = [&](const Template& text) {
      std::string written;
      for (const auto& piece : text.pieces)
        written += piece.what == Template::What::variable
                       ? "{" + step.pattern->variables[piece.index] + "}"
                       : piece.text;
      Output output{static_cast<StepId>(i),
                    GlobPattern(normalize_path(in_folder(step.folder(), written))),
                    {}};
      for (const auto& name : output.pattern.variables()) {
        const auto& names = step.pattern->variables;
        output.variables.push_back(
            static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin()));
      }
      outputs_.push_back(std::move(output));
    };
    for (const auto& output : step.outputs)
      for (const auto& path : output.paths) add(path);
    if (step.standard_output) add(*step.standard_output);
  }
}

bool PatternSearch::is_made(const std::string& path) const {
  const auto found = builder_.data_.paths.find(path);
  return found ? builder_.data_.maker(*found) != kNoInstance
               : builder_.data_.directory_maker(path) != kNoInstance ||
                     builder_.data_.discoverer(path) != kNoInstance;
}

bool PatternSearch::exists(const std::string& path) const {
  return !builder_.wanted_.exists || builder_.wanted_.exists(path);
}

std::vector<std::string> PatternSearch::inputs_of(const Use& use) {
  // A row of its own for a moment, as templates are filled from tables.
  auto& table = builder_.data_.made[index_of(use.step)];
  const auto& step = builder_.workflow_.step(use.step);
  const auto row = static_cast<std::uint32_t>(table.row_count());
  table.cells.insert(table.cells.end(), use.values.begin(), use.values.end());
  std::string name;
  builder_.set_instance_name(use.step, row, name);
  const InstanceView view{step, row, name, &table};
  std::vector<std::string> paths;
  const auto add = [&](const Template& text) {
    std::string path;
    if (builder_.expander_.append(text, view, Insertion::path, path) && !path.empty())
      paths.push_back(normalize_path(path));
  };
  for (const auto& input : step.inputs)
    for (const auto& item : input.items)
      if (!item.collect) add(item.path);
  if (step.standard_input) add(*step.standard_input);
  if (!builder_.is_wanted(use.step, row)) paths.assign(1, "\n");  // no file is called so
  table.cells.resize(table.cells.size() - use.values.size());
  return paths;
}

std::vector<PatternSearch::Use> PatternSearch::uses_of(const std::string& path, const Chain& chain,
                                                       const Step*& itself) {
  auto key = std::pair(path, chain);
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  std::vector<Use> uses;
  std::vector<std::string> values;
  for (const auto& output : outputs_) {
    if (!output.pattern.match(path, values)) continue;
    const auto& rule = *builder_.workflow_.step(output.step).pattern;
    Use use{output.step, std::vector<std::string>(rule.variables.size())};
    bool fits = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto variable = output.variables[i];
      use.values[variable] = values[i];
      const auto& shapes = rule.shapes[variable];
      std::vector<std::string> none;
      fits = fits && std::any_of(shapes.begin(), shapes.end(), [&](const auto& shape) {
               return GlobPattern(shape).match(values[i], none);
             });
    }
    if (!fits || std::find(uses.begin(), uses.end(), use) != uses.end()) continue;
    if (std::find(chain.begin(), chain.end(), output.step) != chain.end()) {
      itself = &builder_.workflow_.step(output.step);
      continue;
    }
    if (can_be_had(use, chain, itself)) uses.push_back(std::move(use));
  }
  known_.emplace(std::move(key), uses);
  return uses;
}

bool PatternSearch::can_be_had(const Use& use, const Chain& chain, const Step*& itself) {
  auto longer = chain;
  longer.push_back(use.step);
  const auto inputs = inputs_of(use);
  return std::all_of(inputs.begin(), inputs.end(), [&](const auto& path) {
    return is_made(path) || !uses_of(path, longer, itself).empty() ||
           (path != "\n" && exists(path));
  });
}

void PatternSearch::want(const std::string& path, Place place) {
  Chain chain;
  want(path, place, chain);
}

void PatternSearch::want(const std::string& path, Place place, Chain& chain) {
  if (is_made(path)) return;
  const Step* itself = nullptr;
  const auto uses = uses_of(path, chain, itself);
  auto& diagnostics = builder_.diagnostics_;
  const auto shown = base::printable(path);
  if (uses.empty()) {
    if (itself != nullptr && !exists(path))
      diagnostics.add(place,
                      base::format("'{}' could be made by the pattern rule '{}' only from what "
                                   "that rule makes itself",
                                   shown, itself->name),
                      "a rule is used once on the way to a file; make its pattern narrower");
    return;
  }
  if (uses.size() > 1) {
    const auto& first = builder_.workflow_.step(uses[0].step);
    const auto& second = builder_.workflow_.step(uses[1].step);
    diagnostics.add(
        place,
        first.name == second.name
            ? base::format("the pattern rule '{}' could make '{}' in two ways", first.name, shown)
            : base::format("both pattern rules '{}' and '{}' could make '{}'", first.name,
                           second.name, shown),
        "make one pattern narrower, such as {id: \"s*\"}, or write a step for the file");
    return;
  }
  builder_.add_made_instance(uses[0].step, uses[0].values);
  chain.push_back(uses[0].step);
  for (const auto& input : inputs_of(uses[0])) want(input, place, chain);
  chain.pop_back();
}

void GraphBuilder::add_made_instance(StepId id, const std::vector<std::string>& values) {
  if (data_.step_of.size() >= kMaxInstances) {
    diagnostics_.add(workflow_.step(id).place,
                     base::format("more than {} step instances", kMaxInstances));
    return;
  }
  auto& table = data_.made[index_of(id)];
  const auto row = static_cast<std::uint32_t>(table.row_count());
  table.cells.insert(table.cells.end(), values.begin(), values.end());
  const auto count = data_.step_of.size();
  std::string name;
  set_instance_name(id, row, name);
  add_instance(id, row, name);
  if (data_.step_of.size() > count) claim_outputs_of(static_cast<std::uint32_t>(count));
}

// After the declared steps: what they read, what `targets` names and what the user wants.
void GraphBuilder::make_on_demand() {
  const auto steps = workflow_.steps();
  if (!diagnostics_.empty() ||
      std::none_of(steps.begin(), steps.end(), [](const auto& step) { return step.pattern; }))
    return;
  PatternSearch search(*this);
  const auto declared = static_cast<std::uint32_t>(data_.step_of.size());
  for (auto i = old_instances_; i < declared && diagnostics_.empty(); ++i) {
    const auto want = [&](const Template& text) {
      if (const auto path = path_text(text, i)) search.want(normalize_path(*path), text.place);
    };
    const auto& step = workflow_.step(data_.step_of[i]);
    for (const auto& input : step.inputs)
      for (const auto& item : input.items)
        if (!item.collect) want(item.path);
    if (step.standard_input) want(*step.standard_input);
  }
  const auto want_word = [&](const std::string& word, Place place) {
    if (workflow_.find_step(word) || data_.names.find(word) || word.empty()) return;
    search.want(normalize_path(word), place);
  };
  for (const auto& target : workflow_.targets())
    for (std::size_t i = 0; i < target.members.size(); ++i)
      want_word(target.members[i], target.places[i]);
  for (const auto& word : wanted_.paths)
    if (std::none_of(workflow_.targets().begin(), workflow_.targets().end(),
                     [&](const auto& target) { return target.name == word; }))
      want_word(word, {});
  number_instances_of();
}

void GraphBuilder::number_instances_of() {
  std::vector<std::vector<InstanceId>> of_step(workflow_.steps().size());
  for (std::size_t i = 0; i < data_.step_of.size(); ++i)
    of_step[index_of(data_.step_of[i])].push_back(Graph::instance(i));
  Lists<InstanceId> lists;
  for (const auto& instances : of_step) {
    for (const auto id : instances) lists.add(id);
    lists.finish();
  }
  data_.instances_of = std::move(lists);
}

}  // namespace provrun::pipeline
