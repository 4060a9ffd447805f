#include "compare_rules.hpp"

#include <cmath>

#include "provrun/base/text.hpp"
#include "scalar.hpp"

namespace provrun::pipeline {

namespace {

using core::CompareMethod;

const KeySet kMethods{{"numeric", "csv", "json"}, {}};
const KeySet kNumericKeys{{"rtol", "atol"}, {}};
const KeySet kValueKeys{{"rtol", "atol", "ignore"}, {}};

void read_tolerance(FieldReader& fields, const Node& map, std::string_view key, Where where,
                    double& tolerance) {
  const auto node = map.find(key);
  if (!node) return;
  const auto value = node->is_scalar() ? to_real(node->text()) : std::nullopt;
  if (!value || !std::isfinite(*value) || *value < 0)
    return fields.report(*node, {key, where.step}, "a number that is not negative");
  tolerance = *value;
}

void read_method(FieldReader& fields, const Node& node, Where where, core::CompareRule& rule) {
  constexpr std::string_view kWanted =
      "exact, ignore, or one of the maps {numeric: …}, {csv: …}, {json: …}";
  if (node.is_scalar()) {
    if (node.text() == "exact")
      rule.method = CompareMethod::exact;
    else if (node.text() == "ignore")
      rule.method = CompareMethod::ignore;
    else
      fields.report(node, where, kWanted);
    return;
  }
  if (!node.is_map() || node.size() != 1) return fields.report(node, where, kWanted);
  if (!fields.check_keys(node, kMethods, where)) return;
  const auto name = node.key(0);
  const auto settings = node.value(0);
  rule.method = name == "numeric" ? CompareMethod::numeric
                : name == "csv"   ? CompareMethod::csv
                                  : CompareMethod::json;
  if (!fields.require_map(settings, {name, where.step})) return;
  fields.check_keys(settings, rule.method == CompareMethod::numeric ? kNumericKeys : kValueKeys,
                    {name, where.step});
  read_tolerance(fields, settings, "rtol", where, rule.relative);
  read_tolerance(fields, settings, "atol", where, rule.absolute);
  if (rule.method != CompareMethod::numeric)
    if (const auto ignore = settings.find("ignore"))
      rule.ignore = fields.texts(*ignore, {"ignore", where.step});
}

}  // namespace

void read_compare(FieldReader& fields, const Node& node, Where where,
                  std::vector<core::CompareRule>& rules) {
  if (!fields.require_map(node, where)) return;
  std::vector<core::CompareRule> read;
  for (std::size_t i = 0; i < node.size(); ++i) {
    core::CompareRule rule;
    rule.pattern = node.key(i);
    read_method(fields, node.value(i), {node.key(i), where.step}, rule);
    read.push_back(std::move(rule));
  }
  rules.insert(rules.begin(), read.begin(), read.end());
}

}  // namespace provrun::pipeline
