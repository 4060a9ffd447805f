#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "field_reader.hpp"
#include "part.hpp"
#include "provrun/pipeline/workflow.hpp"
#include "template_compiler.hpp"

namespace provrun::pipeline {

/// Reads `resources` on top of what is there: names that it does not give stay as they are.
void read_resources(FieldReader& fields, Diagnostics& diagnostics, const Node& node, Where where,
                    std::span<const Pool> pools, Resources& resources);
/// A key of `resources` itself, and so no name for a pool.
bool is_resource_key(std::string_view name);
inline constexpr std::int64_t kMaxPool = 1'000'000'000;
void read_retries(FieldReader& fields, const Node& node, Where where, RetryPolicy& retries);
/// What a map says of an output beside its path.
void read_output_attributes(FieldReader& fields, Diagnostics& diagnostics, const Node& node,
                            Where where, OutputDeclaration& output);
/// nullptr after an error.
void read_trace(FieldReader& fields, const Node& node, Where where, bool& traced);
void read_undeclared(FieldReader& fields, const Node& node, Where where, Undeclared& undeclared);
std::shared_ptr<const std::vector<std::string>> read_shell(FieldReader& fields, const Node& node,
                                                           Where where);
/// Reads `env` on top of a base, whose entries of the same names give way.
std::shared_ptr<const EnvironmentDeclaration> read_environment(
    FieldReader& fields, Diagnostics& diagnostics, TemplateCompiler& templates, const Node& node,
    Where where, TemplatePlace place, const EnvironmentDeclaration& base);
/// Keys a step may have.
const KeySet& step_keys();

/// What all steps of a document are read with.
struct StepContext {
  Diagnostics& diagnostics;
  FieldReader& fields;
  const Part& part;  ///< the file they stand in
  std::shared_ptr<const codec::Json> no_parameters;
  const Workflow& workflow;  ///< knows the names of all steps

  InstanceTableReader& tables() const { return *part.tables; }
  const Value& parameters() const { return part.parameters; }
  std::optional<StepId> find_step(std::string_view name) const {
    return part.find_step(workflow, name);
  }
};

/// A `{collect: step.output}` whose output can be looked up only when all steps are read.
struct PendingCollect {
  StepId step;
  std::uint32_t input = 0;
  std::uint32_t item = 0;
  StepId from;
  std::string output;
  Place place;
};

/// Reads one step.
class StepLoader {
 public:
  StepLoader(StepContext& context, std::vector<PendingCollect>& collects)
      : context_(context),
        diagnostics_(context.diagnostics),
        fields_(context.fields),
        templates_(scope_, context.diagnostics),
        collects_(collects) {}

  void load(const Node& node, StepId id, Step& step);

 private:
  Where where(std::string_view key) const { return {key, step_->name}; }
  void load_table(const Node& node);
  void load_from(const Node& node);
  void load_discover(const Node& node, OutputDeclaration& output);
  void load_pattern(const Node& node);
  void check_pattern();
  void load_when(const Node& node);
  void load_attributes(const Node& node);
  void load_inputs(const Node& node);
  void load_input(const Node& node, std::string name);
  void load_input_item(const Node& node, InputDeclaration& input);
  void load_collect(const Node& node, InputDeclaration& input);
  void load_outputs(const Node& node);
  void load_output(const Node& node, std::string name);
  void load_output_attributes(const Node& node, OutputDeclaration& output);
  bool check_file_name(std::string_view name, Place place, std::string_view what);
  void load_needs(const Node& node);
  void load_streams(const Node& node);
  void load_run(const Node& node);
  void load_repeat(const Node& node);
  void load_parameters(const Node& node);
  void report_unknown_step(std::string_view name, Place place, std::string_view key);

  StepContext& context_;
  Diagnostics& diagnostics_;
  FieldReader& fields_;
  TemplateScope scope_;
  TemplateCompiler templates_;
  std::vector<PendingCollect>& collects_;
  Step* step_ = nullptr;
  StepId id_{};
  bool knows_variables_ = true;
};

}  // namespace provrun::pipeline
