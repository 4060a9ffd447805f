#include "provrun/engine/step_key.hpp"

#include <algorithm>
#include <map>

#include "provrun/base/text.hpp"

namespace provrun::engine {

using codec::Json;

Json key_document(const KeyParts& parts) {
  const auto strings = [](const std::vector<std::string>& texts) {
    Json array = Json::array();
    for (const auto& text : texts) array.push_back(text);
    return array;
  };
  Json inputs = Json::array();
  for (const auto& [path, content] : parts.inputs) {
    Json input = Json::object();
    core::set_path(input, path);
    input.set("content", content.to_string());
    inputs.push_back(std::move(input));
  }
  Json environment = Json::object();
  for (const auto& [name, value] : parts.environment)
    environment.set(name, value ? Json(*value) : Json());
  Json document =
      Json::object({{"version", 1},
                    {"run", strings(parts.run)},
                    {"shell", strings(parts.shell)},
                    {"directory", parts.directory},
                    {"inputs", std::move(inputs)},
                    {"outputs", strings(parts.outputs)},
                    {"parameters", parts.parameters.is_null() ? Json::object() : parts.parameters},
                    {"environment", std::move(environment)}});
  if (!parts.discovered.empty()) document.set("discover", strings(parts.discovered));
  if (!parts.until.empty()) document.set("until", parts.until);
  if (!parts.stdin_path.empty()) document.set("stdin", parts.stdin_path);
  if (!parts.stdout_path.empty()) document.set("stdout", parts.stdout_path);
  if (!parts.stderr_path.empty()) document.set("stderr", parts.stderr_path);
  return document;
}

Json with_unstable_inputs(Json document, const std::vector<std::string>& paths) {
  Json list = Json::array();
  for (const auto& path : paths) list.push_back(base::printable(path));
  document.set("unstable_inputs", std::move(list));
  return document;
}

hash::Digest step_key(const Json& document) {
  return hash::sha256(document.canonical());
}

namespace {

std::string as_text(const Json& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_null()) return "(unset)";
  return value.dump();
}

const Json& member(const Json& document, std::string_view name) {
  static const Json null;
  const auto* value = document.find(name);
  return value != nullptr ? *value : null;
}

// Differences of two objects, member by member; nested objects give dotted names.
void compare_objects(const Json& before, const Json& after, const std::string& prefix,
                     const char* kind, std::vector<core::Reason>& reasons) {
  const auto& old_members = before.is_object() ? before.as_object() : Json::Object{};
  const auto& new_members = after.is_object() ? after.as_object() : Json::Object{};
  for (const auto& [name, value] : new_members) {
    const auto* old = before.find(name);
    if (old != nullptr && *old == value) continue;
    if (old != nullptr && old->is_object() && value.is_object())
      compare_objects(*old, value, prefix + name + ".", kind, reasons);
    else
      reasons.push_back(
          {kind, prefix + name, old != nullptr ? as_text(*old) : "(absent)", as_text(value)});
  }
  for (const auto& [name, value] : old_members)
    if (after.find(name) == nullptr)
      reasons.push_back({kind, prefix + name, as_text(value), "(absent)"});
}

std::map<std::string, std::string> inputs_of(const Json& document) {
  std::map<std::string, std::string> inputs;
  if (const auto* array = document.find("inputs"))
    for (const auto& input : array->as_array())
      inputs[core::get_path(input)] = input.get_string("content");
  return inputs;
}

void compare_inputs(const Json& before, const Json& after, std::vector<core::Reason>& reasons) {
  const auto old_inputs = inputs_of(before);
  const auto new_inputs = inputs_of(after);
  for (const auto& [path, content] : new_inputs)
    if (!old_inputs.contains(path)) reasons.push_back({"input_added", path, "", content});
  for (const auto& [path, content] : old_inputs)
    if (!new_inputs.contains(path)) reasons.push_back({"input_removed", path, content, ""});
  for (const auto& [path, content] : new_inputs) {
    const auto old = old_inputs.find(path);
    if (old != old_inputs.end() && old->second != content)
      reasons.push_back({"input_content", path, old->second, content});
  }
}

std::string joined(const Json& array) {
  std::string text;
  if (!array.is_array()) return as_text(array);
  for (const auto& element : array.as_array()) {
    if (!text.empty()) text += "\n";
    text += as_text(element);
  }
  return text;
}

void compare_member(const Json& before, const Json& after, const char* name, const char* kind,
                    std::vector<core::Reason>& reasons) {
  const auto& old_value = member(before, name);
  const auto& new_value = member(after, name);
  if (old_value == new_value) return;
  reasons.push_back({kind, name, joined(old_value), joined(new_value)});
}

}  // namespace

std::vector<core::Reason> list_differences(const Json& before, const Json& after) {
  std::vector<core::Reason> reasons;
  compare_objects(member(before, "parameters"), member(after, "parameters"), "", "parameter",
                  reasons);
  compare_inputs(before, after, reasons);
  compare_objects(member(before, "environment"), member(after, "environment"), "", "environment",
                  reasons);
  compare_member(before, after, "outputs", "output_declared", reasons);
  compare_member(before, after, "discover", "output_declared", reasons);
  compare_member(before, after, "shell", "shell", reasons);
  compare_member(before, after, "directory", "directory", reasons);
  compare_member(before, after, "stdin", "command", reasons);
  compare_member(before, after, "stdout", "command", reasons);
  compare_member(before, after, "stderr", "command", reasons);
  compare_member(before, after, "run", "command", reasons);
  compare_member(before, after, "until", "command", reasons);
  compare_member(before, after, "version", "record_lost", reasons);
  if (const auto* unstable = before.find("unstable_inputs"); unstable != nullptr && reasons.empty())
    reasons.push_back({"unstable_input", joined(*unstable), "", ""});
  // Only the order of inputs differs: the command sees another order of words.
  if (reasons.empty() && before.canonical() != after.canonical())
    compare_member(before, after, "inputs", "command", reasons);
  return reasons;
}

core::Reason explain_difference(const Json& before, const Json& after) {
  auto reasons = list_differences(before, after);
  if (reasons.empty()) return {};
  return std::move(reasons.front());
}

}  // namespace provrun::engine
