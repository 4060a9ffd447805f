#include "provrun/pipeline/workflow.hpp"

#include "scalar.hpp"
#include "workflow_texts.hpp"

namespace provrun::pipeline {

namespace {

codec::Json to_json(const Node& node) {
  switch (node.value_kind()) {
    case Value::Kind::null:
      return nullptr;
    case Value::Kind::boolean:
      return to_boolean(node.text());
    case Value::Kind::integer:
      return to_integer(node.text()).value_or(0);
    case Value::Kind::real: {
      const auto number = to_real(node.text());
      return number ? codec::Json(*number) : codec::Json(node.text());
    }
    case Value::Kind::text:
      return node.text();
    case Value::Kind::list: {
      codec::Json::Array array;
      array.reserve(node.size());
      for (std::size_t i = 0; i < node.size(); ++i) array.push_back(to_json(node.item(i)));
      return array;
    }
    case Value::Kind::map:
      break;
  }
  codec::Json::Object object;
  object.reserve(node.size());
  for (std::size_t i = 0; i < node.size(); ++i)
    object.emplace_back(std::string(node.key(i)), to_json(node.value(i)));
  return object;
}

}  // namespace

Workflow::Workflow() : texts_(std::make_unique<Texts>()) {
  parameters_.kind = Value::Kind::map;
}
Workflow::~Workflow() = default;
Workflow::Workflow(Workflow&&) noexcept = default;
Workflow& Workflow::operator=(Workflow&&) noexcept = default;

std::optional<StepId> Workflow::find_step(std::string_view name) const {
  const auto found = step_by_name_.find(name);
  if (found == step_by_name_.end()) return std::nullopt;
  return found->second;
}

base::Position Workflow::position(Place place) const {
  return texts_->texts.position(place);
}

codec::Json Workflow::configuration() const {
  const auto root = texts_->document.root();
  codec::Json::Object object;
  for (std::size_t i = 0; root && i < root->size(); ++i)
    if (root->key(i) != "params")
      object.emplace_back(std::string(root->key(i)), to_json(root->value(i)));
  codec::Json json(std::move(object));
  if (!parameters_.names.empty()) json.set("params", parameters_.to_json());
  return json;
}

}  // namespace provrun::pipeline
