#include <algorithm>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "scalar.hpp"
#include "step_loader.hpp"

// `discover` of an output and `foreach: {from: …}`.
namespace provrun::pipeline {

namespace {

// Far more than a file name can hold in a way that people understand.
constexpr std::size_t kMaxFound = 20;

void append_text(DiscoverRule& rule, std::string_view text) {
  using What = DiscoverRule::Piece::What;
  while (!text.empty()) {
    const auto star = std::min(text.find('*'), text.size());
    if (star > 0) rule.pieces.push_back({What::literal, 0, std::string(text.substr(0, star))});
    if (star < text.size()) rule.pieces.push_back({What::any, 0, {}});
    text.remove_prefix(std::min(star + 1, text.size()));
  }
}

bool is_open(const DiscoverRule::Piece& piece) {
  return piece.what == DiscoverRule::Piece::What::any ||
         piece.what == DiscoverRule::Piece::What::found;
}

std::optional<std::uint32_t> number_in(const std::vector<std::string>& names,
                                       std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - names.begin());
}

}  // namespace

void StepLoader::load_discover(const Node& node, OutputDeclaration& output) {
  using Piece = DiscoverRule::Piece;
  const auto text = fields_.non_empty_text(node, where("discover"));
  if (!text || !knows_variables_) return;
  if (step_->pattern) {
    diagnostics_.add(node.place(),
                     base::format("the pattern rule '{}' cannot discover files", step_->name),
                     "what it makes decides when it is used, and must be known before it runs");
    return;
  }
  auto rule = std::make_shared<DiscoverRule>();
  rule->place = node.place();
  std::size_t done = 0;
  while (const auto match = find_template(*text, done)) {
    const auto whole = text->substr(match->begin, match->end - match->begin);
    append_text(*rule, std::string_view(*text).substr(done, match->begin - done));
    done = match->end;
    if (match->escaped) {
      rule->pieces.push_back({Piece::What::literal, 0, whole.substr(1, whole.size() - 2)});
    } else if (const auto own = number_in(scope_.variables, match->name)) {
      rule->pieces.push_back({Piece::What::variable, *own, {}});
    } else if (match->name.find('.') != std::string_view::npos || match->name == "step" ||
               match->name == "cpus" || is_reserved_variable(match->name)) {
      const auto before = diagnostics_.size();
      const auto compiled = templates_.compile(whole, node.place(), TemplatePlace::shared);
      if (diagnostics_.size() != before) return;
      for (const auto& piece : compiled.pieces)
        rule->pieces.push_back({Piece::What::literal, 0, piece.text});
    } else {
      if (!context_.tables().check_variable(match->name, node.place(), true)) return;
      auto number = number_in(rule->variables, match->name);
      if (!number) {
        number = static_cast<std::uint32_t>(rule->variables.size());
        rule->variables.emplace_back(match->name);
      }
      rule->pieces.push_back({Piece::What::found, *number, {}});
    }
  }
  append_text(*rule, std::string_view(*text).substr(done));
  const auto folder = context_.part.folder();
  if (!folder.empty() && !text->starts_with('/'))
    rule->pieces.insert(rule->pieces.begin(), {Piece::What::literal, 0, std::string(folder) + '/'});
  const auto& pieces = rule->pieces;
  bool neighbours = false;
  for (std::size_t i = 1; i < pieces.size(); ++i)
    neighbours = neighbours || (is_open(pieces[i - 1]) && is_open(pieces[i]));
  if (std::none_of(pieces.begin(), pieces.end(), is_open))
    diagnostics_.add(node.place(), base::format("'{}' names one file and discovers none", *text),
                     "write a name in braces where file names differ: parts/{chunk}.csv; a file "
                     "that is known is a 'path'");
  else if (neighbours || rule->variables.size() > kMaxFound)
    diagnostics_.add(node.place(),
                     base::format("'{}' has '**', neighbouring names or too many of them", *text),
                     "between two names there must be text that tells where one ends");
  else if (text->ends_with('/'))
    diagnostics_.add(node.place(), base::format("'{}' is a directory", *text),
                     "files are discovered: name those in it");
  else
    output.discover = std::move(rule);
}

// After the step it names, if there is one.
void StepLoader::load_from(const Node& node) {
  const auto text = fields_.non_empty_text(node, where("from"));
  if (!text) return;
  const auto dot = text->find('.');
  const auto name = std::string_view(*text).substr(0, dot);
  const auto id = context_.find_step(name);
  if (!id) return report_unknown_step(name, node.place(), "from");
  const auto& source = context_.workflow.step(*id);
  if (*id == id_ || source.environment == nullptr) {  // it is not read yet
    diagnostics_.add(node.place(),
                     base::format("'from' goes in a circle: the files of step '{}' are known only "
                                  "after step '{}'",
                                  source.name, step_->name),
                     "one of them needs a table of its own");
    return;
  }
  std::vector<std::string> known;
  std::optional<std::uint32_t> output;
  for (std::uint32_t i = 0; i < source.outputs.size(); ++i) {
    const auto& declared = source.outputs[i];
    auto full = declared.name.empty() ? source.name : source.name + "." + declared.name;
    // One with an error of its own.
    if (!declared.discover && declared.paths.empty() && full == *text) return;
    if (!declared.discover) continue;
    known.push_back(std::move(full));
    if (known.back() == *text || (dot == std::string::npos && !output)) output = i;
  }
  const bool is_clear = dot != std::string::npos || known.size() == 1 ||
                        (!known.empty() && known.front() == source.name);
  if (!output || !is_clear) {
    diagnostics_.add(
        node.place(),
        known.size() > 1 && dot == std::string::npos
            ? base::format("step '{}' discovers files of several outputs", source.name)
            : base::format("'{}' names no discovered output", base::printable(*text)),
        suggestion(*text, known,
                   known.empty() ? "an output is discovered by {discover: \"parts/{chunk}.csv\"}"
                                 : "discovered outputs: " + base::join(known, ", ")));
    return;
  }
  auto rule = std::make_shared<FromRule>();
  rule->step = *id;
  rule->output = *output;
  rule->place = node.place();
  std::vector<std::string> theirs;
  std::size_t naming = 0;
  if (source.instances) {
    theirs = source.instances->variables;
    naming = source.instances->naming_variables;
  } else if (source.from) {
    theirs = source.from->variables;
    naming = source.from->naming_variables;
  }
  const auto add = [&](const std::string& variable, bool is_found, std::size_t index) {
    rule->variables.push_back(variable);
    rule->sources.push_back({is_found, static_cast<std::uint32_t>(index)});
  };
  const auto& found = source.outputs[*output].discover->variables;
  for (std::size_t i = 0; i < naming; ++i) add(theirs[i], false, i);
  for (std::size_t i = 0; i < found.size(); ++i) add(found[i], true, i);
  rule->naming_variables = rule->variables.size();
  for (std::size_t i = naming; i < theirs.size(); ++i) add(theirs[i], false, i);
  if (rule->naming_variables == 0) {
    diagnostics_.add(node.place(),
                     base::format("the files of '{}' have no name to tell them apart", *text),
                     "write a name in braces instead of '*'");
    return;
  }
  scope_.variables = rule->variables;
  step_->from = std::move(rule);
}

}  // namespace provrun::pipeline
