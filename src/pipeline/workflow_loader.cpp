#include "workflow_loader.hpp"

#include <algorithm>

#include "compare_rules.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "scalar.hpp"
#include "step_loader.hpp"

namespace provrun::pipeline {

namespace {

const KeySet kTopKeys{{"provrun", "name", "params", "samples", "env", "defaults", "pools", "steps",
                       "hooks", "targets"},
                      {"include", "container", "conda", "modules", "slurm", "trace", "undeclared"}};

// A misspelt key is reported as one; that the right one is missing would be a second error for it.
bool is_misspelt(const Node& root, std::string_view key) {
  for (std::size_t i = 0; i < root.size(); ++i) {
    const auto& known = kTopKeys.known;
    if (std::find(known.begin(), known.end(), root.key(i)) != known.end()) continue;
    if (base::nearest(root.key(i), known) == key) return true;
  }
  return false;
}

bool is_step_name(std::string_view name) {
  if (name.empty() || name[0] == '-') return false;
  for (const char c : name)
    if (!is_identifier(std::string_view(&c, 1)) && c != '-' && (c < '0' || c > '9')) return false;
  return true;
}

// A text with a byte order mark in front reads as one without.
std::string without_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return std::string(text);
}

const KeySet& default_keys() {
  static const KeySet keys{{"retries", "resources", "shell", "compare", "trace", "undeclared"},
                           {"container", "conda", "modules", "slurm"}};
  return keys;
}

}  // namespace

WorkflowLoader::WorkflowLoader(std::string_view text, const std::string& file_name,
                               Sources& sources)
    : sources_(sources), diagnostics_(workflow_.texts_->texts), fields_(diagnostics_) {
  workflow_.texts_->texts.add(file_name, without_mark(text));
  defaults_.shell = std::make_shared<const std::vector<std::string>>(
      std::vector<std::string>{"bash", "-euo", "pipefail", "-c"});
}

Workflow WorkflowLoader::load(std::span<const Override> overrides) {
  auto& document = workflow_.texts_->document;
  document = YamlDocument::parse(0, diagnostics_);
  const auto root = document.root();
  if (!root || root->is_null()) {
    if (diagnostics_.empty())
      diagnostics_.add({0, 0, 0}, "the pipeline is empty",
                       "it begins with 'provrun: 1' and has 'steps'");
    diagnostics_.throw_if_any();
  }
  if (!root->is_map()) {
    diagnostics_.add(root->place(),
                     base::format("a pipeline is a map of keys, not {}", root->describe()),
                     "it begins with 'provrun: 1' and has 'steps'");
    diagnostics_.throw_if_any();
  }
  check_version(*root);
  fields_.check_keys(*root, kTopKeys, {});
  if (const auto name = root->find("name"))
    workflow_.name_ = fields_.non_empty_text(*name, {"name", {}}).value_or("");
  load_parameters(*root, overrides);
  load_pools(*root);
  load_defaults(*root);
  load_steps(*root);
  load_hooks(*root);
  load_targets(*root);
  diagnostics_.throw_if_any();
  return std::move(workflow_);
}

// The only error shown when it fails: keys of another version would all be unknown.
void WorkflowLoader::check_version(const Node& root) {
  const auto version = root.find("provrun");
  if (!version) {
    if (is_misspelt(root, "provrun")) return;
    fields_.report_missing(root, "provrun", {}, "begin the file with 'provrun: 1'");
    return;
  }
  const auto number = fields_.integer(*version, {"provrun", {}}, 1, 1'000'000);
  if (!number || *number == 1) return;
  diagnostics_.add(version->place(),
                   base::format("version {} of the pipeline language is not known", *number),
                   "this provrun knows version 1");
  diagnostics_.throw_if_any();
}

void WorkflowLoader::load_parameters(const Node& root, std::span<const Override> overrides) {
  const auto node = root.find("params");
  if (node && fields_.require_map(*node, {"params", {}})) {
    if (node->size() == 1 && node->key(0) == "file" &&
        node->value(0).value_kind() == Value::Kind::text)
      load_parameters_file(node->value(0));
    else
      workflow_.parameters_ = to_value(*node, diagnostics_);
  }
  apply_overrides(overrides);
}

void WorkflowLoader::load_parameters_file(const Node& file) {
  const std::string path(file.text());
  if (path.empty()) return fields_.report(file, {"file", {}}, "a path");
  std::optional<std::string> text;
  try {
    text = sources_.read(path);
  } catch (const base::Error& error) {
    throw base::Error(error.code(), error.message())
        .hint(error.hint())
        .at(diagnostics_.texts().position(file.place()));
  }
  if (!text) {
    diagnostics_.add(file.place(), base::format("there is no file '{}'", base::printable(path)),
                     "paths are relative to the pipeline file");
    return;
  }
  workflow_.files_.push_back({path, hash::sha256(*text), text->size()});
  const auto index = workflow_.texts_->texts.add(path, without_mark(*text));
  const auto errors_before = diagnostics_.size();
  const auto document = YamlDocument::parse(index, diagnostics_);
  const auto root = document.root();
  if (diagnostics_.size() != errors_before || !root || root->is_null()) return;
  if (!root->is_map()) {
    diagnostics_.add(root->place(), base::format("parameters are a map, not {}", root->describe()));
    return;
  }
  workflow_.parameters_ = to_value(*root, diagnostics_);
}

