#include <algorithm>

#include "differences.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/codec/json.hpp"

namespace provrun::compare {

using codec::Json;

namespace {

class Walk {
 public:
  Walk(const core::CompareRule& rule, Differences& differences)
      : rule_(rule), tolerance_{rule.relative, rule.absolute}, differences_(differences) {}

  void values(const std::string& where, const Json& a, const Json& b) {
    if (a.is_object() && b.is_object()) return objects(where, a, b);
    if (a.is_array() && b.is_array()) return arrays(where, a, b);
    const bool same = a.is_number() && b.is_number()
                          ? (a == b || tolerance_.equal(a.as_double(), b.as_double()))
                          : a == b;
    if (!same) differ(where, &a, &b);
  }

 private:
  // A member is ignored by its name, or by its place as a JSON pointer (RFC 6901).
  bool ignored(const std::string& where, const std::string& name) const {
    return std::any_of(rule_.ignore.begin(), rule_.ignore.end(),
                       [&](const auto& rule) { return rule == name || rule == where; });
  }

  void objects(const std::string& where, const Json& a, const Json& b) {
    for (const auto& [name, value] : a.as_object()) {
      const auto inner = where + "/" + name;
      if (ignored(inner, name)) continue;
      const auto* other = b.find(name);
      if (other == nullptr)
        differ(inner, &value, nullptr);
      else
        values(inner, value, *other);
    }
    for (const auto& [name, value] : b.as_object()) {
      const auto inner = where + "/" + name;
      if (a.find(name) == nullptr && !ignored(inner, name)) differ(inner, nullptr, &value);
    }
  }

  void arrays(const std::string& where, const Json& a, const Json& b) {
    const auto& left = a.as_array();
    const auto& right = b.as_array();
    const auto both = std::min(left.size(), right.size());
    for (std::size_t i = 0; i < both; ++i)
      values(base::format("{}/{}", where, i), left[i], right[i]);
    for (std::size_t i = both; i < left.size(); ++i)
      differ(base::format("{}/{}", where, i), &left[i], nullptr);
    for (std::size_t i = both; i < right.size(); ++i)
      differ(base::format("{}/{}", where, i), nullptr, &right[i]);
  }

  void differ(const std::string& where, const Json* a, const Json* b) {
    differences_.add(where.empty() ? "the value" : where, a != nullptr ? a->dump() : "",
                     b != nullptr ? b->dump() : "");
  }

  const core::CompareRule& rule_;
  Tolerance tolerance_;
  Differences& differences_;
};

Json parse(std::string_view text) {
  try {
    return codec::parse_json(text);
  } catch (const base::Error& error) {
    throw base::Error(base::ErrorCode::invalid_input, "it is no JSON: " + error.message());
  }
}

}  // namespace

Comparison compare_json(std::string_view before, std::string_view after,
                        const core::CompareRule& rule) {
  Differences differences;
  Walk(rule, differences).values("", parse(before), parse(after));
  return std::move(differences).finish("by value" + tolerance_text({rule.relative, rule.absolute}));
}

Comparison compare_notebook(std::string_view before, std::string_view after) {
  // nbformat 4: what changes at every execution without a change of result.
  core::CompareRule rule;
  rule.ignore = {"execution_count", "metadata", "id"};
  auto comparison = compare_json(before, after, rule);
  comparison.method = "notebook, without execution counts and metadata";
  return comparison;
}

}  // namespace provrun::compare
