#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/core/compare_rule.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/pipeline/sources.hpp"
#include "provrun/pipeline/template.hpp"
#include "provrun/pipeline/value.hpp"

// What a pipeline.yaml declares. The language stands in docs/manual/pipeline.md and in
// schemas/pipeline.v1.json. Everything here is immutable after load_workflow and may be read from
// any thread.
namespace provrun::pipeline {

/// A step's index in Workflow::steps(), in the order of the file.
enum class StepId : std::uint32_t {};
constexpr std::size_t index_of(StepId id) {
  return static_cast<std::size_t>(id);
}

/// `{collect: step}` or `{collect: step.output}`.
struct Collect {
  StepId step{};
  std::optional<std::uint32_t> output;  ///< index into that step's outputs; absent: all of them
};

/// One name under `inputs`; unnamed forms have the empty name.
struct InputDeclaration {
  struct Item {
    Template path;  ///< unused when collecting
    std::optional<Collect> collect;
    Place place;
  };
  std::string name;
  std::vector<Item> items;
};

/// `discover`: a path whose `{names}`, where the step's variables do not have them, stand for what
/// is known only when the step has run. A bare `*` matches, too, but names nothing.
struct DiscoverRule {
  struct Piece {
    enum class What : std::uint8_t { literal, any, variable, found };
    What what = What::literal;
    std::uint32_t index = 0;  ///< of the step's variables, or of the rule's
    std::string text;         ///< of a literal
  };
  std::vector<Piece> pieces;
  std::vector<std::string> variables;  ///< in the order they stand
  Place place;
};

/// One name under `outputs`; unnamed forms have the empty name.
struct OutputDeclaration {
  std::string name;
  std::vector<Template> paths;                   ///< none with `discover`
  std::shared_ptr<const DiscoverRule> discover;  ///< null: its paths are known
  bool publish = false;
  bool log = false;           ///< the file is a log: worth keeping when the step fails
  bool temp = false;          ///< a file that goes when nothing needs it any more
  bool is_protected = false;  ///< made read-only; replaced by force only
  bool optional = false;      ///< may be missing after the step
  bool persist = false;       ///< stays where it is before the step runs: it goes on with it
  bool cache = true;          ///< kept in the repository, and restored from there
  bool non_empty = false;     ///< `ensure`: has bytes, or files
  std::optional<hash::Digest> sha256;  ///< `ensure`: has this content
  std::string caption;
  Place place;
};

struct EnvironmentDeclaration {
  std::vector<std::pair<std::string, Template>> set;  ///< sorted by name
  std::vector<std::string> pass;                      ///< sorted, unique
  std::vector<std::string> secrets;                   ///< sorted, unique
};

/// What an attempt may fail of. `value` is an exit code or a signal's number; 0: any.
struct RetryCause {
  enum class Kind : std::uint8_t { out_of_memory, timeout, signal, exit, output };
  Kind kind = Kind::exit;
  int value = 0;
  bool operator==(const RetryCause&) const = default;
};

struct RetryPolicy {
  std::uint32_t max = 0;                ///< further attempts after the first
  std::chrono::nanoseconds backoff{0};  ///< wait before the first of them
  std::vector<RetryCause> on;           ///< empty: whatever the cause
};

/// How much a step takes, while it runs, of something that is limited.
struct Demand {
  std::string name;  ///< "memory" (bytes), "gpu" or a pool
  std::uint64_t amount = 0;
  bool grows = false;  ///< times the number of the attempt
  bool operator==(const Demand&) const = default;
};

struct Resources {
  std::uint32_t cpus = 1;
  std::optional<std::chrono::nanoseconds> time_limit;
  bool time_limit_grows = false;  ///< times the number of the attempt
  std::vector<Demand> demands;    ///< sorted by name
};

/// A limit that steps share, from `pools`.
struct Pool {
  std::string name;
  std::uint64_t limit = 0;
  Place place;
};

/// What follows when a step uses or makes files that it does not declare.
enum class Undeclared : std::uint8_t {
  warn,   ///< it is said
  error,  ///< the step has failed
  adopt   ///< they are written into the pipeline file
};

/// A table of instances: one row per instance, one column per variable.
struct InstanceTable {
  std::vector<std::string> variables;
  std::vector<std::string> cells;  ///< row-major
  /// How many leading variables name an instance.
  std::size_t naming_variables = 0;
  Place place;  ///< of the `foreach` or `matrix`
  std::size_t row_count() const { return variables.empty() ? 0 : cells.size() / variables.size(); }
};

/// Makes instances on demand: one per file that something needs and that an output matches.
struct PatternRule {
  std::vector<std::string> variables;
  /// Per variable what its values may look like; `*` stands for anything but a `/`. One must fit.
  std::vector<std::vector<std::string>> shapes;
  Place place;
};

/// `foreach: {from: step.output}`: one instance per file that the step's instances discover.
struct FromRule {
  StepId step{};
  std::uint32_t output = 0;  ///< index into that step's outputs; one with `discover`
  /// Those that name an instance of that step, those of the discovered path, its others.
  std::vector<std::string> variables;
  std::size_t naming_variables = 0;
  struct Source {
    bool is_found = false;
    std::uint32_t index = 0;
  };
  std::vector<Source> sources;  ///< per variable: which of the path's, or of the instance's
  Place place;
};

class Expression;  // `when`, compiled

/// `repeat`: the step's scripts run again and again, until a condition holds.
struct RepeatRule {
  std::uint32_t max = 0;  ///< most rounds
  Template until;         ///< a script that says so by exit code 0; 1 says no
  Place place;
};

/// A file that `include` brings into the workflow.
struct IncludedFile {
  std::string file;    ///< relative to the workspace; normal
  std::string folder;  ///< what its paths are relative to; "": the workspace
  std::string prefix;  ///< what the names of its steps begin with
};

/// What all instances of a step share.
struct Step {
  std::string name;
  std::string description;
  std::vector<std::string> tags;
  std::vector<Template> run;  ///< one script each
  std::vector<InputDeclaration> inputs;
  std::vector<OutputDeclaration> outputs;
  std::vector<StepId> needs;  ///< order only
  std::shared_ptr<const InstanceTable>
      instances;                               ///< null: exactly one instance, without variables
  std::shared_ptr<const PatternRule> pattern;  ///< null: its instances are those of the table
  std::shared_ptr<const FromRule> from;        ///< null: they are known without running anything
  std::shared_ptr<const Expression> when;      ///< null: every row is an instance
  Place when_place;
  std::shared_ptr<const EnvironmentDeclaration>
      environment;  ///< never null; top-level `env` merged in
  std::shared_ptr<const codec::Json>
      parameters;  ///< never null; dotted name → value, those it lists or uses
  std::shared_ptr<const std::vector<std::string>>
      shell;  ///< never null; the script is the last argument
  bool shell_is_default = true;
  std::shared_ptr<const RepeatRule> repeat;      ///< null: it runs once
  std::shared_ptr<const IncludedFile> included;  ///< null: it stands in the pipeline itself
  std::optional<Template> cwd;
  std::optional<Template> standard_input;
  std::optional<Template> standard_output;
  std::optional<Template> standard_error;
  Resources resources;
  RetryPolicy retries;
  std::vector<core::CompareRule> compare;  ///< in the order of the file; the first that fits counts
  bool always = false;
  bool frozen = false;
  bool traced = true;  ///< false: `trace: off`
  Undeclared undeclared = Undeclared::warn;
  Place place;

