#include "template_compiler.hpp"

#include <algorithm>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "scalar.hpp"

namespace provrun::pipeline {

namespace {

bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9');
}

// The length of a dotted identifier at the front: a.b-c.d; only parts after a dot may have dashes.
std::size_t dotted_length(std::string_view text) {
  if (text.empty() || !is_letter(text[0])) return 0;
  std::size_t i = 1;
  bool dotted = false;
  while (i < text.size()) {
    if (text[i] == '.' && i + 1 < text.size() && is_word(text[i + 1])) {
      dotted = true;
      ++i;
    } else if (!is_word(text[i]) && !(dotted && text[i] == '-')) {
      break;
    }
    ++i;
  }
  return i;
}

// "{name}" or "{name:raw}" at an offset.
std::optional<TemplateMatch> match_at(std::string_view text, std::size_t at) {
  const auto length = dotted_length(text.substr(at + 1));
  if (length == 0) return std::nullopt;
  TemplateMatch match;
  match.begin = at;
  match.name = text.substr(at + 1, length);
  auto rest = text.substr(at + 1 + length);
  match.raw = rest.starts_with(":raw");
  if (match.raw) rest.remove_prefix(4);
  if (!rest.starts_with("}")) return std::nullopt;
  match.end = text.size() - rest.size() + 1;
  return match;
}

void append_literal(Template& result, std::string_view text) {
  if (text.empty()) return;
  if (result.pieces.empty() || result.pieces.back().what != Template::What::literal)
    result.pieces.emplace_back();
  result.pieces.back().text += text;
}

std::string shell_words(const std::vector<Value>& values, bool quoted) {
  std::string words;
  for (const auto& value : values) {
    if (!words.empty()) words += ' ';
    words += quoted ? base::shell_quote(value.text) : value.text;
  }
  return words;
}

bool is_scalar_list(const Value& value) {
  return value.kind == Value::Kind::list &&
         std::all_of(value.items.begin(), value.items.end(), [](const Value& item) {
           return item.is_scalar() && item.kind != Value::Kind::null;
         });
}

}  // namespace

std::optional<TemplateMatch> find_template(std::string_view text, std::size_t from) {
  for (auto at = text.find('{', from); at != std::string_view::npos; at = text.find('{', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] == '{') {
      auto inner = match_at(text, at + 1);
      if (!inner || inner->end >= text.size() || text[inner->end] != '}') continue;
      inner->begin = at;
      ++inner->end;
      inner->escaped = true;
      return inner;
    }
    if (at > 0 && text[at - 1] == '$') continue;  // a shell variable
    if (auto match = match_at(text, at)) return match;
  }
  return std::nullopt;
}

Template TemplateCompiler::compile(std::string_view text, Place place, TemplatePlace where) {
  Template result;
  result.place = place;
  std::size_t done = 0;
  while (const auto match = find_template(text, done)) {
    append_literal(result, text.substr(done, match->begin - done));
    const auto whole = text.substr(match->begin, match->end - match->begin);
    if (match->escaped)
      append_literal(result, whole.substr(1, whole.size() - 2));
    else
      append(result, {match->name, whole, match->raw, place, where});
    done = match->end;
  }
  append_literal(result, text.substr(done));
  return result;
}

const Value* TemplateCompiler::list_parameter(std::string_view text) {
  const auto match = find_template(text, 0);
  if (!match || match->escaped || match->raw || match->begin != 0 || match->end != text.size())
    return nullptr;
  if (!match->name.starts_with("params.")) return nullptr;
  const auto name = match->name.substr(7);
  const auto* value = scope_.parameters->find(name);
  if (value == nullptr || !is_scalar_list(*value)) return nullptr;
  scope_.used_parameters.emplace(name);
  return value;
}

std::vector<Template> TemplateCompiler::compile_paths(std::string_view text, Place place,
                                                      TemplatePlace where) {
  std::vector<Template> templates;
  const auto* list = list_parameter(text);
  if (list == nullptr) return {compile(text, place, where)};
  for (const auto& item : list->items) {
    templates.emplace_back().place = place;
    append_literal(templates.back(), item.text);
  }
  return templates;
}

void TemplateCompiler::append(Template& result, const Use& use) {
  Template::Piece piece;
  piece.raw = use.raw;
  const auto variable = std::find(scope_.variables.begin(), scope_.variables.end(), use.name) -
                        scope_.variables.begin();
  if (static_cast<std::size_t>(variable) < scope_.variables.size()) {
    piece.what = Template::What::variable;
    piece.index = static_cast<std::uint32_t>(variable);
    result.pieces.push_back(std::move(piece));
  } else if (use.name.starts_with("params.")) {
    append_parameter(result, use);
  } else if (use.where == TemplatePlace::hook ||
             (use.where == TemplatePlace::shared && scope_.step.empty())) {
    report_unknown(use);
  } else if (use.name == "step") {
    append_literal(result, scope_.step);
  } else if (use.name == "cpus") {
    append_literal(result, scope_.cpus);
  } else if (use.name == "name") {
    piece.what = Template::What::name;
    result.pieces.push_back(std::move(piece));
  } else if (!append_file(result, use)) {
    report_unknown(use);
  }
}

