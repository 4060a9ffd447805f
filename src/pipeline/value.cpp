#include "provrun/pipeline/value.hpp"

#include "scalar.hpp"

namespace provrun::pipeline {

const Value* Value::find(std::string_view dotted_path) const {
  const Value* value = this;
  while (!dotted_path.empty()) {
    const auto dot = dotted_path.find('.');
    const auto part = dotted_path.substr(0, dot);
    dotted_path = dot == std::string_view::npos ? std::string_view{} : dotted_path.substr(dot + 1);
    const Value* next = nullptr;
    for (std::size_t i = 0; i < value->names.size(); ++i)
      if (value->names[i] == part) next = &value->items[i];
    if (next == nullptr) return nullptr;
    value = next;
  }
  return value;
}

Value* Value::find(std::string_view dotted_path) {
  return const_cast<Value*>(static_cast<const Value*>(this)->find(dotted_path));
}

codec::Json Value::to_json() const {
  switch (kind) {
    case Kind::null:
      return nullptr;
    case Kind::boolean:
      return to_boolean(text);
    case Kind::integer:
      return to_integer(text).value_or(0);
    case Kind::real:
      return to_real(text).value_or(0);
    case Kind::text:
      return text;
    case Kind::list: {
      codec::Json::Array array;
      for (const auto& item : items) array.push_back(item.to_json());
      return array;
    }
    case Kind::map: {
      codec::Json::Object object;
      for (std::size_t i = 0; i < names.size(); ++i)
        object.emplace_back(names[i], items[i].to_json());
      return object;
    }
  }
  return nullptr;
}

}  // namespace provrun::pipeline
