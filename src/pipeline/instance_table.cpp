#include "instance_table.hpp"

#include <algorithm>
#include <unordered_map>

#include "glob_pattern.hpp"
#include "paths.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "scalar.hpp"

namespace provrun::pipeline {

namespace {

constexpr std::string_view kAny("\0", 1);  // no YAML text has a NUL
constexpr std::size_t kMaxCsvBytes = std::size_t{256} << 20U;
const KeySet kSourceKeys{{"csv", "glob", "range", "from"}, {}};

}  // namespace

bool is_reserved_variable(std::string_view name) {
  return name == "inputs" || name == "outputs" || name == "params" || name == "attempt";
}

void InstanceTableReader::read_samples(const Node& node) {
  has_samples_ = true;
  samples_ = read_foreach(node, {"samples", {}});
}

std::shared_ptr<const InstanceTable> InstanceTableReader::read_foreach(const Node& node,
                                                                       Where where) {
  if (node.is_scalar() && node.text() == "samples" && where.key != "samples") {
    if (!has_samples_)
      diagnostics_.add(node.place(),
                       "'foreach: samples' stands here, but the pipeline has no 'samples'");
    return samples_;
  }
  const auto place = node.place();
  const std::pair key(place.line, place.column);
  const auto found = by_place_.find(key);
  if (found != by_place_.end()) return found->second;
  auto table = read_source(node, where);
  by_place_.emplace(key, table);
  return table;
}

std::shared_ptr<InstanceTable> InstanceTableReader::read_source(const Node& node, Where where) {
  auto table = std::make_shared<InstanceTable>();
  table->place = node.place();
  std::vector<std::uint32_t> lines;
  bool good = false;
  if (node.is_sequence()) {
    good = read_list(node, where, *table);
  } else if (node.is_map()) {
    fields_.check_keys(node, kSourceKeys, where);
    const auto csv = node.find("csv");
    const auto glob = node.find("glob");
    const auto range = node.find("range");
    if (const auto from = node.find("from")) {
      diagnostics_.add(from->place(),
                       where.key == "samples"
                           ? "'from' stands in a step's 'foreach', not in 'samples'"
                           : base::format("{} takes exactly one of csv, glob, range and from",
                                          where.to_string()));
    } else if (node.size() == 1) {
      if (csv) good = read_csv(*csv, where, *table, lines);
      if (glob) good = read_glob(*glob, where, *table);
      if (range) good = read_range(*range, where, *table);
    } else {
      diagnostics_.add(node.place(), base::format("{} takes exactly one of csv, glob and range",
                                                  where.to_string()));
    }
  } else {
    good = read_template(node, where, *table);
  }
  if (!good || !name_rows(*table, lines)) return nullptr;
  return table;
}

bool InstanceTableReader::check_variable(std::string_view name, Place place,
                                         bool must_be_identifier) {
  if (is_reserved_variable(name)) {
    diagnostics_.add(place,
                     base::format("no variable can be called '{}': templates use the name", name));
    return false;
  }
  if (must_be_identifier && !is_identifier(name)) {
    diagnostics_.add(place, base::format("'{}' is no name for a variable", base::printable(name)),
                     "names have letters, digits and '_', and no digit in front");
    return false;
  }
  return true;
}

bool InstanceTableReader::read_list(const Node& node, Where where, InstanceTable& table) {
  const bool of_maps = node.size() > 0 && node.item(0).is_map();
  if (!of_maps) table.variables = {"item"};
  bool good = true;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const auto item = node.item(i);
    if (item.is_map() != of_maps || (!of_maps && !item.is_scalar())) {
      diagnostics_.add(item.place(),
                       base::format("{} must be a list of texts or a list of maps, not {} here",
                                    where.to_string(), item.describe()));
      good = false;
    } else if (of_maps) {
      good = read_map_item(item, where, table) && good;
    } else {
      table.cells.emplace_back(item.text());
    }
  }
  return good;
}

bool InstanceTableReader::read_map_item(const Node& item, Where where, InstanceTable& table) {
  if (table.variables.empty()) {
    for (std::size_t i = 0; i < item.size(); ++i) {
      if (!check_variable(item.key(i), item.key_place(i), true)) return false;
      table.variables.emplace_back(item.key(i));
    }
    if (table.variables.empty()) {
      diagnostics_.add(item.place(),
                       base::format("this item of {} has no variables", where.to_string()));
      return false;
    }
  }
  for (std::size_t i = 0; i < item.size(); ++i) {
    if (std::find(table.variables.begin(), table.variables.end(), item.key(i)) !=
        table.variables.end())
      continue;
    diagnostics_.add(
        item.key_place(i),
        base::format("the first item has no variable '{}'", base::printable(item.key(i))),
        suggestion(item.key(i), table.variables, "all items have the same variables"));
    return false;
  }
  for (const auto& name : table.variables) {
    const auto value = item.find(name);
    if (!value) {
      diagnostics_.add(item.place(), base::format("this item has no variable '{}'", name),
                       "all items have the same variables");
      return false;
    }
    const auto text = fields_.text(*value, {name, where.step});
    if (!text) return false;
    table.cells.push_back(*text);
  }
  return true;
}

