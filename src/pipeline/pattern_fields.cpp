#include <algorithm>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "step_loader.hpp"

// `pattern` of a step.
namespace provrun::pipeline {

void StepLoader::load_pattern(const Node& node) {
  if (step_->instances != nullptr || step_->from != nullptr) {
    diagnostics_.add(node.place(),
                     base::format("step '{}' has both 'pattern' and a table", step_->name),
                     "a table lists the instances, a pattern makes them on demand");
    return;
  }
  knows_variables_ = false;  // until they can be read
  if (!fields_.require_map(node, where("pattern"))) return;
  if (node.size() == 0) return fields_.report(node, where("pattern"), "a map with a variable");
  auto rule = std::make_shared<PatternRule>();
  rule->place = node.place();
  for (std::size_t i = 0; i < node.size(); ++i) {
    const std::string name(node.key(i));
    if (!context_.tables().check_variable(name, node.key_place(i), true)) return;
    rule->variables.push_back(name);
    auto& shapes = rule->shapes.emplace_back();
    for (const auto& item : fields_.one_or_more(node.value(i), where(name))) {
      if (item.text().find_first_of("/{}") != std::string_view::npos)
        fields_.report(item, where(name), "what a part of a path looks like, such as \"*\"",
                       "'*' stands for anything without a '/'");
      shapes.emplace_back(item.text());
    }
  }
  scope_.variables = rule->variables;
  step_->pattern = std::move(rule);
  knows_variables_ = true;
}

// A needed path must tell the value of every variable.
void StepLoader::check_pattern() {
  const auto& variables = step_->pattern->variables;
  std::size_t count = 0;
  const auto check = [&](const Template& text) {
    ++count;
    std::vector<bool> seen(variables.size());
    for (const auto& piece : text.pieces) {
      if (piece.what == Template::What::variable) {
        seen[piece.index] = true;
      } else if (piece.what != Template::What::literal) {
        diagnostics_.add(text.place,
                         base::format("an output of the pattern rule '{}' may be made of text and "
                                      "its variables only",
                                      step_->name));
        return;
      }
    }
    for (std::size_t i = 0; i < variables.size(); ++i)
      if (!seen[i])
        diagnostics_.add(text.place,
                         base::format("the output of step '{}' does not name {{{}}} of its pattern",
                                      step_->name, variables[i]),
                         "the value of each variable is taken from the name of the needed file");
  };
  for (const auto& output : step_->outputs)
    for (const auto& path : output.paths) check(path);
  if (step_->standard_output) check(*step_->standard_output);
  if (count == 0 && step_->outputs.empty())
    diagnostics_.add(step_->pattern->place,
                     base::format("the pattern rule '{}' has no outputs", step_->name),
                     "what it makes decides when it is used");
}

}  // namespace provrun::pipeline