void WorkflowLoader::apply_overrides(std::span<const Override> overrides) {
  for (const auto& override : overrides) {
    const auto index = workflow_.texts_->texts.add("--set " + override.name, override.value);
    auto* value = override.name.empty() ? nullptr : workflow_.parameters_.find(override.name);
    if (value == nullptr) {
      diagnostics_.add(
          {index, 0, 0}, base::format("there is no parameter '{}'", base::printable(override.name)),
          suggestion(override.name, workflow_.parameters_.names,
                     workflow_.parameters_.names.empty()
                         ? "the pipeline has no parameters"
                         : "parameters: " + base::join(workflow_.parameters_.names, ", ")));
      continue;
    }
    const auto document = YamlDocument::parse(index, diagnostics_);
    const auto root = document.root();
    *value = root ? to_value(*root, diagnostics_) : Value();
  }
}

void WorkflowLoader::load_pools(const Node& root) {
  const auto node = root.find("pools");
  if (!node || !fields_.require_map(*node, {"pools", {}})) return;
  for (std::size_t i = 0; i < node->size(); ++i) {
    const std::string name(node->key(i));
    if (!is_dashed_identifier(name))
      diagnostics_.add(node->key_place(i),
                       base::format("'{}' is no name for a pool", base::printable(name)),
                       "names have letters, digits, '_' and '-', and a letter in front");
    else if (is_resource_key(name))
      diagnostics_.add(node->key_place(i),
                       base::format("'{}' is a resource and no name for a pool", name),
                       base::format("how much of it there is says --resources {}=N", name));
    else if (const auto limit = fields_.integer(node->value(i), {name, {}}, 1, kMaxPool))
      workflow_.pools_.push_back({name, static_cast<std::uint64_t>(*limit), node->key_place(i)});
  }
}

void WorkflowLoader::load_defaults(const Node& root) {
  const auto node = root.find("defaults");
  if (!node || !fields_.require_map(*node, {"defaults", {}})) return;
  fields_.check_keys(*node, default_keys(), {"defaults", {}});
  if (const auto value = node->find("compare"))
    read_compare(fields_, *value, {"compare", {}}, defaults_.compare);
  if (const auto value = node->find("retries"))
    read_retries(fields_, *value, {"retries", {}}, defaults_.retries);
  if (const auto value = node->find("resources"))
    read_resources(fields_, diagnostics_, *value, {"resources", {}}, workflow_.pools(),
                   defaults_.resources);
  if (const auto value = node->find("shell")) {
    defaults_.shell_is_default = false;
    if (auto shell = read_shell(fields_, *value, {"shell", {}})) defaults_.shell = std::move(shell);
  }
  if (const auto value = node->find("trace"))
    read_trace(fields_, *value, {"trace", {}}, defaults_.traced);
  if (const auto value = node->find("undeclared"))
    read_undeclared(fields_, *value, {"undeclared", {}}, defaults_.undeclared);
}

void WorkflowLoader::load_steps(const Node& root) {
  InstanceTableReader tables(sources_, workflow_.parameters_, diagnostics_, workflow_.files_,
                             workflow_.globs_);
  if (const auto samples = root.find("samples")) tables.read_samples(*samples);
  auto environment = std::make_shared<const EnvironmentDeclaration>();
  if (const auto env = root.find("env")) {
    TemplateScope scope;
    scope.parameters = &workflow_.parameters_;
    TemplateCompiler templates(scope, diagnostics_);
    environment = read_environment(fields_, diagnostics_, templates, *env, {"env", {}},
                                   TemplatePlace::shared, *environment);
  }
  workflow_.hooks_.environment = environment;
  workflow_.hooks_.shell = defaults_.shell;
  const auto steps = root.find("steps");
  if (!steps) {
    if (is_misspelt(root, "steps")) return;
    fields_.report_missing(root, "steps", {}, "a step: 'steps: {hello: {run: echo hello}}'");
    return;
  }
  if (!fields_.require_map(*steps, {"steps", {}})) return;
  if (steps->size() == 0) diagnostics_.add(steps->place(), "the pipeline has no steps");

  std::vector<std::string> names;
  workflow_.steps_.resize(steps->size());
  workflow_.step_by_name_.reserve(steps->size());
  for (std::size_t i = 0; i < steps->size(); ++i) {
    auto& step = workflow_.steps_[i];
    step.name = steps->key(i);
    step.place = steps->key_place(i);
    names.push_back(step.name);
    workflow_.step_by_name_.emplace(step.name, static_cast<StepId>(i));
    if (!is_step_name(step.name))
      diagnostics_.add(step.place,
                       base::format("'{}' is no name for a step", base::printable(step.name)),
                       "names have letters, digits, '_' and '-', and no '-' in front");
  }
  StepContext context{diagnostics_,
                      fields_,
                      tables,
                      workflow_.parameters_,
                      defaults_,
                      environment,
                      std::make_shared<const codec::Json>(codec::Json::object()),
                      workflow_,
                      names};
  std::vector<PendingCollect> collects;
  for (const auto i : loading_order(*steps))
    StepLoader(context, collects)
        .load(steps->value(i), static_cast<StepId>(i), workflow_.steps_[i]);

  refuse_needed_patterns();
  for (const auto& collect : collects) {
    const auto& outputs = workflow_.step(collect.from).outputs;
    std::vector<std::string> known;
    auto& item = workflow_.steps_[index_of(collect.step)].inputs[collect.input].items[collect.item];
    for (std::uint32_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].name.empty()) known.push_back(outputs[i].name);
      if (outputs[i].name == collect.output) item.collect->output = i;
    }
    if (!item.collect->output || collect.output.empty())
      diagnostics_.add(
          collect.place,
          base::format("step '{}' has no output '{}'", workflow_.step(collect.from).name,
                       base::printable(collect.output)),
          suggestion(collect.output, known,
                     known.empty() ? "its outputs have no names"
                                   : "its outputs: " + base::join(known, ", ")));
  }
}