std::optional<std::string> InstanceTableReader::path_text(const Node& node, Where where) {
  const auto text = fields_.non_empty_text(node, where);
  if (!text) return std::nullopt;
  TemplateScope scope;
  scope.parameters = &parameters_;
  const auto before = diagnostics_.size();
  const auto compiled =
      TemplateCompiler(scope, diagnostics_).compile(*text, node.place(), TemplatePlace::shared);
  if (diagnostics_.size() != before) return std::nullopt;
  return compiled.pieces.empty() ? std::string() : compiled.pieces[0].text;
}

bool InstanceTableReader::read_csv(const Node& node, Where where, InstanceTable& table,
                                   std::vector<std::uint32_t>& lines) {
  auto path = path_text(node, {"csv", where.step});
  if (!path) return false;
  *path = in_folder(folder_, *path);
  auto found = csv_files_.find(*path);
  if (found == csv_files_.end()) {
    std::optional<std::string> text;
    try {
      text = sources_.read(*path);
    } catch (const base::Error& error) {
      throw base::Error(error.code(), error.message())
          .hint(error.hint())
          .at(diagnostics_.texts().position(node.place()));
    }
    if (!text) {
      diagnostics_.add(node.place(), base::format("there is no file '{}'", base::printable(*path)),
                       "paths are relative to the pipeline file");
      return false;
    }
    if (text->size() > kMaxCsvBytes) {
      diagnostics_.add(node.place(),
                       base::format("'{}' is larger than 256 MiB", base::printable(*path)));
      return false;
    }
    files_.push_back({*path, hash::sha256(*text), text->size()});
    try {
      const char separator = path->ends_with(".tsv") ? '\t' : ',';
      found = csv_files_.emplace(*path, parse_csv(*text, separator, *path)).first;
    } catch (const base::Error& error) {
      diagnostics_.add_elsewhere(error.position().value_or(base::Position{*path, 0, 0, {}}),
                                 error.message(), error.hint());
      return false;
    }
  }
  table.variables = found->second.columns;
  for (const auto& name : table.variables)
    if (!check_variable(name, node.place(), false)) return false;
  table.cells = found->second.cells;
  lines = found->second.lines;
  return true;
}

bool InstanceTableReader::read_glob(const Node& node, Where where, InstanceTable& table) {
  const auto text = fields_.non_empty_text(node, {"glob", where.step});
  if (!text) return false;
  // Parameters become text first; what is left of the templates are the variables to find.
  std::string pattern_text;
  std::size_t done = 0;
  while (const auto match = find_template(*text, done)) {
    const auto whole = text->substr(match->begin, match->end - match->begin);
    pattern_text += text->substr(done, match->begin - done);
    done = match->end;
    if (match->escaped || !match->name.starts_with("params.")) {
      pattern_text += whole;
      if (!match->escaped && !check_variable(match->name, node.place(), true)) return false;
      continue;
    }
    const auto* value = parameters_.find(match->name.substr(7));
    if (value == nullptr || !value->is_scalar() || value->kind == Value::Kind::null) {
      diagnostics_.add(diagnostics_.texts().find(node.place(), whole),
                       base::format("{} names no parameter with one value", whole));
      return false;
    }
    pattern_text += value->text;
  }
  pattern_text += text->substr(done);
  pattern_text = in_folder(folder_, pattern_text);
  const GlobPattern pattern(pattern_text);
  if (pattern.variables().empty() || pattern.wildcard().find("**") != std::string::npos) {
    diagnostics_.add(node.place(),
                     pattern.variables().empty()
                         ? base::format("the glob '{}' has no variable", *text)
                         : base::format("the glob '{}' has '**' or neighbouring variables", *text),
                     "write a name in braces where file names differ: raw/{id}.csv");
    return false;
  }
  auto paths = sources_.glob(pattern.wildcard());
  std::sort(paths.begin(), paths.end());
  table.variables = pattern.variables();
  std::vector<std::string> values;
  SourceGlob record{*text, {}};
  for (auto& path : paths) {
    if (!pattern.match(path, values)) continue;
    table.cells.insert(table.cells.end(), values.begin(), values.end());
    record.paths.push_back(std::move(path));
  }
  record.pattern = pattern_text;
  globs_.push_back(std::move(record));
  if (!table.cells.empty()) return true;
  diagnostics_.add(node.place(), base::format("the glob '{}' finds no file", *text),
                   "files that steps make are not there yet when the pipeline is read");
  return false;
}

