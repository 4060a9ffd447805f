#include "step_loader.hpp"

#include <algorithm>

#include "compare_rules.hpp"
#include "expression.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "scalar.hpp"

namespace provrun::pipeline {

namespace {

constexpr std::int64_t kMaxRounds = 1'000'000;

const KeySet kOutputKeys{{"path", "discover", "publish", "caption", "log", "temp", "protected",
                          "optional", "persist", "cache", "ensure"},
                         {}};

}  // namespace

void StepLoader::load(const Node& node, StepId id, Step& step) {
  step_ = &step;
  id_ = id;
  step.environment = context_.part.environment;
  step.parameters = context_.no_parameters;
  step.shell = context_.part.defaults.shell;
  step.shell_is_default = context_.part.defaults.shell_is_default;
  step.resources = context_.part.defaults.resources;
  step.retries = context_.part.defaults.retries;
  step.compare = context_.part.defaults.compare;
  step.traced = context_.part.defaults.traced;
  step.undeclared = context_.part.defaults.undeclared;
  if (!fields_.require_map(node, where(""))) return;
  const bool knows_keys = fields_.check_keys(node, step_keys(), where(""));

  scope_.parameters = &context_.parameters();
  scope_.step = step.name;
  load_table(node);
  if (const auto value = node.find("pattern")) load_pattern(*value);
  load_attributes(node);
  scope_.cpus = std::to_string(step.resources.cpus);
  if (const auto value = node.find("inputs")) load_inputs(*value);
  if (const auto value = node.find("outputs")) load_outputs(*value);
  if (const auto value = node.find("needs")) load_needs(*value);
  load_streams(node);
  if (const auto value = node.find("env"))
    step.environment = read_environment(fields_, diagnostics_, templates_, *value, where("env"),
                                        TemplatePlace::environment, *context_.part.environment);
  // An unknown key may well be a misspelt `run`: one message is enough.
  if (knows_keys || node.find("run")) load_run(node);
  if (const auto value = node.find("repeat")) load_repeat(*value);
  load_parameters(node);
  if (step.pattern) check_pattern();
}

void StepLoader::load_table(const Node& node) {
  const auto foreach = node.find("foreach");
  const auto matrix = node.find("matrix");
  if (foreach && matrix) {
    diagnostics_.add(matrix->place(),
                     base::format("step '{}' has both 'foreach' and 'matrix'", step_->name),
                     "a matrix with one more variable says the same");
    return;
  }
  const auto from = foreach && foreach->is_map() ? foreach->find("from") : std::nullopt;
  if (from && foreach->size() == 1) {
    load_from(*from);
  } else if (foreach) {
    step_->instances = context_.tables().read_foreach(*foreach, where("foreach"));
  }
  if (matrix) step_->instances = context_.tables().read_matrix(*matrix, where("matrix"));
  if (step_->instances) scope_.variables = step_->instances->variables;
  // After a table that cannot be read every variable would be reported as unknown.
  knows_variables_ = step_->instances != nullptr || step_->from != nullptr || (!foreach && !matrix);
}

void StepLoader::load_when(const Node& node) {
  const auto text = fields_.non_empty_text(node, where("when"));
  if (!text || !knows_variables_) return;
  const auto resolve =
      [&](std::string_view name,
          std::size_t offset) -> std::variant<Expression::Name, Expression::Failure> {
    Expression::Name meaning;
    const auto& variables = scope_.variables;
    const auto variable = std::find(variables.begin(), variables.end(), name);
    if (variable != variables.end()) {
      meaning.variable = static_cast<std::size_t>(variable - variables.begin());
      return meaning;
    }
    auto& constant = meaning.constant;
    if (name == "step") {
      constant.text = step_->name;
      return meaning;
    }
    const auto* value =
        name.starts_with("params.") ? context_.parameters().find(name.substr(7)) : nullptr;
    if (value == nullptr) {
      auto known = variables;
      known.emplace_back("step");
      for (const auto& parameter : context_.parameters().names)
        known.push_back("params." + parameter);
      return Expression::Failure{offset, base::format("unknown name '{}' in 'when'", name),
                                 suggestion(name, known, "known here: " + base::join(known, ", "))};
    }
    constant.text = value->text;
    switch (value->kind) {
      case Value::Kind::boolean:
        constant.kind = Expression::Operand::Kind::boolean;
        constant.truth = to_boolean(value->text);
        break;
      case Value::Kind::integer:
      case Value::Kind::real:
        constant.kind = Expression::Operand::Kind::number;
        constant.number = to_real(value->text).value_or(0);
        break;
      case Value::Kind::text:
        break;
      default:
        return Expression::Failure{
            offset, base::format("'{}' is not one value and cannot be compared", name), ""};
    }
    return meaning;
  };
  step_->when_place = node.place();
  auto compiled = Expression::compile(*text, resolve);
  if (const auto* failure = std::get_if<Expression::Failure>(&compiled)) {
    const auto rest = std::string_view(*text).substr(failure->offset);
    diagnostics_.add(rest.empty() ? node.place() : diagnostics_.texts().find(node.place(), rest),
                     failure->message, failure->hint);
    return;
  }
  step_->when = std::make_shared<const Expression>(std::move(std::get<Expression>(compiled)));
}

void StepLoader::load_attributes(const Node& node) {
  for (std::size_t i = 0; i < node.size(); ++i) {
    const auto key = node.key(i);
    const auto value = node.value(i);
    if (key == "description") {
      if (auto text = fields_.text(value, where(key))) step_->description = std::move(*text);
    } else if (key == "tags") {
      step_->tags = fields_.texts(value, where(key));
    } else if (key == "resources") {
      read_resources(fields_, diagnostics_, value, where(key), context_.workflow.pools(),
                     step_->resources);
    } else if (key == "retries") {
      read_retries(fields_, value, where(key), step_->retries);
    } else if (key == "compare") {
      read_compare(fields_, value, where(key), step_->compare);
    } else if (key == "shell") {
      step_->shell_is_default = false;
      if (auto shell = read_shell(fields_, value, where(key))) step_->shell = std::move(shell);
    } else if (key == "always") {
      step_->always = fields_.boolean(value, where(key)).value_or(false);
    } else if (key == "frozen") {
      step_->frozen = fields_.boolean(value, where(key)).value_or(false);
    } else if (key == "trace") {
      read_trace(fields_, value, where(key), step_->traced);
    } else if (key == "undeclared") {
      read_undeclared(fields_, value, where(key), step_->undeclared);
    } else if (key == "when") {
      load_when(value);
    }
  }
  if (step_->always && step_->frozen)
    diagnostics_.add(node.find("frozen")->place(),
                     base::format("step '{}' cannot be both always run and frozen", step_->name));
}

bool StepLoader::check_file_name(std::string_view name, Place place, std::string_view what) {
  if (is_dashed_identifier(name)) return true;
  diagnostics_.add(place, base::format("'{}' is no name for an {}", base::printable(name), what),
                   "names have letters, digits, '_' and '-', and a letter in front");
  return false;
}

void StepLoader::load_inputs(const Node& node) {
  const bool is_named = node.is_map() && !(node.size() == 1 && node.key(0) == "collect");
  if (!is_named) {
    load_input(node, "");
  } else {
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (node.key(i) == "collect") {
        diagnostics_.add(node.key_place(i), "no input can be called 'collect'",
                         "to collect, write {collect: step} as the value of a name");
      } else if (check_file_name(node.key(i), node.key_place(i), "input")) {
        load_input(node.value(i), std::string(node.key(i)));
      }
    }
  }
  for (const auto& input : step_->inputs) {
    scope_.inputs.push_back(input.name);
    scope_.collects.push_back(
        std::any_of(input.items.begin(), input.items.end(),
                    [](const auto& item) { return item.collect.has_value(); }));
  }
}