void TemplateCompiler::append_parameter(Template& result, const Use& use) {
  const auto name = use.name.substr(7);
  const auto* value = scope_.parameters->find(name);
  if (value == nullptr) return report_unknown(use);
  const auto report = [&](std::string_view what, std::string hint) {
    diagnostics_.add(diagnostics_.texts().find(use.place, use.whole),
                     base::format("{} cannot be inserted here: the parameter {}", use.whole, what),
                     std::move(hint));
  };
  scope_.used_parameters.emplace(name);
  const bool is_script = use.where == TemplatePlace::command || use.where == TemplatePlace::hook;
  const bool joins = is_script || use.where == TemplatePlace::environment;
  const bool quoted = is_script && !use.raw;
  if (value->kind == Value::Kind::map) {
    report("is a map", "name one of its members: {" + std::string(use.name) + ".MEMBER}");
  } else if (value->kind == Value::Kind::null) {
    report("has no value", "");
  } else if (value->is_scalar()) {
    append_literal(result, quoted ? base::shell_quote(value->text) : value->text);
  } else if (!is_scalar_list(*value)) {
    report("is a list of lists or maps", "");
  } else if (!joins) {
    report("is a list", "in a path a list must stand alone: it becomes several paths");
  } else {
    append_literal(result, shell_words(value->items, quoted));
  }
}

// `inputs`, `outputs` and their named ones. False if the name is none of them.
bool TemplateCompiler::append_file(Template& result, const Use& use) {
  const bool is_input = use.name == "inputs" || use.name.starts_with("inputs.");
  const bool is_output = use.name == "outputs" || use.name.starts_with("outputs.");
  if (!is_input && !is_output) return false;
  const auto report = [&](std::string message, std::string hint = {}) {
    diagnostics_.add(diagnostics_.texts().find(use.place, use.whole), std::move(message),
                     std::move(hint));
    return true;
  };
  if (use.where == TemplatePlace::shared || use.where == TemplatePlace::input_path ||
      (use.where == TemplatePlace::output_path && is_output))
    return report(base::format("{} is not known here", use.whole),
                  "paths of inputs may use parameters and variables, those of outputs also inputs");
  const auto& names = is_input ? scope_.inputs : scope_.outputs;
  Template::Piece piece;
  piece.raw = use.raw;
  piece.what = is_input ? Template::What::inputs : Template::What::outputs;
  const auto dot = use.name.find('.');
  if (dot != std::string_view::npos) {
    const auto found = std::find(names.begin(), names.end(), use.name.substr(dot + 1));
    if (found == names.end()) return false;
    piece.what = is_input ? Template::What::input : Template::What::output;
    piece.index = static_cast<std::uint32_t>(found - names.begin());
  } else if (names.empty()) {
    return report(base::format("{} stands here, but the step has no {}", use.whole, use.name));
  }
  if (is_input &&
      (use.where == TemplatePlace::output_path || use.where == TemplatePlace::sink_path))
    for (std::size_t i = 0; i < scope_.collects.size(); ++i)
      if (scope_.collects[i] != 0 && (piece.what == Template::What::inputs || piece.index == i))
        return report(
            base::format("{} is collected and cannot be part of an output path", use.whole));
  result.pieces.push_back(std::move(piece));
  return true;
}

void TemplateCompiler::report_unknown(const Use& use) {
  std::vector<std::string> known = scope_.variables;
  const auto add_names = [&](const std::string& prefix, const std::vector<std::string>& names) {
    known.push_back(prefix);
    for (const auto& name : names)
      if (!name.empty()) known.push_back(prefix + "." + name);
  };
  if (use.where != TemplatePlace::shared && use.where != TemplatePlace::hook) {
    known.insert(known.end(), {"step", "name", "cpus"});
    if (use.where != TemplatePlace::input_path) add_names("inputs", scope_.inputs);
    if (use.where != TemplatePlace::input_path && use.where != TemplatePlace::output_path)
      add_names("outputs", scope_.outputs);
  }
  // Parameters are offered level by level, so that "params.modle.depth" finds "params.model".
  std::string prefix = "params";
  const Value* level = scope_.parameters;
  std::string_view rest = use.name.starts_with("params.") ? use.name.substr(7) : std::string_view{};
  while (level != nullptr && level->kind == Value::Kind::map) {
    for (const auto& name : level->names) known.push_back(prefix + "." + name);
    const auto dot = rest.find('.');
    if (dot == std::string_view::npos) break;
    const auto part = rest.substr(0, dot);
    level = level->find(part);
    prefix += "." + std::string(part);
    rest.remove_prefix(dot + 1);
  }
  std::string hint;
  if (const auto near = base::nearest(use.name, known)) hint = "did you mean {" + *near + "}? ";
  hint += "To pass the braces on as they are, write {{" + std::string(use.name) + "}}";
  diagnostics_.add(diagnostics_.texts().find(use.place, use.whole),
                   base::format("unknown template {}", use.whole), std::move(hint));
}

}  // namespace provrun::pipeline
