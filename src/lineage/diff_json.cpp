#include <algorithm>
#include <optional>
#include <unordered_map>

#include "provrun/base/format.hpp"
#include "provrun/lineage/run_diff.hpp"

namespace provrun::lineage {

using codec::Json;

namespace {

using Index = std::unordered_map<std::string_view, const Json*>;

// The elements by their "path" or "name"; nullopt when one has none, or two have the same.
std::optional<Index> index_by(const Json::Array& elements, std::string_view member) {
  Index index;
  for (const auto& element : elements) {
    const auto* name = element.find(member);
    if (name == nullptr || !name->is_string()) return std::nullopt;
    if (!index.emplace(name->as_string(), &element).second) return std::nullopt;
  }
  return index;
}

class Comparison {
 public:
  std::vector<JsonChange> changes;

  void compare(const Json& before, const Json& after, const std::string& path) {
    if (before.is_object() && after.is_object())
      compare_objects(before.as_object(), after.as_object(), path);
    else if (before.is_array() && after.is_array())
      compare_arrays(before.as_array(), after.as_array(), path);
    else if (before != after)
      changes.push_back({path, before, after});
  }

 private:
  void compare_objects(const Json::Object& before, const Json::Object& after,
                       const std::string& path) {
    const auto index = [](const Json::Object& members) {
      Index by_name;
      for (const auto& [name, value] : members) by_name.emplace(name, &value);
      return by_name;
    };
    const auto old_members = index(before);
    const auto new_members = index(after);
    const auto below = [&](const std::string& name) {
      return path.empty() ? name : path + "." + name;
    };
    for (const auto& [name, value] : before) {
      const auto it = new_members.find(name);
      compare(value, it == new_members.end() ? Json() : *it->second, below(name));
    }
    for (const auto& [name, value] : after)
      if (!old_members.contains(name)) compare(Json(), value, below(name));
  }

  void compare_arrays(const Json::Array& before, const Json::Array& after,
                      const std::string& path) {
    for (const char* member : {"path", "name"}) {
      const auto old_elements = index_by(before, member);
      const auto new_elements = index_by(after, member);
      if (!old_elements || !new_elements) continue;
      const auto name_of_element = [&](const Json& element) -> const std::string& {
        return element.at(member).as_string();
      };
      for (const auto& element : before) {
        const auto& name = name_of_element(element);
        const auto it = new_elements->find(name);
        compare(element, it == new_elements->end() ? Json() : *it->second,
                base::format("{}[{}]", path, name));
      }
      for (const auto& element : after)
        if (!old_elements->contains(name_of_element(element)))
          compare(Json(), element, base::format("{}[{}]", path, name_of_element(element)));
      return;
    }
    const auto at = [](const Json::Array& elements, std::size_t i) {
      return i < elements.size() ? elements[i] : Json();
    };
    for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i)
      compare(at(before, i), at(after, i), base::format("{}[{}]", path, i));
  }
};

}  // namespace

std::vector<JsonChange> diff_json(const Json& before, const Json& after) {
  Comparison comparison;
  comparison.compare(before, after, "");
  return std::move(comparison.changes);
}

}  // namespace provrun::lineage
