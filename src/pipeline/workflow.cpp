#include "provrun/pipeline/workflow.hpp"

#include <algorithm>

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

std::string_view Workflow::text(std::uint32_t file) const {
  return texts_->texts.text(file);
}

codec::Json Workflow::configuration() const {
  const auto& documents = texts_->documents;
  // Each document is complete when all that it includes are: those come after it.
  std::vector<codec::Json::Array> includes(documents.size());
  for (auto i = documents.size(); i-- > 0;) {
    const auto& document = documents[i];
    const auto root = document.yaml.root();
    codec::Json::Object object;
    for (std::size_t key = 0; root && key < root->size(); ++key)
      if (root->key(key) != "params" && root->key(key) != "include")
        object.emplace_back(std::string(root->key(key)), to_json(root->value(key)));
    codec::Json json(std::move(object));
    if (!document.parameters.names.empty()) json.set("params", document.parameters.to_json());
    if (!includes[i].empty()) {
      std::reverse(includes[i].begin(), includes[i].end());
      json.set("include", codec::Json(std::move(includes[i])));
    }
    if (document.outer == nullptr) return json;
    auto entry = codec::Json::object();
    entry.set("file", document.file);
    entry.set("prefix", document.prefix);
    entry.set("pipeline", std::move(json));
    for (std::size_t outer = 0; outer < i; ++outer)
      if (&documents[outer] == document.outer) includes[outer].push_back(std::move(entry));
  }
  return codec::Json::object();
}

}  // namespace provrun::pipeline