void StepLoader::load_input(const Node& node, std::string name) {
  InputDeclaration input;
  input.name = std::move(name);
  if (node.is_sequence())
    for (std::size_t i = 0; i < node.size(); ++i) load_input_item(node.item(i), input);
  else
    load_input_item(node, input);
  step_->inputs.push_back(std::move(input));
}

void StepLoader::load_input_item(const Node& node, InputDeclaration& input) {
  if (node.is_map()) return load_collect(node, input);
  if (!node.is_scalar() || node.text().empty())
    return fields_.report(node, where(input.name.empty() ? std::string_view("inputs") : input.name),
                          "a path, a list of paths or {collect: step}");
  if (!knows_variables_) return;
  for (auto& path : templates_.compile_paths(node.text(), node.place(), TemplatePlace::input_path))
    input.items.push_back({std::move(path), std::nullopt, node.place()});
}

void StepLoader::load_collect(const Node& node, InputDeclaration& input) {
  static const KeySet keys{{"collect"}, {}};
  fields_.check_keys(node, keys,
                     where(input.name.empty() ? std::string_view("inputs") : input.name));
  const auto value = node.find("collect");
  if (!value) {
    if (node.size() == 0)
      fields_.report_missing(node, "collect",
                             where(input.name.empty() ? std::string_view("inputs") : input.name));
    return;
  }
  const auto text = fields_.non_empty_text(*value, where("collect"));
  if (!text) return;
  const auto dot = text->find('.');
  const auto from = context_.find_step(std::string_view(*text).substr(0, dot));
  if (!from)
    return report_unknown_step(std::string_view(*text).substr(0, dot), value->place(), "collect");
  InputDeclaration::Item item;
  item.collect = Collect{*from, std::nullopt};
  item.place = value->place();
  if (dot != std::string::npos)
    collects_.push_back({id_, static_cast<std::uint32_t>(step_->inputs.size()),
                         static_cast<std::uint32_t>(input.items.size()), *from,
                         text->substr(dot + 1), value->place()});
  input.items.push_back(std::move(item));
}

