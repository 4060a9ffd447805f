#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics.hpp"
#include "provrun/pipeline/template.hpp"
#include "provrun/pipeline/value.hpp"

namespace provrun::pipeline {

/// What a template may name, and what it has named so far.
struct TemplateScope {
  const Value* parameters = nullptr;
  std::vector<std::string> variables;
  std::vector<std::string> inputs;  ///< declared names, in order; "" for an unnamed one
  std::vector<std::string> outputs;
  std::vector<std::uint8_t> collects;  ///< per input: it has collected items
  std::string step;                    ///< "" outside of a step
  std::string cpus;
  std::set<std::string> used_parameters;  ///< dotted names, filled by the compiler
};

/// Where a template stands decides what it may name and how values are inserted.
enum class TemplatePlace {
  command,      ///< everything; values are shell words, lists several
  input_path,   ///< variables, params, step, name, cpus
  output_path,  ///< also inputs that are not collected
  sink_path,    ///< stdout and stderr: also outputs
  stream_path,  ///< stdin: all inputs and outputs
  environment,  ///< as stream_path; lists are joined by spaces
  shared,       ///< params only: outside of a step
  hook          ///< the same; values are shell words, lists several
};

class TemplateCompiler {
 public:
  TemplateCompiler(TemplateScope& scope, Diagnostics& diagnostics)
      : scope_(scope), diagnostics_(diagnostics) {}

  Template compile(std::string_view text, Place place, TemplatePlace where);
  /// As compile, but a text that is nothing but one list parameter gives one template per element.
  std::vector<Template> compile_paths(std::string_view text, Place place, TemplatePlace where);
  /// The list parameter a text names ("{params.species}"); nullptr if it is anything else.
  const Value* list_parameter(std::string_view text);

 private:
  struct Use {
    std::string_view name;
    std::string_view whole;
    bool raw;
    Place place;
    TemplatePlace where;
  };
  void append(Template& result, const Use& use);
  void append_parameter(Template& result, const Use& use);
  bool append_file(Template& result, const Use& use);
  void report_unknown(const Use& use);

  TemplateScope& scope_;
  Diagnostics& diagnostics_;
};

/// A `{…}` in a text: what it names, or an escape `{{…}}`.
struct TemplateMatch {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view name;
  bool raw = false;
  bool escaped = false;
};
/// The next one at or after an offset.
std::optional<TemplateMatch> find_template(std::string_view text, std::size_t from);

}  // namespace provrun::pipeline
