#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "provrun/pipeline/discover.hpp"
#include "provrun/pipeline/workflow.hpp"

namespace provrun::pipeline {

/// A path of the graph: a dense index from 0. Paths are normalised ("./a//b/../c" is "a/c"),
/// relative to the workspace or absolute, without a trailing slash; the workspace itself is ".".
enum class PathId : std::uint32_t {};
constexpr std::size_t index_of(PathId id) {
  return static_cast<std::size_t>(id);
}

/// A step instance: a dense index from 0 in a topological order, so predecessors have smaller ones.
/// Instances keep the order of the file and of their table as far as their dependencies allow.
enum class InstanceId : std::uint32_t {};
constexpr std::size_t index_of(InstanceId id) {
  return static_cast<std::size_t>(id);
}

/// What one instance runs: everything that differs between the instances of a step. What they share
/// (shell, names of passed variables and secrets, parameters, resources, retries, always,
/// frozen) stands in Graph::step.
struct Invocation {
  std::vector<std::string> scripts;  ///< one per item of `run`, in order
  std::string until;                 ///< of `repeat`; empty without
  std::string directory;  ///< working directory, relative to the workspace; "." by default
  std::optional<PathId> standard_input;                          ///< also among the inputs
  std::optional<PathId> standard_output;                         ///< also among the outputs
  std::optional<PathId> standard_error;                          ///< also among the outputs
  std::vector<std::pair<std::string, std::string>> environment;  ///< `env.set`, sorted by name
};

/// An output of an instance whose files are known only when it has run.
struct Discovery {
  InstanceId by{};
  std::uint32_t output = 0;  ///< index into the step's outputs
  DiscoverPattern pattern;
  bool known = false;         ///< grow was told of the files
  std::vector<PathId> files;  ///< sorted by path
};

/// The step instances of a workflow and the paths between them. Changed by grow alone; else it may
/// be read from any thread. Refers to the workflow, which must outlive it.
class Graph {
 public:
  const Workflow& workflow() const { return *workflow_; }
  struct Data;  // the room's own

  std::size_t instance_count() const;
  static InstanceId instance(std::size_t index) { return static_cast<InstanceId>(index); }
  std::string_view name(InstanceId id) const;  ///< "step" or "step@value-value"; unique
  StepId step_id(InstanceId id) const;
  const Step& step(InstanceId id) const { return workflow_->step(step_id(id)); }
  std::optional<InstanceId> find_instance(std::string_view name) const;
  /// In the order of the table.
  std::span<const InstanceId> instances_of(StepId step) const;
  /// The instance's variables with their values, in the order of the table.
  std::vector<std::pair<std::string, std::string>> variables(InstanceId id) const;

  /// In the order of the file, each path once.
  std::span<const PathId> inputs(InstanceId id) const;
  std::span<const PathId> outputs(InstanceId id) const;
  /// All instances that must be done first, ascending and unique: producers of inputs, and `needs`.
  std::span<const InstanceId> predecessors(InstanceId id) const;
  std::span<const InstanceId> successors(InstanceId id) const;
  /// True if only `needs` makes the instance wait for that predecessor: it reads nothing it makes.
  bool order_only(InstanceId id, InstanceId predecessor) const;

  std::size_t path_count() const;
  std::string_view path(PathId id) const;
  /// Declared with a trailing slash.
  bool is_directory(PathId id) const;
  /// The instance that declares the path as an output; nullopt for a source.
  std::optional<InstanceId> producer(PathId id) const;
  /// The instance that makes the path: its producer, or that of an output directory it lies in.
  std::optional<InstanceId> maker(PathId id) const;
  /// The same for a path that may not be of the graph.
  std::optional<InstanceId> maker(std::string_view text) const;
  /// Normalises the text first.
  std::optional<PathId> find_path(std::string_view text) const;