void StepLoader::load_outputs(const Node& node) {
  const bool is_named = node.is_map() && !node.find("path") && !node.find("discover");
  if (!is_named) {
    load_output(node, "");
  } else {
    for (std::size_t i = 0; i < node.size(); ++i)
      if (check_file_name(node.key(i), node.key_place(i), "output"))
        load_output(node.value(i), std::string(node.key(i)));
  }
  for (const auto& output : step_->outputs) scope_.outputs.push_back(output.name);
}

void StepLoader::load_output(const Node& node, std::string name) {
  OutputDeclaration output;
  output.name = std::move(name);
  output.place = node.place();
  const auto wanted = where(output.name.empty() ? std::string_view("outputs") : output.name);
  const auto add_path = [&](const Node& path, OutputDeclaration& to) {
    if (!path.is_scalar() || path.text().empty())
      return fields_.report(path, wanted, "a path, a list of paths or a map with 'path'");
    if (!knows_variables_) return;
    for (auto& compiled :
         templates_.compile_paths(path.text(), path.place(), TemplatePlace::output_path))
      to.paths.push_back(std::move(compiled));
  };
  if (node.is_map()) {
    load_output_attributes(node, output);
  } else if (!node.is_sequence()) {
    add_path(node, output);
  } else if (output.name.empty()) {
    // Each item is a declaration, so that items with attributes keep their place in the list.
    for (std::size_t i = 0; i < node.size(); ++i) {
      OutputDeclaration one;
      one.place = node.item(i).place();
      if (node.item(i).is_map())
        load_output_attributes(node.item(i), one);
      else
        add_path(node.item(i), one);
      step_->outputs.push_back(std::move(one));
    }
    return;
  } else {
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (node.item(i).is_map())
        fields_.report(node.item(i), wanted, "a list of paths",
                       "attributes belong to a name of their own");
      else
        add_path(node.item(i), output);
    }
  }
  step_->outputs.push_back(std::move(output));
}

void StepLoader::load_output_attributes(const Node& node, OutputDeclaration& output) {
  const auto wanted = where(output.name.empty() ? std::string_view("outputs") : output.name);
  fields_.check_keys(node, kOutputKeys, wanted);
  if (const auto path = node.find("path")) {
    const auto text = fields_.non_empty_text(*path, {"path", wanted.step});
    if (text && knows_variables_)
      output.paths.push_back(templates_.compile(*text, path->place(), TemplatePlace::output_path));
    if (node.find("discover"))
      diagnostics_.add(path->place(),
                       base::format("{} has both 'path' and 'discover'", wanted.to_string()),
                       "a file that is known is a 'path'; others are discovered");
  } else if (const auto discover = node.find("discover")) {
    load_discover(*discover, output);
  } else {
    fields_.report_missing(node, "path", wanted);
  }
  read_output_attributes(fields_, diagnostics_, node, wanted, output);
}