// A step with `foreach: {from: …}` comes after the one it names, whose variables it has.
std::vector<std::size_t> WorkflowLoader::loading_order(const Node& steps) {
  std::vector<std::size_t> order;
  std::map<std::size_t, std::size_t> source_of;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& node = steps.value(i);
    const auto foreach = node.is_map() ? node.find("foreach") : std::nullopt;
    const auto from = foreach && foreach->is_map() ? foreach->find("from") : std::nullopt;
    if (!from || !from->is_scalar()) continue;
    const auto text = from->text();
    if (const auto source = workflow_.find_step(text.substr(0, text.find('.'))))
      source_of.emplace(i, index_of(*source));
  }
  std::vector<bool> is_placed(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::vector<std::size_t> chain;
    for (auto at = i; !is_placed[at];) {
      chain.push_back(at);
      is_placed[at] = true;
      const auto source = source_of.find(at);
      if (source == source_of.end()) break;
      at = source->second;
    }
    order.insert(order.end(), chain.rbegin(), chain.rend());
  }
  return order;
}

// Which instances a pattern rule has is known only when others have been linked.
void WorkflowLoader::refuse_needed_patterns() {
  const auto refuse = [&](const Step& step, StepId other, Place place, const char* key) {
    if (workflow_.step(other).pattern)
      diagnostics_.add(
          place,
          base::format("'{}' in step '{}' names '{}', whose instances are made on demand", key,
                       step.name, workflow_.step(other).name),
          "name the files it makes under 'inputs'");
  };
  for (const auto& step : workflow_.steps()) {
    for (const auto other : step.needs) refuse(step, other, step.place, "needs");
    for (const auto& input : step.inputs)
      for (const auto& item : input.items)
        if (item.collect) refuse(step, item.collect->step, item.place, "collect");
  }
}

// A hook belongs to no step: of templates it knows the parameters.
void WorkflowLoader::load_hooks(const Node& root) {
  static const KeySet keys{{"on_success", "on_failure"}, {}};
  const auto node = root.find("hooks");
  if (!node || !fields_.require_map(*node, {"hooks", {}})) return;
  fields_.check_keys(*node, keys, {"hooks", {}});
  TemplateScope scope;
  scope.parameters = &workflow_.parameters_;
  TemplateCompiler templates(scope, diagnostics_);
  const auto read = [&](std::string_view key, std::vector<std::string>& scripts) {
    const auto value = node->find(key);
    if (!value) return;
    for (const auto& item : fields_.one_or_more(*value, {key, {}})) {
      std::string script;
      for (const auto& piece :
           templates.compile(item.text(), item.place(), TemplatePlace::hook).pieces)
        script += piece.text;
      scripts.push_back(std::move(script));
    }
  };
  read("on_success", workflow_.hooks_.on_success);
  read("on_failure", workflow_.hooks_.on_failure);
}

void WorkflowLoader::load_targets(const Node& root) {
  const auto node = root.find("targets");
  if (!node || !fields_.require_map(*node, {"targets", {}})) return;
  for (std::size_t i = 0; i < node->size(); ++i) {
    Workflow::Target target;
    target.name = node->key(i);
    if (target.name.empty()) diagnostics_.add(node->key_place(i), "a target needs a name");
    const auto list = node->value(i);
    target.members = fields_.texts(list, {target.name, {}});
    for (std::size_t j = 0; j < list.size(); ++j)
      if (list.is_sequence()) target.places.push_back(list.item(j).place());
    workflow_.targets_.push_back(std::move(target));
  }
}

Workflow load_workflow(std::string_view text, const std::string& file_name, Sources& sources,
                       std::span<const Override> overrides) {
  return WorkflowLoader(text, file_name, sources).load(overrides);
}

}  // namespace provrun::pipeline