  /// What its paths are relative to; "": the workspace.
  std::string_view folder() const { return included ? included->folder : std::string_view(); }
};

/// `hooks`: what runs when a run is over and recorded.
struct Hooks {
  std::vector<std::string> on_success;  ///< one script each; empty: none
  std::vector<std::string> on_failure;
  std::shared_ptr<const EnvironmentDeclaration> environment;  ///< top-level `env`; never null
  std::shared_ptr<const std::vector<std::string>> shell;      ///< never null
};

/// A file other than the pipeline that shaped the workflow.
struct SourceFile {
  std::string path;
  hash::Digest content;
  std::uint64_t size = 0;
};

/// A glob that shaped the workflow, with the sorted paths it found.
struct SourceGlob {
  std::string pattern;
  std::vector<std::string> paths;
};

/// `--set key=value`: replaces the parameter at a dotted name; the value is read as YAML.
struct Override {
  std::string name;
  std::string value;
};

class Workflow {
 public:
  /// An entry of `targets`.
  struct Target {
    std::string name;
    std::vector<std::string> members;
    std::vector<Place> places;  ///< one per member
  };

  const std::string& name() const { return name_; }  ///< "" if the file gives none
  std::span<const Step> steps() const { return steps_; }
  const Step& step(StepId id) const { return steps_[index_of(id)]; }
  std::optional<StepId> find_step(std::string_view name) const;
  /// Members are step names, instance names and paths; in the order of the file.
  std::span<const Target> targets() const { return targets_; }
  std::span<const Pool> pools() const { return pools_; }
  const Hooks& hooks() const { return hooks_; }
  const Value& parameters() const { return parameters_; }  ///< after overrides; a map
  /// The document after merges and overrides, as JSON; the parameters file stands in for its name,
  /// and included documents with theirs under 'include'.
  /// Its canonical form is what config_hash is made of. Made anew at each call.
  codec::Json configuration() const;

  /// A file of `include`, as often as it is included.
  struct Included {
    std::shared_ptr<const IncludedFile> file;
    std::vector<std::string> parameters;  ///< names of its own
    std::uint32_t text = 0;               ///< its Place::file
  };
  std::span<const Included> included() const { return included_; }
  /// The text of the pipeline (0) or of an included file.
  std::string_view text(std::uint32_t file) const;

  std::span<const SourceFile> files() const { return files_; }
  std::span<const SourceGlob> globs() const { return globs_; }

  /// For messages: file name, line, column (counted in characters) and the line's text.
  base::Position position(Place place) const;
  ~Workflow();
  Workflow(Workflow&&) noexcept;
  Workflow& operator=(Workflow&&) noexcept;

 private:
  friend class WorkflowLoader;
  friend class GraphBuilder;
  Workflow();

  std::string name_;
  std::vector<Step> steps_;
  std::unordered_map<std::string_view, StepId> step_by_name_;  // views of steps_[…].name
  std::vector<Target> targets_;
  std::vector<Pool> pools_;
  Hooks hooks_;
  Value parameters_;
  std::vector<Included> included_;
  std::vector<SourceFile> files_;
  std::vector<SourceGlob> globs_;
  struct Texts;
  std::unique_ptr<Texts> texts_;
};

/// Largest pipeline or parameters file that is read, in bytes.
inline constexpr std::size_t kMaxDocumentBytes = std::size_t{16} << 20U;

/// Reads a pipeline. `file_name` is what messages call it. Throws base::ErrorList (invalid_input,
/// each with its place and often a hint) with all errors found, first one first; what Sources
/// throws passes through.
Workflow load_workflow(std::string_view text, const std::string& file_name, Sources& sources,
                       std::span<const Override> overrides = {});

}  // namespace provrun::pipeline
