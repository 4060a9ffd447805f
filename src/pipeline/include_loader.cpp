#include <algorithm>

#include "paths.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "workflow_loader.hpp"

// `include`: other pipeline files that become part of a workflow.
namespace provrun::pipeline {

namespace {

const KeySet kIncludeKeys{{"file", "prefix", "params"}, {}};
constexpr std::string_view kOwnFolder = ".provrun";

// Far above what anyone writes; two files that include each other twice end here as well.
constexpr std::size_t kMaxParts = 1000;

bool is_prefix(std::string_view text) {
  if (text.empty() || text[0] == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string base_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace

std::optional<StepId> Part::find_step(const Workflow& workflow, std::string_view name) const {
  for (const auto* part = this; part != nullptr; part = part->outer) {
    const auto prefix = part->prefix();
    const auto found = prefix.empty() ? workflow.find_step(name)
                                      : workflow.find_step(std::string(prefix).append(name));
    if (found) return found;
  }
  return std::nullopt;
}

std::vector<std::string> Part::step_names(const Workflow& workflow) const {
  std::vector<std::string> names;
  for (const auto* part = this; part != nullptr; part = part->outer)
    for (const auto& step : workflow.steps())
      if (step.name.starts_with(part->prefix()))
        names.push_back(step.name.substr(part->prefix().size()));
  return names;
}

// A text with a byte order mark in front reads as one without.
std::string without_mark(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return std::string(text);
}

void WorkflowLoader::load_includes(const Part& part) {
  const auto node = part.root.find("include");
  if (!node) return;
  if (!node->is_sequence()) return load_include(part, *node);
  if (node->size() == 0)
    fields_.report(*node, {"include", {}}, "a file or a list with at least one");
  for (std::size_t i = 0; i < node->size(); ++i) load_include(part, node->item(i));
}

void WorkflowLoader::load_include(const Part& part, const Node& node) {
  const auto before = parts_.size();
  read_include(part, node);
  lacks_a_part_ = lacks_a_part_ || parts_.size() == before;
}

void WorkflowLoader::read_include(const Part& part, const Node& node) {
  auto path = node;
  std::string prefix;
  std::optional<Node> given;
  if (node.is_map()) {
    fields_.check_keys(node, kIncludeKeys, {"include", {}});
    const auto file = node.find("file");
    if (const auto text = node.find("prefix")) {
      prefix = fields_.non_empty_text(*text, {"prefix", {}}).value_or("");
      if (!prefix.empty() && !is_prefix(prefix))
        return diagnostics_.add(
            text->place(), base::format("'{}' is no prefix of names", base::printable(prefix)),
            "it has letters, digits, '_' and '-', and no '-' in front: prefix: qc_");
    }
    given = node.find("params");
    if (given && !fields_.require_map(*given, {"params", {}})) return;
    if (!file) {
      const auto nearest = [&](std::size_t i) {
        return base::nearest(node.key(i), kIncludeKeys.known) == "file";
      };
      for (std::size_t i = 0; i < node.size(); ++i)
        if (nearest(i)) return;  // said already
      return fields_.report_missing(node, "file", {"include", {}});
    }
    path = *file;
    if (!fields_.non_empty_text(path, {"file", {}})) return;
  } else if (!node.is_scalar() || node.text().empty()) {
    return fields_.report(node, {"include", {}}, "a file, {file: …, prefix: …} or a list of them");
  }
  const auto included = file_to_include(part, path, prefix);
  if (!included) return;
  const auto text = read_source(included->file, path.place());
  if (!text) {
    diagnostics_.add(
        path.place(),
        base::format("there is no file '{}' to include", base::printable(included->file)),
        part.outer == nullptr ? "paths are relative to the pipeline file"
                              : "paths are relative to the file in which they stand");
    return;
  }
  if (parts_.size() >= kMaxParts)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("the pipeline includes more than {} files", kMaxParts - 1))
        .at(diagnostics_.texts().position(path.place()));
  const auto digest = hash::sha256(*text);
  auto& files = workflow_.files_;
  if (std::none_of(files.begin(), files.end(),
                   [&](const auto& file) { return file.path == included->file; }))
    files.push_back({included->file, digest, text->size()});
  // Messages name a file as the user would, from where he is.
  const auto& shown = diagnostics_.texts().name(0);
  auto& texts = workflow_.texts_->texts;
  auto& inner = *parts_.emplace_back(std::make_unique<Part>());
  inner.outer = &part;
  inner.included = included;
  inner.place = path.place();
  inner.text = texts.add(shown.substr(0, shown.size() - base_name(shown).size()) + included->file,
                         without_mark(*text));
  workflow_.included_.push_back({included, {}, inner.text});
  if (!read_root(inner)) {
    parts_.pop_back();
    workflow_.texts_->documents.pop_back();
    return;
  }
  auto& document = workflow_.texts_->documents.back();
  document.file = included->file;
  document.prefix = prefix;
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].get() == &part) document.outer = &workflow_.texts_->documents[i];
  read_part(inner, {}, given ? &*given : nullptr);
}

// nullptr after an error.
std::shared_ptr<const IncludedFile> WorkflowLoader::file_to_include(const Part& part,
                                                                    const Node& path,
                                                                    std::string_view prefix) {
  IncludedFile included;
  included.file = normalize_path(in_folder(part.folder(), path.text()));
  const auto shown = base::printable(included.file);
  if (leaves_workspace(included.file) || included.file == ".") {
    diagnostics_.add(path.place(),
                     base::format("'{}' lies outside of the workspace and cannot be included",
                                  base::printable(path.text())),
                     "a run is recorded with all that it is made of: copy the file to below the "
                     "pipeline's folder");
    return nullptr;
  }
  if (included.file.starts_with(std::string(kOwnFolder) + '/')) {
    diagnostics_.add(
        path.place(),
        base::format("'{}' lies in the folder that provrun keeps its records in", shown),
        "include a file from another folder");
    return nullptr;
  }
  const auto name = [&](const Part& of) {
    return of.included ? of.included->file : base_name(diagnostics_.texts().name(0));
  };
  for (const auto* around = &part; around != nullptr; around = around->outer) {
    if (name(*around) != included.file) continue;
    std::string circle = shown;
    for (const auto* at = &part; at != around; at = at->outer)
      circle = base::printable(name(*at)) + " → " + circle;
    diagnostics_.add(
        path.place(), "files that include each other in a circle: " + shown + " → " + circle,
        around == &part ? "a file cannot include itself" : "move what both need into a third file");
    return nullptr;
  }
  if (const auto folder = parent_path(included.file); folder && *folder != ".")
    included.folder = *folder;
  included.prefix = std::string(part.prefix()) + std::string(prefix);
  return std::make_shared<const IncludedFile>(std::move(included));
}

// `params` of an `include` replaces parameters of the file, as --set does those of the pipeline.
void WorkflowLoader::give_parameters(Part& part, const Node& given) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto name = given.key(i);
    auto* value = name.empty() ? nullptr : part.parameters.find(name);
    if (value != nullptr) {
      *value = given_value(*part.outer, given.value(i));
      continue;
    }
    const auto& names = part.parameters.names;
    diagnostics_.add(given.key_place(i),
                     base::format("'{}' has no parameter '{}'",
                                  base::printable(part.included->file), base::printable(name)),
                     suggestion(name, names,
                                names.empty() ? "it has no parameters of its own"
                                              : "its parameters: " + base::join(names, ", ")));
  }
}

// Texts may name parameters of the file that includes: alone their value, within a text its words.
Value WorkflowLoader::given_value(const Part& giver, const Node& node) {
  auto value = to_value(node, diagnostics_);
  TemplateScope scope;
  scope.parameters = &giver.parameters;
  TemplateCompiler templates(scope, diagnostics_);
  const auto fill = [&](auto& self, Value& item) -> void {
    for (auto& inner : item.items) self(self, inner);
    if (item.kind != Value::Kind::text) return;
    const auto match = find_template(item.text, 0);
    if (!match) return;
    if (!match->escaped && !match->raw && match->begin == 0 && match->end == item.text.size() &&
        match->name.starts_with("params."))
      if (const auto* whole = giver.parameters.find(match->name.substr(7)); whole != nullptr) {
        item = Value(*whole);
        return;
      }
    std::string filled;
    for (const auto& piece :
         templates.compile(item.text, node.place(), TemplatePlace::shared).pieces)
      filled += piece.text;
    item.text = std::move(filled);
  };
  fill(fill, value);
  return value;
}

}  // namespace provrun::pipeline
