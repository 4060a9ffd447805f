#include "workflow_loader.hpp"

#include <algorithm>

#include "compare_rules.hpp"
#include "paths.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "scalar.hpp"

namespace provrun::pipeline {

namespace {

const KeySet kTopKeys{{"provrun", "name", "params", "samples", "env", "defaults", "pools", "steps",
                       "hooks", "targets", "include"},
                      {"container", "conda", "modules", "slurm", "trace", "undeclared"}};

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

const KeySet& default_keys() {
  static const KeySet keys{{"retries", "resources", "shell", "compare", "trace", "undeclared"},
                           {"container", "conda", "modules", "slurm"}};
  return keys;
}

}  // namespace

WorkflowLoader::WorkflowLoader(std::string_view text, const std::string& file_name,
                               Sources& sources)
    : sources_(sources), diagnostics_(workflow_.texts_->texts), fields_(diagnostics_) {
  auto& pipeline = *parts_.emplace_back(std::make_unique<Part>());
  pipeline.text = workflow_.texts_->texts.add(file_name, without_mark(text));
  pipeline.defaults.shell = std::make_shared<const std::vector<std::string>>(
      std::vector<std::string>{"bash", "-euo", "pipefail", "-c"});
  pipeline.environment = std::make_shared<const EnvironmentDeclaration>();
}

Workflow WorkflowLoader::load(std::span<const Override> overrides) {
  auto& pipeline = *parts_.front();
  if (!read_root(pipeline)) diagnostics_.throw_if_any();
  read_part(pipeline, overrides, nullptr);
  // Steps that are missing with a file would all be unknown names.
  if (lacks_a_part_) diagnostics_.throw_if_any();
  for (const auto& part : parts_) load_surroundings(*part);
  load_steps();
  for (const auto& part : parts_) load_hooks(*part);
  for (const auto& part : parts_) load_targets(*part);
  diagnostics_.throw_if_any();
  auto& documents = workflow_.texts_->documents;
  for (std::size_t i = 0; i < documents.size(); ++i)
    documents[i].parameters = std::move(parts_[i]->parameters);
  workflow_.parameters_ = documents.front().parameters;
  return std::move(workflow_);
}

// Into a document of its own. False after an error that leaves nothing to read.
bool WorkflowLoader::read_root(Part& part) {
  const auto before = diagnostics_.size();
  auto& document = workflow_.texts_->documents.emplace_back();
  document.yaml = YamlDocument::parse(part.text, diagnostics_);
  const auto root = document.yaml.root();
  if (!root || root->is_null()) {
    if (diagnostics_.size() == before)
      diagnostics_.add({part.text, 0, 0}, "the pipeline is empty",
                       "it begins with 'provrun: 1' and has 'steps'");
    return false;
  }
  if (!root->is_map()) {
    diagnostics_.add(root->place(),
                     base::format("a pipeline is a map of keys, not {}", root->describe()),
                     "it begins with 'provrun: 1' and has 'steps'");
    return false;
  }
  part.root = *root;
  return true;
}

void WorkflowLoader::read_part(Part& part, std::span<const Override> overrides, const Node* given) {
  check_version(part.root);
  fields_.check_keys(part.root, kTopKeys, {});
  if (const auto name = part.root.find("name")) {
    auto text = fields_.non_empty_text(*name, {"name", {}});
    if (text && part.outer == nullptr) workflow_.name_ = std::move(*text);
  }
  load_parameters(part, overrides, given);
  load_pools(part.root);
  load_includes(part);
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

void WorkflowLoader::load_parameters(Part& part, std::span<const Override> overrides,
                                     const Node* given) {
  part.parameters.kind = Value::Kind::map;
  const auto node = part.root.find("params");
  if (node && fields_.require_map(*node, {"params", {}})) {
    if (node->size() == 1 && node->key(0) == "file" &&
        node->value(0).value_kind() == Value::Kind::text)
      load_parameters_file(part, node->value(0));
    else
      part.parameters = to_value(*node, diagnostics_);
  }
  apply_overrides(part, overrides);
  if (given != nullptr) give_parameters(part, *given);
  if (part.outer == nullptr) return;
  workflow_.included_.back().parameters = part.parameters.names;
  const auto& outer = part.outer->parameters;
  for (std::size_t i = 0; i < outer.names.size(); ++i) {
    if (part.parameters.find(outer.names[i]) != nullptr) continue;
    part.parameters.names.push_back(outer.names[i]);
    part.parameters.items.push_back(outer.items[i]);
  }
}

std::optional<std::string> WorkflowLoader::read_source(const std::string& path, Place place) {
  try {
    return sources_.read(path);
  } catch (const base::Error& error) {
    throw base::Error(error.code(), error.message())
        .hint(error.hint())
        .at(diagnostics_.texts().position(place));
  }
}

void WorkflowLoader::load_parameters_file(Part& part, const Node& file) {
  if (file.text().empty()) return fields_.report(file, {"file", {}}, "a path");
  const auto path = in_folder(part.folder(), file.text());
  const auto text = read_source(path, file.place());
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
  part.parameters = to_value(*root, diagnostics_);
}

void WorkflowLoader::apply_overrides(Part& part, std::span<const Override> overrides) {
  auto& parameters = part.parameters;
  for (const auto& override : overrides) {
    const auto index = workflow_.texts_->texts.add("--set " + override.name, override.value);
    auto* value = override.name.empty() ? nullptr : parameters.find(override.name);
    if (value == nullptr) {
      diagnostics_.add({index, 0, 0},
                       base::format("there is no parameter '{}'", base::printable(override.name)),
                       suggestion(override.name, parameters.names,
                                  parameters.names.empty()
                                      ? "the pipeline has no parameters"
                                      : "parameters: " + base::join(parameters.names, ", ")));
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
    else if (const auto limit = fields_.integer(node->value(i), {name, {}}, 1, kMaxPool)) {
      // What an included file says of a pool counts where the one around it says nothing.
      const auto known = std::any_of(workflow_.pools_.begin(), workflow_.pools_.end(),
                                     [&](const Pool& pool) { return pool.name == name; });
      if (!known)
        workflow_.pools_.push_back({name, static_cast<std::uint64_t>(*limit), node->key_place(i)});
    }
  }
}

// What the steps of a part have beside what they say themselves.
void WorkflowLoader::load_surroundings(Part& part) {
  if (part.outer != nullptr) {
    part.defaults = part.outer->defaults;
    part.environment = part.outer->environment;
  }
  load_defaults(part);
  part.tables = std::make_unique<InstanceTableReader>(
      sources_, std::string(part.folder()), part.parameters, diagnostics_, workflow_.files_,
      workflow_.globs_, part.outer != nullptr ? part.outer->tables.get() : nullptr);
  if (const auto samples = part.root.find("samples")) part.tables->read_samples(*samples);
  if (const auto env = part.root.find("env")) {
    TemplateScope scope;
    scope.parameters = &part.parameters;
    TemplateCompiler templates(scope, diagnostics_);
    part.environment = read_environment(fields_, diagnostics_, templates, *env, {"env", {}},
                                        TemplatePlace::shared, *part.environment);
  }
}

void WorkflowLoader::load_defaults(Part& part) {
  auto& defaults = part.defaults;
  const auto node = part.root.find("defaults");
  if (!node || !fields_.require_map(*node, {"defaults", {}})) return;
  fields_.check_keys(*node, default_keys(), {"defaults", {}});
  if (const auto value = node->find("compare"))
    read_compare(fields_, *value, {"compare", {}}, defaults.compare);
  if (const auto value = node->find("retries"))
    read_retries(fields_, *value, {"retries", {}}, defaults.retries);
  if (const auto value = node->find("resources"))
    read_resources(fields_, diagnostics_, *value, {"resources", {}}, workflow_.pools(),
                   defaults.resources);
  if (const auto value = node->find("shell")) {
    defaults.shell_is_default = false;
    if (auto shell = read_shell(fields_, *value, {"shell", {}})) defaults.shell = std::move(shell);
  }
  if (const auto value = node->find("trace"))
    read_trace(fields_, *value, {"trace", {}}, defaults.traced);
  if (const auto value = node->find("undeclared"))
    read_undeclared(fields_, *value, {"undeclared", {}}, defaults.undeclared);
}

// The names and places of a part's steps, which are those of the document.
void WorkflowLoader::name_steps(const Part& part,
                                std::vector<std::pair<const Part*, Node>>& bodies) {
  const auto steps = part.root.find("steps");
  if (!steps) {
    if (part.root.find("include") || is_misspelt(part.root, "steps") ||
        is_misspelt(part.root, "include"))
      return;
    fields_.report_missing(part.root, "steps", {}, "a step: 'steps: {hello: {run: echo hello}}'");
    return;
  }
  if (!fields_.require_map(*steps, {"steps", {}})) return;
  if (steps->size() == 0) diagnostics_.add(steps->place(), "the pipeline has no steps");
  // One part has most of the steps; others must not make all of them move for a few more.
  if (const auto count = workflow_.steps_.size() + steps->size();
      workflow_.steps_.capacity() < count)
    workflow_.steps_.reserve(std::max(count, 2 * workflow_.steps_.capacity()));
  bodies.reserve(workflow_.steps_.capacity());
  for (std::size_t i = 0; i < steps->size(); ++i) {
    auto& step = workflow_.steps_.emplace_back();
    step.name = part.prefix();
    step.name += steps->key(i);
    step.place = steps->key_place(i);
    step.included = part.included;
    bodies.emplace_back(&part, steps->value(i));
    if (!is_step_name(steps->key(i)))
      diagnostics_.add(step.place,
                       base::format("'{}' is no name for a step", base::printable(steps->key(i))),
                       "names have letters, digits, '_' and '-', and no '-' in front");
  }
}

void WorkflowLoader::load_steps() {
  workflow_.hooks_.environment = parts_.front()->environment;
  workflow_.hooks_.shell = parts_.front()->defaults.shell;
  std::vector<std::pair<const Part*, Node>> bodies;
  // Includes stand at the top of a file, and so do their steps.
  for (std::size_t i = 1; i < parts_.size(); ++i) name_steps(*parts_[i], bodies);
  name_steps(*parts_.front(), bodies);
  auto& steps = workflow_.steps_;
  workflow_.step_by_name_.reserve(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto [at, is_new] =
        workflow_.step_by_name_.emplace(steps[i].name, static_cast<StepId>(i));
    if (is_new) continue;
    const auto& first = steps[index_of(at->second)];
    if (first.place.file == steps[i].place.file) continue;  // said already
    const auto there = diagnostics_.texts().position(first.place);
    diagnostics_.add(steps[i].place,
                     base::format("there is another step '{}', in {}:{}", steps[i].name,
                                  base::printable(there.file), there.line),
                     "give the included file a 'prefix' of its own");
  }

  const auto no_parameters = std::make_shared<const codec::Json>(codec::Json::object());
  std::vector<PendingCollect> collects;
  for (const auto i : loading_order(bodies)) {
    StepContext context{diagnostics_, fields_, *bodies[i].first, no_parameters, workflow_};
    StepLoader(context, collects).load(bodies[i].second, static_cast<StepId>(i), steps[i]);
  }
  refuse_needed_patterns();
  find_collected_outputs(collects);
}

void WorkflowLoader::find_collected_outputs(const std::vector<PendingCollect>& collects) {
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
std::vector<std::size_t> WorkflowLoader::loading_order(
    const std::vector<std::pair<const Part*, Node>>& bodies) const {
  std::vector<std::size_t> order;
  std::map<std::size_t, std::size_t> source_of;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const auto& [part, node] = bodies[i];
    const auto foreach = node.is_map() ? node.find("foreach") : std::nullopt;
    const auto from = foreach && foreach->is_map() ? foreach->find("from") : std::nullopt;
    if (!from || !from->is_scalar()) continue;
    const auto text = from->text();
    if (const auto source = part->find_step(workflow_, text.substr(0, text.find('.'))))
      source_of.emplace(i, index_of(*source));
  }
  std::vector<bool> is_placed(bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
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

// A hook belongs to no step: of templates it knows the parameters. Those of an included file are
// for when it is run itself.
void WorkflowLoader::load_hooks(const Part& part) {
  static const KeySet keys{{"on_success", "on_failure"}, {}};
  const auto node = part.root.find("hooks");
  if (!node || !fields_.require_map(*node, {"hooks", {}})) return;
  fields_.check_keys(*node, keys, {"hooks", {}});
  TemplateScope scope;
  scope.parameters = &part.parameters;
  TemplateCompiler templates(scope, diagnostics_);
  const auto read = [&](std::string_view key, std::vector<std::string>& scripts) {
    const auto value = node->find(key);
    if (!value) return;
    for (const auto& item : fields_.one_or_more(*value, {key, {}})) {
      std::string script;
      for (const auto& piece :
           templates.compile(item.text(), item.place(), TemplatePlace::hook).pieces)
        script += piece.text;
      if (part.outer == nullptr) scripts.push_back(std::move(script));
    }
  };
  read("on_success", workflow_.hooks_.on_success);
  read("on_failure", workflow_.hooks_.on_failure);
}

void WorkflowLoader::load_targets(const Part& part) {
  const auto node = part.root.find("targets");
  if (!node || !fields_.require_map(*node, {"targets", {}})) return;
  for (std::size_t i = 0; i < node->size(); ++i) {
    Workflow::Target target;
    target.name = node->key(i);
    if (target.name.empty()) diagnostics_.add(node->key_place(i), "a target needs a name");
    const auto list = node->value(i);
    target.members = fields_.texts(list, {target.name, {}});
    for (std::size_t j = 0; j < list.size(); ++j)
      if (list.is_sequence()) target.places.push_back(list.item(j).place());
    // Which targets a run has by default, the pipeline says.
    if (part.outer != nullptr && part.prefix().empty() && target.name == "default") continue;
    target.name.insert(0, part.prefix());
    if (part.outer != nullptr)
      for (auto& member : target.members) member = member_of(part, member);
    const auto same = std::find_if(workflow_.targets_.begin(), workflow_.targets_.end(),
                                   [&](const auto& other) { return other.name == target.name; });
    if (same != workflow_.targets_.end())
      diagnostics_.add(
          node->key_place(i),
          base::format("another file has a target '{}', too", base::printable(target.name)),
          "give the included file a 'prefix' of its own");
    else
      workflow_.targets_.push_back(std::move(target));
  }
}

// A step or an instance of the part, or one of its files.
std::string WorkflowLoader::member_of(const Part& part, const std::string& member) const {
  const auto end = std::min(member.find('@'), member.size());
  const auto step = part.find_step(workflow_, std::string_view(member).substr(0, end));
  if (!step) return in_folder(part.folder(), member);
  return workflow_.step(*step).name + member.substr(end);
}

Workflow load_workflow(std::string_view text, const std::string& file_name, Sources& sources,
                       std::span<const Override> overrides) {
  return WorkflowLoader(text, file_name, sources).load(overrides);
}

}  // namespace provrun::pipeline
