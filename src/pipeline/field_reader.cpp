#include "field_reader.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "scalar.hpp"

namespace provrun::pipeline {

std::string Where::to_string() const {
  std::string text = key.empty() ? "" : base::format("'{}'", key);
  if (step.empty()) return text.empty() ? "the pipeline" : text;
  return text + base::format("{}step '{}'", key.empty() ? "" : " of ", base::printable(step));
}

namespace {

// What a key looks like when it is right; the next step after "must be a map, not a list".
std::string example_of(std::string_view key) {
  struct Example {
    std::string_view key;
    std::string_view text;
  };
  static constexpr Example kExamples[] = {
      {"provrun", "provrun: 1"},
      {"name", "name: my-workflow"},
      {"params", "params: {alpha: 0.5}"},
      {"file", "params: {file: params.yaml}"},
      {"env", "env: {set: {LC_ALL: C}, pass: [LANG], secrets: [API_TOKEN]}"},
      {"set", "set: {LC_ALL: C}"},
      {"pass", "pass: [LANG]"},
      {"secrets", "secrets: [API_TOKEN]"},
      {"defaults", "defaults: {retries: 2}"},
      {"steps", "steps: {hello: {run: echo hello}}"},
      {"targets", "targets: {default: [report]}"},
      {"run", "run: sort {inputs} > {outputs}"},
      {"inputs", "inputs: [data.csv, script.py]"},
      {"outputs", "outputs: result.txt"},
      {"needs", "needs: [prepare]"},
      {"resources", "resources: {cpus: 2, time: 1h}"},
      {"retries", "retries: 3"},
      {"shell", "shell: [bash, -euo, pipefail, -c]"},
      {"cwd", "cwd: build"},
      {"stdin", "stdin: data.csv"},
      {"stdout", "stdout: result.txt"},
      {"stderr", "stderr: messages.txt"},
      {"when", "when: \"{params.plots}\""},
      {"tags", "tags: [slow]"},
      {"description", "description: \"sorts the table\""},
      {"csv", "foreach: {csv: samples.csv}"},
      {"glob", "foreach: {glob: \"data/{site}.csv\"}"},
      {"range", "foreach: {range: [1, 10]}"},
      {"matrix", "matrix: {model: [linear, tree], seed: [1, 2]}"},
      {"collect", "inputs: {parts: {collect: step.output}}"}};
  for (const auto& example : kExamples)
    if (example.key == key) return "such as: " + std::string(example.text);
  return {};
}

}  // namespace

namespace {

// How many digits may stand before each unit, so that the form alone keeps a sum in bounds: the
// schema says the same.
struct UnitDigits {
  std::string_view unit;
  std::size_t most;
};
constexpr UnitDigits kDurationUnits[] = {{"d", 4}, {"h", 5}, {"min", 7}, {"s", 9}, {"ms", 12}};
constexpr UnitDigits kSizeUnits[] = {{"PiB", 3}, {"TB", 6},  {"TiB", 6},  {"T", 6},    {"GB", 9},
                                     {"GiB", 9}, {"G", 9},   {"MB", 12},  {"MiB", 12}, {"M", 12},
                                     {"kB", 15}, {"KB", 15}, {"kiB", 15}, {"KiB", 15}, {"k", 15},
                                     {"K", 15},  {"B", 18}};
constexpr std::size_t kMostParts = 8;

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

// Removes a number and its unit from the front; false: they are no such things.
bool take_quantity(std::string_view& text, std::span<const UnitDigits> units) {
  std::size_t digits = 0;
  while (digits < text.size() && is_decimal(text[digits])) ++digits;
  auto at = digits;
  if (at < text.size() && text[at] == '.')
    for (++at; at < text.size() && is_decimal(text[at]);) ++at;
  if (at < text.size() && text[at] == ' ') ++at;
  auto end = at;
  while (end < text.size() && !is_decimal(text[end])) ++end;
  const auto unit = text.substr(at, end - at);
  text.remove_prefix(end);
  return std::any_of(units.begin(), units.end(), [&](const UnitDigits& known) {
    return known.unit == unit && digits >= 1 && digits <= known.most;
  });
}

bool is_more_than_nothing(std::string_view text) {
  return text.find_first_of("123456789") != std::string_view::npos;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration_field(std::string_view text) {
  auto rest = text;
  std::size_t parts = 0;
  for (; !rest.empty(); ++parts)
    if (!take_quantity(rest, kDurationUnits)) return std::nullopt;
  if (parts > kMostParts) return std::nullopt;
  auto duration = base::parse_duration(text);
  if (duration && is_more_than_nothing(text))
    duration = std::max(*duration, std::chrono::nanoseconds(1));
  return duration;
}

std::optional<std::uint64_t> parse_size_field(std::string_view text) {
  auto rest = text;
  if (!take_quantity(rest, kSizeUnits) || !rest.empty()) return std::nullopt;
  auto size = base::parse_size(text, true);
  if (size && is_more_than_nothing(text)) size = std::max<std::uint64_t>(*size, 1);
  return size;
}

void FieldReader::report(const Node& node, Where where, std::string_view wanted, std::string hint) {
  std::string found(node.describe());
  if (node.value_kind() == Value::Kind::text)
    found = node.text().empty()
                ? "empty"
                : base::format("the text '{}'", base::printable(node.text().substr(0, 60)));
  else if (node.is_scalar())
    found = node.text();
  else if (node.is_sequence() && node.size() == 0)
    found = "an empty list";
  if (hint.empty()) hint = example_of(where.key);
  diagnostics_.add(node.place(),
                   base::format("{} must be {}, not {}", where.to_string(), wanted, found),
                   std::move(hint));
}

void FieldReader::report_missing(const Node& map, std::string_view key, Where where,
                                 std::string hint) {
  diagnostics_.add(map.place(), base::format("{} lacks the key '{}'", where.to_string(), key),
                   std::move(hint));
}

bool FieldReader::check_keys(const Node& map, const KeySet& keys, Where where) {
  bool good = true;
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto key = map.key(i);
    if (std::find(keys.known.begin(), keys.known.end(), key) != keys.known.end()) continue;
    good = false;
    const auto list = "known here: " + base::join(keys.known, ", ");
    if (std::find(keys.later.begin(), keys.later.end(), key) != keys.later.end())
      diagnostics_.add(map.key_place(i),
                       base::format("the key '{}' in {} is not known to this version of provrun",
                                    key, where.to_string()),
                       list);
    else
      diagnostics_.add(
          map.key_place(i),
          base::format("unknown key '{}' in {}", base::printable(key), where.to_string()),
          suggestion(key, keys.known, list));
  }
  return good;
}

bool FieldReader::require_map(const Node& node, Where where) {
  if (!node.is_map()) report(node, where, "a map");
  return node.is_map();
}

bool FieldReader::require_list(const Node& node, Where where) {
  if (!node.is_sequence()) report(node, where, "a list");
  return node.is_sequence();
}

std::optional<std::string> FieldReader::text(const Node& node, Where where) {
  if (node.is_scalar()) return std::string(node.text());
  report(node, where, "text");
  return std::nullopt;
}

std::optional<std::string> FieldReader::non_empty_text(const Node& node, Where where) {
  if (node.is_scalar() && !node.text().empty()) return std::string(node.text());
  report(node, where, "text");
  return std::nullopt;
}

std::vector<std::string> FieldReader::texts(const Node& node, Where where) {
  std::vector<std::string> result;
  if (!require_list(node, where)) return result;
  for (std::size_t i = 0; i < node.size(); ++i)
    if (auto item = non_empty_text(node.item(i), where)) result.push_back(std::move(*item));
  return result;
}

std::vector<Node> FieldReader::one_or_more(const Node& node, Where where) {
  std::vector<Node> result;
  if (!node.is_sequence()) {
    if (node.is_scalar() && !node.text().empty())
      result.push_back(node);
    else
      report(node, where, "text or a list");
    return result;
  }
  if (node.size() == 0) report(node, where, "text or a list with at least one item");
  for (std::size_t i = 0; i < node.size(); ++i)
    if (non_empty_text(node.item(i), where)) result.push_back(node.item(i));
  return result;
}

std::optional<bool> FieldReader::boolean(const Node& node, Where where) {
  if (node.value_kind() == Value::Kind::boolean) return to_boolean(node.text());
  report(node, where, "true or false",
         node.value_kind() == Value::Kind::text ? "write true or false, without quotes" : "");
  return std::nullopt;
}

std::optional<std::int64_t> FieldReader::integer(const Node& node, Where where, std::int64_t least,
                                                 std::int64_t most) {
  std::optional<std::int64_t> value;
  if (node.value_kind() == Value::Kind::integer) value = to_integer(node.text());
  if (node.value_kind() == Value::Kind::real) {
    const auto real = to_real(node.text());
    // JSON Schema counts 2.0 and 1e3 among the integers.
    if (real && std::abs(*real) <= 1e15 && std::trunc(*real) == *real)
      value = static_cast<std::int64_t>(*real);
  }
  if (value && *value >= least && *value <= most) return value;
  report(node, where, base::format("a whole number from {} to {}", least, most));
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> FieldReader::duration(const Node& node, Where where) {
  if (node.is_scalar())
    if (const auto value = parse_duration_field(node.text())) return value;
  std::string hint = "units: ms, s, min, h, d";
  if (node.value_kind() == Value::Kind::integer || node.value_kind() == Value::Kind::real)
    hint = base::format("did you mean {}s? Units: ms, s, min, h, d", node.text());
  report(node, where, "a duration such as 90s or 2h", std::move(hint));
  return std::nullopt;
}

}  // namespace provrun::pipeline