  /// What the instance discovers.
  std::span<const Discovery> discoveries(InstanceId id) const;
  /// The step has instances that are not known yet. They will have greater numbers than all that
  /// are.
  bool is_deferred(StepId step) const;
  /// The steps that must all have discovered their files before the step's instances are known.
  std::span<const StepId> awaited(StepId step) const;
  /// The steps that a deferred one waits for itself, deferred or not.
  std::span<const StepId> waits_for(StepId deferred) const;
  /// Whether instances that are not known yet may make the path, or something inside of it.
  bool may_come(std::string_view path) const;
  /// Deferred steps that may make the path.
  std::vector<StepId> deferred_makers(std::string_view path) const;
  /// What is known already that the instances of a deferred step will need.
  std::vector<InstanceId> known_needs(StepId deferred) const;

  Invocation invocation(InstanceId id) const;
  /// The output declaration (publish, caption, log) a path of outputs(id), or a discovered one,
  /// comes from; nullptr for the files of `stdout` and `stderr`.
  const OutputDeclaration* output_declaration(InstanceId id, PathId path) const;

  // For messages. Linear in the size of the graph.
  std::vector<InstanceId> consumers(PathId id) const;
  /// Where the pipeline says that the instance reads the path.
  base::Position input_position(InstanceId id, PathId path) const;
  struct SwitchedOff {
    const Step* step = nullptr;
    base::Position when;
  };
  /// The step that would make the path if its `when` were true.
  std::optional<SwitchedOff> switched_off_maker(std::string_view path) const;
  /// The path of the graph, or of the candidates, that looks most like the text.
  std::optional<std::string> nearest_path(std::string_view text,
                                          std::span<const std::string> candidates = {}) const;

  ~Graph();
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;

 private:
  friend class GraphBuilder;
  explicit Graph(const Workflow& workflow);
  const Workflow* workflow_;
  std::unique_ptr<Data> data_;
};

/// What pattern rules are asked for.
struct Wanted {
  std::vector<std::string> paths;  ///< beside what the steps read and what `targets` names
  /// Whether a file that no step makes is there; empty: all are.
  std::function<bool(const std::string& path)> exists;
};

/// The files of one discovery: normal paths that match.
struct Discovered {
  InstanceId by{};
  std::uint32_t output = 0;
  std::vector<std::string> files;
};

/// Adds what was discovered to a graph of expand, and the instances of the steps that awaited
/// nothing else, with what pattern rules make for them. What is there keeps its numbers; only the
/// new part is expanded and linked. Returns the number of instances added. Throws as expand does,
/// also where an instance would make what one that is there already reads; the graph is as it was
/// then.
std::size_t grow(Graph& graph, std::span<const Discovered> found, const Wanted& wanted);

/// Expands every step over its table, makes what is wanted of pattern rules, and links the
/// instances. Instances of steps that await what others discover come later, by grow. A rule is
/// used for a path that no other step makes, when all that it reads is there
/// or can be made; no rule twice on the way to one file. Throws base::ErrorList
/// (invalid_input) with the places of: two instances with one output or one name, an output outside
/// of the workspace or inside another instance's output directory, a cycle (printed whole), unknown
/// targets, a path that two rules could make.
Graph expand(const Workflow& workflow, const Wanted& wanted = {});

struct Selection {
  std::vector<InstanceId>
      instances;                 ///< ascending, so in a topological order; with all they depend on
  std::vector<StepId> deferred;  ///< steps of which instances are wanted that are not known yet
};

/// The instances needed for the targets: each the name of an entry of `targets`, a step, an
/// instance, or a path (normalised; relative to the workspace). A source path needs nothing. No
/// targets: the entry `default` of `targets`, or every step. `until`, if not empty, leaves only
/// those of its targets and what they depend on. Throws base::Error(not_found), with the nearest
/// name, for an unknown one.
Selection select(const Graph& graph, std::span<const std::string> targets,
                 std::span<const std::string> until = {});

}  // namespace provrun::pipeline