bool InstanceTableReader::read_range(const Node& node, Where where, InstanceTable& table) {
  constexpr std::int64_t kLimit = 1'000'000'000'000'000;
  if (!node.is_sequence() || node.size() != 2) {
    diagnostics_.add(node.place(),
                     base::format("'range' in {} must be a list of two numbers, first and last",
                                  where.to_string()),
                     "such as: foreach: {range: [1, 10]}");
    return false;
  }
  const auto first = fields_.integer(node.item(0), {"range", where.step}, -kLimit, kLimit);
  const auto last = fields_.integer(node.item(1), {"range", where.step}, -kLimit, kLimit);
  if (!first || !last) return false;
  if (*first > *last || *last - *first >= static_cast<std::int64_t>(kMaxInstances)) {
    if (*first > *last)
      diagnostics_.add(node.place(), "the range's first number is greater than its last",
                       base::format("write [{}, {}]", *last, *first));
    else
      diagnostics_.add(node.place(),
                       base::format("the range has {} numbers: that is more than {} instances",
                                    *last - *first + 1, kMaxInstances),
                       "the first and the last number are both part of it");
    return false;
  }
  table.variables = {"item"};
  for (auto i = *first; i <= *last; ++i) table.cells.push_back(std::to_string(i));
  return true;
}

// The list a text such as "{params.sites}" names; nullptr, with a diagnostic, if it names none.
const Value* InstanceTableReader::list_parameter(const Node& node, std::string message) {
  TemplateScope scope;
  scope.parameters = &parameters_;
  TemplateCompiler templates(scope, diagnostics_);
  const auto errors_before = diagnostics_.size();
  if (node.is_scalar()) {
    if (const auto* list = templates.list_parameter(node.text())) return list;
    templates.compile(node.text(), node.place(), TemplatePlace::shared);  // says what is unknown
  }
  if (diagnostics_.size() == errors_before)
    diagnostics_.add(node.place(), std::move(message),
                     "for example: [a, b] or \"{params.sites}\", a parameter with a list of texts");
  return nullptr;
}

bool InstanceTableReader::read_template(const Node& node, Where where, InstanceTable& table) {
  const auto* list = list_parameter(
      node, base::format("{} must be a list, a csv, a glob, a range or one list parameter",
                         where.to_string()));
  if (list == nullptr) return false;
  table.variables = {"item"};
  for (const auto& item : list->items) table.cells.push_back(item.text);
  return true;
}

bool InstanceTableReader::name_rows(InstanceTable& table, const std::vector<std::uint32_t>& lines) {
  const auto width = table.variables.size();
  const auto rows = table.row_count();
  std::string key;
  for (std::size_t count = 1; count <= width; ++count) {
    std::unordered_map<std::string, std::size_t> seen;
    seen.reserve(rows);
    std::optional<std::pair<std::size_t, std::size_t>> same;
    for (std::size_t row = 0; row < rows && !same; ++row) {
      key.clear();
      for (std::size_t i = 0; i < count; ++i) key.append(table.cells[row * width + i]) += '\n';
      const auto [at, added] = seen.emplace(key, row);
      if (!added) same.emplace(at->second, row);
    }
    table.naming_variables = count;
    if (!same) return true;
    if (count < width) continue;
    const auto [a, b] = *same;
    diagnostics_.add(table.place,
                     lines.empty()
                         ? base::format("items {} and {} are the same", a + 1, b + 1)
                         : base::format("the rows in lines {} and {} of the table are the same",
                                        lines[a], lines[b]),
                     "each instance needs a name of its own, made of its values");
  }
  return rows == 0;
}

std::vector<std::string> InstanceTableReader::scalars(const Node& list, Where where, bool& good) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto text = fields_.text(list.item(i), where);
    if (text)
      values.push_back(std::move(*text));
    else
      good = false;
  }
  return values;
}

