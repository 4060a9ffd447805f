#include <algorithm>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "scalar.hpp"
#include "step_loader.hpp"

namespace provrun::pipeline {

namespace {

const KeySet kEnvironmentKeys{{"set", "pass", "secrets"}, {}};

bool check_environment_name(Diagnostics& diagnostics, std::string_view name, Place place) {
  if (is_identifier(name)) return true;
  diagnostics.add(place,
                  base::format("'{}' is no name of an environment variable", base::printable(name)),
                  "names have letters, digits and '_', and no digit in front");
  return false;
}

void read_names(FieldReader& fields, Diagnostics& diagnostics, const Node& node, Where where,
                std::vector<std::string>& names) {
  if (!fields.require_list(node, where)) return;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const auto name = fields.non_empty_text(node.item(i), where);
    if (name && check_environment_name(diagnostics, *name, node.item(i).place()))
      names.push_back(*name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

void read_trace(FieldReader& fields, const Node& node, Where where, bool& traced) {
  const auto text = node.is_scalar() ? node.text() : std::string_view();
  if (text == "auto")
    traced = true;
  else if (text == "off")
    traced = false;
  else
    fields.report(node, where, "'auto' or 'off'");
}

void read_undeclared(FieldReader& fields, const Node& node, Where where, Undeclared& undeclared) {
  const auto text = node.is_scalar() ? node.text() : std::string_view();
  if (text == "warn")
    undeclared = Undeclared::warn;
  else if (text == "error")
    undeclared = Undeclared::error;
  else if (text == "adopt")
    undeclared = Undeclared::adopt;
  else
    fields.report(node, where, "'warn', 'error' or 'adopt'");
}

std::shared_ptr<const std::vector<std::string>> read_shell(FieldReader& fields, const Node& node,
                                                           Where where) {
  auto words = std::make_shared<std::vector<std::string>>();
  if (node.is_sequence()) {
    for (const auto& item : fields.one_or_more(node, where)) words->emplace_back(item.text());
  } else if (const auto text = fields.non_empty_text(node, where)) {
    for (const auto word : base::split(*text, ' '))
      if (!base::trim(word).empty()) words->emplace_back(base::trim(word));
    if (words->empty()) fields.report(node, where, "a command and its arguments");
  }
  if (words->empty()) return nullptr;
  // A name alone ("sh", "python3") means the program that takes a script after -c, as both do.
  if (words->size() == 1) words->emplace_back("-c");
  return words;
}

std::shared_ptr<const EnvironmentDeclaration> read_environment(
    FieldReader& fields, Diagnostics& diagnostics, TemplateCompiler& templates, const Node& node,
    Where where, TemplatePlace place, const EnvironmentDeclaration& base) {
  auto environment = std::make_shared<EnvironmentDeclaration>(base);
  if (!fields.require_map(node, where)) return environment;
  fields.check_keys(node, kEnvironmentKeys, where);
  if (const auto pass = node.find("pass"))
    read_names(fields, diagnostics, *pass, {"pass", where.step}, environment->pass);
  if (const auto secrets = node.find("secrets"))
    read_names(fields, diagnostics, *secrets, {"secrets", where.step}, environment->secrets);
  const auto set = node.find("set");
  if (set && fields.require_map(*set, {"set", where.step})) {
    for (std::size_t i = 0; i < set->size(); ++i) {
      const auto name = set->key(i);
      const auto value = set->value(i);
      if (!check_environment_name(diagnostics, name, set->key_place(i))) continue;
      const auto text = fields.text(value, {name, where.step});
      if (!text) continue;
      auto compiled = templates.compile(*text, value.place(), place);
      auto& entries = environment->set;
      const auto at = std::lower_bound(
          entries.begin(), entries.end(), name,
          [](const auto& entry, std::string_view key) { return entry.first < key; });
      if (at != entries.end() && at->first == name)
        at->second = std::move(compiled);
      else
        entries.emplace(at, name, std::move(compiled));
    }
  }
  const auto in = [](const std::vector<std::string>& names, const std::string& name) {
    return std::binary_search(names.begin(), names.end(), name);
  };
  for (const auto& name : environment->secrets)
    if (in(environment->pass, name))
      diagnostics.add(node.place(),
                      base::format("'{}' stands under 'secrets' and under 'pass'", name));
  for (const auto& [name, value] : environment->set)
    if (in(environment->pass, name) || in(environment->secrets, name))
      diagnostics.add(node.place(), base::format("'{}' stands under 'set' and under '{}'", name,
                                                 in(environment->pass, name) ? "pass" : "secrets"));
  return environment;
}

const KeySet& step_keys() {
  static const KeySet keys{
      {"run",   "inputs",     "outputs", "params", "needs",  "foreach",     "matrix",
       "env",   "resources",  "retries", "always", "frozen", "when",        "shell",
       "cwd",   "stdin",      "stdout",  "stderr", "tags",   "description", "compare",
       "trace", "undeclared", "pattern", "repeat"},
      {"container", "conda", "modules", "slurm", "hooks"}};
  return keys;
}

}  // namespace provrun::pipeline
