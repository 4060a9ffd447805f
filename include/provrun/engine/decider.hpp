#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "provrun/core/ports/results.hpp"
#include "provrun/core/ports/workspace_files.hpp"
#include "provrun/engine/dependencies.hpp"
#include "provrun/engine/step_key.hpp"
#include "provrun/pipeline/graph.hpp"

namespace provrun::engine {

/// The environment variables of the process that runs the workflow, by name.
using Variables = std::map<std::string, std::string>;
/// Keeps secrets out of key documents.
struct Redaction {
  /// Replaces what is or looks like a secret.
  std::function<codec::Json(const codec::Json&)> document;
  /// A keyed hash that stands for a whole value: equal values look equal, others differ.
  std::function<std::string(std::string_view)> secret;
  /// Replaces what is or looks like a secret in a message; may be empty.
  std::function<std::string(std::string_view)> text = {};
  /// What declared secret stands in a text ("the secret API_TOKEN"); may be empty.
  std::function<std::optional<std::string>(std::string_view)> declared_in = {};
};

/// What the user asked for beyond the targets.
struct Forcing {
  bool all = false;
  std::set<std::string, std::less<>> steps;  ///< step or instance names
};

enum class Action {
  none,   ///< up to date
  reuse,  ///< restore the outputs of an earlier execution
  execute,
  impossible  ///< an input is not there, or cannot be read
};

/// What is to be done with a step instance, and why.
struct Decision {
  Action action = Action::none;
  core::Reason reason;  ///< empty kind when up to date
  codec::Json key;      ///< null when impossible, and when the history has it already
  hash::Digest step_key;
  std::vector<core::Artifact> inputs;
  std::vector<core::Artifact> outputs;           ///< as they are (none), or as they will be (reuse)
  core::ExecutionId execution;                   ///< that made the outputs (none, reuse)
  core::StoredResult stored;                     ///< where it was found in the repository
  std::string problem;                           ///< why it is impossible, one sentence
  std::vector<pipeline::PathId> removed_inputs;  ///< temporary files to bring back before it runs
};

/// The environment of a step: what counts (in its key and record), and all that the process gets.
struct StepEnvironment {
  std::vector<std::pair<std::string, std::optional<std::string>>> counting;  ///< sorted by name
  std::vector<std::pair<std::string, std::optional<std::string>>> secrets;   ///< count by hash only
  std::vector<std::pair<std::string, std::string>> process;
};
/// Names of variables that choose which software is found; they count for every step where they are
/// set.
std::vector<std::string> software_search_variables();
StepEnvironment environment_of(const pipeline::Step& step, const pipeline::Invocation& invocation,
                               const Variables& variables);

/// True when the pipeline declares that the instance makes the path, by itself or in a directory.
bool declares_output(const pipeline::Graph& graph, pipeline::InstanceId id, std::string_view path);

/// Why a frozen step is impossible, after its name.
std::string frozen_without(const std::string& output, std::string_view instance);

/// Decides, from contents alone, whether a step instance must run. Changes nothing. One thread.
class Decider {
 public:
  Decider(const pipeline::Graph& graph, core::WorkspaceFiles& files, core::Results& results,
          core::History& history, Variables variables, Redaction redaction, Forcing forcing);

  /// All files that predecessors make must be there in their final state.
  Decision decide(pipeline::InstanceId id);

  const Variables& variables() const { return variables_; }
  /// A message without what is or looks like a secret.
  std::string redacted(const std::string& text) const {
    return redaction_.text ? redaction_.text(text) : text;
  }
  std::optional<std::string> declared_secret_in(std::string_view text) const {
    return redaction_.declared_in ? redaction_.declared_in(text) : std::nullopt;
  }
  /// Told of a reason of kind observed_software and of the last execution; may name it better.
  void name_software_with(std::function<void(core::Reason&, const core::ExecutionId&)> name) {
    name_software_ = std::move(name);
  }
  Dependencies& dependencies() { return dependencies_; }
  bool forced(pipeline::InstanceId id) const;
  /// Never run: frozen, and not asked for by name.
  bool frozen(pipeline::InstanceId id) const;
  /// The first declared output that is not there or not of its kind; empty when all are.
  std::string missing_output(pipeline::InstanceId id);
  /// From now on the instance runs although it may be up to date: its temporary output is needed.
  void make_again(pipeline::InstanceId id, pipeline::PathId output) { again_[id] = output; }
  static core::PathKind kind_of(const pipeline::Graph& graph, pipeline::PathId path);

 private:
  struct Outputs;
  /// own_results: files that the instance updates count as what they were before it, where they are
  /// as it left them. found_own: there were such files.
  Decision decide_by(pipeline::InstanceId id, bool own_results, bool& found_own);
  /// The content that the file had before the instance's last execution; nullopt unless it is now
  /// as that one left it, or gone.
  std::optional<core::ContentId> before_own(pipeline::InstanceId id, const std::string& name,
                                            const std::optional<core::PathState>& now);
  Outputs identify_outputs(pipeline::InstanceId id, const core::LastExecution* last);
  void identify_output(const std::string& name, core::PathKind kind,
                       const pipeline::OutputDeclaration& rules, const core::LastExecution* last,
                       Outputs& outputs);
  void add_observed_outputs(pipeline::InstanceId id, const std::vector<core::Artifact>& expected,
                            Outputs& outputs);
  /// What a temporary file was that its maker made and that is no longer there.
  std::optional<core::PathState> removed_input(pipeline::PathId path);
  void refuse_protected(pipeline::InstanceId id, Decision& decision);
  void must_execute(pipeline::InstanceId id, Decision& decision);
  core::Reason reason_to_run(pipeline::InstanceId id, const core::LastExecution* last,
                             const Decision& decision, const Outputs& outputs);

  const pipeline::Graph& graph_;
  core::WorkspaceFiles& files_;
  core::Results& results_;
  core::History& history_;
  Dependencies dependencies_;
  Variables variables_;
  Redaction redaction_;
  std::function<void(core::Reason&, const core::ExecutionId&)> name_software_;
  Forcing forcing_;
  std::unordered_map<pipeline::InstanceId, pipeline::PathId> again_;
};

/// Source files that instances of the selection need and that are not there: an error with the step
/// that wants each, the place, and the nearest existing name. Throws
/// base::ErrorList(invalid_input).
void require_sources(
    const pipeline::Graph& graph, const std::vector<pipeline::InstanceId>& selection,
    const std::function<bool(const std::string& path)>& exists,
    const std::function<std::vector<std::string>(const std::string& directory)>& list);

}  // namespace provrun::engine
