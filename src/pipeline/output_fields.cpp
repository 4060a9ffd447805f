#include "provrun/base/format.hpp"
#include "step_loader.hpp"

// The attributes of an output.
namespace provrun::pipeline {

namespace {

void read_ensure(FieldReader& fields, const Node& node, Where where, OutputDeclaration& output) {
  static const KeySet keys{{"non_empty", "sha256"}, {}};
  if (!fields.require_map(node, where)) return;
  fields.check_keys(node, keys, where);
  if (const auto value = node.find("non_empty"))
    output.non_empty = fields.boolean(*value, {"non_empty", where.step}).value_or(false);
  if (const auto value = node.find("sha256")) {
    if (const auto text = fields.text(*value, {"sha256", where.step}))
      output.sha256 = hash::parse_digest(*text);
    if (!output.sha256)
      fields.report(*value, {"sha256", where.step}, "64 hexadecimal digits in lower case",
                    "as 'sha256sum FILE' prints them");
  }
}

}  // namespace

void read_output_attributes(FieldReader& fields, Diagnostics& diagnostics, const Node& node,
                            Where where, OutputDeclaration& output) {
  const auto flag = [&](std::string_view key, bool& value) {
    if (const auto found = node.find(key))
      value = fields.boolean(*found, {key, where.step}).value_or(value);
  };
  flag("publish", output.publish);
  flag("log", output.log);
  flag("temp", output.temp);
  flag("protected", output.is_protected);
  flag("optional", output.optional);
  flag("persist", output.persist);
  flag("cache", output.cache);
  if (const auto value = node.find("caption"))
    output.caption = fields.text(*value, {"caption", where.step}).value_or("");
  if (const auto value = node.find("ensure"))
    read_ensure(fields, *value, {"ensure", where.step}, output);

  const auto clash = [&](bool one, std::string_view key, bool other, std::string_view with,
                         const char* why) {
    if (one && other)
      diagnostics.add(node.find(key)->place(),
                      base::format("an output cannot be both '{}' and '{}'", with, key), why);
  };
  clash(output.temp, "temp", output.publish, "publish", "a result to show must stay");
  clash(output.temp, "temp", output.is_protected, "protected", "what is protected must stay");
  clash(output.temp, "temp", output.persist, "persist", "what goes away cannot be gone on with");
  clash(output.persist, "persist", output.is_protected, "protected",
        "the step could not write to it");
  if (output.discover && output.sha256)
    diagnostics.add(node.find("ensure")->find("sha256")->place(),
                    "files that are discovered cannot all have one 'sha256'",
                    "'non_empty' holds for each of them");
  if (output.temp && output.log)
    diagnostics.add(node.find("temp")->place(), "an output cannot be both 'log' and 'temp'",
                    "a log is there to be read later");
}

}  // namespace provrun::pipeline