// Each exclusion as one value per variable; kAny where it names none.
std::vector<std::vector<std::string>> InstanceTableReader::read_excludes(
    const Node& node, Where where, const std::vector<std::string>& variables) {
  std::vector<std::vector<std::string>> excludes;
  if (!fields_.require_list(node, {"exclude", where.step})) return excludes;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const auto item = node.item(i);
    if (!fields_.require_map(item, {"exclude", where.step})) continue;
    if (item.size() == 0)
      diagnostics_.add(item.place(),
                       "this exclusion names no variable and would exclude everything");
    std::vector<std::string> values(variables.size(), std::string(kAny));
    for (std::size_t j = 0; j < item.size(); ++j) {
      const auto found = std::find(variables.begin(), variables.end(), item.key(j));
      if (found == variables.end()) {
        diagnostics_.add(
            item.key_place(j),
            base::format("the matrix has no variable '{}'", base::printable(item.key(j))),
            suggestion(item.key(j), variables, "its variables: " + base::join(variables, ", ")));
        continue;
      }
      if (auto text = fields_.text(item.value(j), {"exclude", where.step}))
        values[static_cast<std::size_t>(found - variables.begin())] = std::move(*text);
    }
    excludes.push_back(std::move(values));
  }
  return excludes;
}

// The values of one variable of a matrix; nullopt after an error.
std::optional<std::vector<std::string>> InstanceTableReader::read_matrix_values(
    std::string_view name, const Node& node, Where where) {
  std::vector<std::string> values;
  bool good = true;
  if (node.is_sequence()) {
    values = scalars(node, {name, where.step}, good);
  } else if (const auto* list = list_parameter(
                 node, base::format("'{}' in {} must be a list or one list parameter",
                                    base::printable(name), where.to_string()))) {
    for (const auto& item : list->items) values.push_back(item.text);
  } else {
    good = false;
  }
  std::unordered_map<std::string_view, bool> seen;
  for (const auto& value : values) {
    if (seen.emplace(value, true).second) continue;
    diagnostics_.add(node.place(), base::format("'{}' has the value '{}' twice",
                                                base::printable(name), base::printable(value)));
    good = false;
  }
  if (!good) return std::nullopt;
  return values;
}

std::shared_ptr<const InstanceTable> InstanceTableReader::read_matrix(const Node& node,
                                                                      Where where) {
  if (!fields_.require_map(node, where)) return nullptr;
  const auto errors_before = diagnostics_.size();
  auto table = std::make_shared<InstanceTable>();
  table->place = node.place();
  std::vector<std::vector<std::string>> values;
  std::vector<bool> is_literal;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const auto name = node.key(i);
    if (name == "exclude") continue;
    check_variable(name, node.key_place(i), true);
    table->variables.emplace_back(name);
    values.push_back(
        read_matrix_values(name, node.value(i), where).value_or(std::vector<std::string>{}));
    is_literal.push_back(node.value(i).is_sequence());
  }
  if (table->variables.empty())
    diagnostics_.add(node.place(), base::format("{} has no variables", where.to_string()));
  std::vector<std::vector<std::string>> excludes;
  const auto exclude_node = node.find("exclude");
  if (exclude_node && !table->variables.empty())
    excludes = read_excludes(*exclude_node, where, table->variables);
  if (diagnostics_.size() != errors_before) return nullptr;
  // A list in the file is there to be compared with; a parameter's list may well lack the value.
  for (const auto& exclude : excludes)
    for (std::size_t i = 0; i < exclude.size(); ++i)
      if (is_literal[i] && exclude[i] != kAny &&
          std::find(values[i].begin(), values[i].end(), exclude[i]) == values[i].end())
        diagnostics_.add(exclude_node->place(),
                         base::format("'exclude' names the value '{}', which '{}' does not have",
                                      base::printable(exclude[i]), table->variables[i]),
                         "its values: " + base::join(values[i], ", "));
  if (diagnostics_.size() != errors_before || !multiply(values, excludes, *table)) return nullptr;
  return table;
}

// Fills the table with all combinations that are not excluded, the last variable changing fastest.
bool InstanceTableReader::multiply(const std::vector<std::vector<std::string>>& values,
                                   const std::vector<std::vector<std::string>>& excludes,
                                   InstanceTable& table) {
  const auto width = values.size();
  std::size_t rows = 1;
  for (const auto& column : values) {
    rows *= column.size();
    if (rows <= kMaxInstances) continue;
    diagnostics_.add(table.place, base::format("more than {} instances", kMaxInstances));
    return false;
  }
  table.naming_variables = width;
  std::vector<const std::string*> row(width);
  for (std::size_t number = 0; number < rows; ++number) {
    std::size_t rest = number;
    for (std::size_t i = width; i-- > 0; rest /= values[i].size())
      row[i] = &values[i][rest % values[i].size()];
    const bool excluded = std::any_of(excludes.begin(), excludes.end(), [&](const auto& exclude) {
      for (std::size_t i = 0; i < width; ++i)
        if (exclude[i] != *row[i] && exclude[i] != kAny) return false;
      return true;
    });
    if (excluded) continue;
    for (const auto* cell : row) table.cells.push_back(*cell);
  }
  return true;
}

}  // namespace provrun::pipeline