void StepLoader::report_unknown_step(std::string_view name, Place place, std::string_view key) {
  diagnostics_.add(place,
                   base::format("'{}' in step '{}' names '{}', which is no step", key, step_->name,
                                base::printable(name)),
                   suggestion(name, context_.part.step_names(context_.workflow)));
}

void StepLoader::load_needs(const Node& node) {
  const auto add = [&](const Node& item) {
    const auto name = fields_.non_empty_text(item, where("needs"));
    if (!name) return;
    const auto step = context_.find_step(*name);
    if (!step)
      report_unknown_step(*name, item.place(), "needs");
    else if (std::find(step_->needs.begin(), step_->needs.end(), *step) == step_->needs.end())
      step_->needs.push_back(*step);
  };
  if (!node.is_sequence()) return add(node);
  for (std::size_t i = 0; i < node.size(); ++i) add(node.item(i));
}

void StepLoader::load_streams(const Node& node) {
  const auto read = [&](std::string_view key, TemplatePlace place) -> std::optional<Template> {
    const auto value = node.find(key);
    if (!value) return std::nullopt;
    const auto text = fields_.non_empty_text(*value, where(key));
    if (!text || !knows_variables_) return std::nullopt;
    return templates_.compile(*text, value->place(), place);
  };
  step_->cwd = read("cwd", TemplatePlace::input_path);
  step_->standard_input = read("stdin", TemplatePlace::stream_path);
  step_->standard_output = read("stdout", TemplatePlace::sink_path);
  step_->standard_error = read("stderr", TemplatePlace::sink_path);
}

void StepLoader::load_run(const Node& node) {
  const auto run = node.find("run");
  if (!run)
    return fields_.report_missing(node, "run", where(""), "say what the step does: run: COMMAND");
  for (const auto& item : fields_.one_or_more(*run, where("run")))
    if (knows_variables_)
      step_->run.push_back(templates_.compile(item.text(), item.place(), TemplatePlace::command));
}

void StepLoader::load_repeat(const Node& node) {
  static const KeySet keys{{"max", "until"}, {}};
  if (!fields_.require_map(node, where("repeat"))) return;
  const bool knows_keys = fields_.check_keys(node, keys, where("repeat"));
  const auto most = node.find("max");
  const auto until = node.find("until");
  if (knows_keys && !most)
    fields_.report_missing(node, "max", where("repeat"), "say after how many rounds it has failed");
  if (knows_keys && !until)
    fields_.report_missing(node, "until", where("repeat"),
                           "a command: its exit code 0 says that the step is done, 1 not yet");
  const auto count = most ? fields_.integer(*most, where("max"), 1, kMaxRounds) : std::nullopt;
  const auto text = until ? fields_.non_empty_text(*until, where("until")) : std::nullopt;
  if (!count || !text || !knows_variables_) return;
  auto rule = std::make_shared<RepeatRule>();
  rule->max = static_cast<std::uint32_t>(*count);
  rule->until = templates_.compile(*text, until->place(), TemplatePlace::command);
  rule->place = node.place();
  step_->repeat = std::move(rule);
}

void StepLoader::load_parameters(const Node& node) {
  auto& used = scope_.used_parameters;
  const auto list = node.find("params");
  if (list && fields_.require_list(*list, where("params"))) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto name = fields_.non_empty_text(list->item(i), where("params"));
      if (!name) continue;
      if (context_.parameters().find(*name) != nullptr) {
        used.insert(*name);
        continue;
      }
      diagnostics_.add(list->item(i).place(),
                       base::format("there is no parameter '{}'", base::printable(*name)),
                       suggestion(*name, context_.parameters().names));
    }
  }
  if (used.empty()) return;
  codec::Json::Object values;
  for (const auto& name : used)
    values.emplace_back(name, context_.parameters().find(name)->to_json());
  step_->parameters = std::make_shared<const codec::Json>(std::move(values));
}

}  // namespace provrun::pipeline
