#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/time.hpp"
#include "provrun/base/uuid.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/core/access.hpp"
#include "provrun/core/access_set.hpp"
#include "provrun/core/content_id.hpp"

// What is recorded of a run. The JSON forms are those of schemas/run.v1.json and
// schemas/execution.v1.json; to_json and from_json are each other's inverse. from_json throws
// base::Error(invalid_input) naming the member that is missing or of the wrong kind.
namespace provrun::core {

struct RunTag;
struct ExecutionTag;
using RunId = base::Id<RunTag>;
using ExecutionId = base::Id<ExecutionTag>;

/// One version of one file.
struct Artifact {
  std::string path;  ///< bytes; relative to the workspace, or absolute when outside of it
  ContentId content;
  std::uint64_t size = 0;
  std::uint32_t mode = 0644;  ///< permission bits
  bool operator==(const Artifact&) const = default;
};

/// A path is written as "path"; one that is not UTF-8 has its bytes in "path_base64" beside it.
void set_path(codec::Json& object, std::string_view path);
std::string get_path(const codec::Json& object);
codec::Json to_json(const Artifact& artifact);
Artifact artifact_from_json(const codec::Json& json);

enum class StepState { executed, reused, up_to_date, failed, skipped };
std::string_view name_of(StepState state);
std::optional<StepState> parse_step_state(std::string_view name);

enum class RunState { running, completed, failed, interrupted };
std::string_view name_of(RunState state);
std::optional<RunState> parse_run_state(std::string_view name);

/// Why a step ran, or will run. kind is one of: first_run, command, shell, directory,
/// input_content, input_added, input_removed, parameter, environment, output_declared,
/// output_missing, output_altered, unstable_input, forced, always, upstream, discovery (its
/// instances are known after the step that what names), record_lost, impossible, or, of what it was
/// observed to use: observed_content (a file that it read), observed_software (a program, library
/// or module), observed_missing (a file that has gone), observed_new (a file where it had looked in
/// vain), observed_listing (a directory that it listed), observed_link (a symbolic link it
/// followed), observed_program (a program that PATH finds elsewhere; before and after are places).
/// what names the thing; before and after are its values as text where there are any.
struct Reason {
  std::string kind;
  std::string what;
  std::string before;
  std::string after;
  bool operator==(const Reason&) const = default;
};
codec::Json to_json(const Reason& reason);
Reason reason_from_json(const codec::Json& json);

/// One try at running a step instance.
struct Attempt {
  base::Timestamp started;
  base::Timestamp ended;
  int exit_code = 0;  ///< meaningful when signal is 0 and the command was started
  int signal = 0;     ///< the signal that ended it, or 0
  bool timed_out = false;
  bool out_of_memory = false;  ///< it, or a process of it, was ended at its memory limit
  bool left_processes =
      false;                ///< processes of its group were still there at its end, and were ended
  std::string start_error;  ///< why the command could not be started at all
  double cpu_user_s = 0;
  double cpu_system_s = 0;
  std::uint64_t max_rss_bytes = 0;       ///< 0: not known, see os/process.hpp
  std::uint64_t memory_limit_bytes = 0;  ///< 0: none
  std::string memory_limit_by;           ///< what enforced it: cgroup2, cgroup1, rlimit
  bool succeeded() const {
    return exit_code == 0 && signal == 0 && !timed_out && start_error.empty();
  }
};

/// One round of a step with `repeat`.
struct Round {
  std::uint32_t attempt = 1;  ///< the one that it belongs to
  base::Timestamp started;
  base::Timestamp ended;
  std::optional<int> until;  ///< the condition's exit code: 0 done, 1 not yet; absent: not told
  std::vector<Artifact> outputs;  ///< at its end
};

/// How it is known that an execution used or made an artifact.
enum class Evidence : std::uint8_t { declared = 0, observed = 1, both = 2 };

/// What was observed of an execution, as it is recorded. Of its accesses, those that other
/// executions are likely to share are in sets that are stored once and named here; the others stand
/// here. The lists of paths are sorted; what is in none of them was declared and observed.
struct Observed {
  std::string mechanism;  ///< empty: nothing was observed, and the rest is empty
  std::vector<ContentId> access_sets;
  std::vector<AccessSetPtr> bodies;             ///< of access_sets, in their order; empty when this
                                                ///< was read from a record
  std::vector<Access> accesses;                 ///< in the workspace, sorted by path
  std::vector<std::string> undeclared_inputs;   ///< observed, not declared; among the inputs
  std::vector<std::int64_t> input_times;        ///< mtimes of undeclared_inputs, nanoseconds; empty
                                                ///< when this was read from a record
  std::vector<std::string> undeclared_outputs;  ///< observed, not declared; among the outputs
  std::vector<std::string> unused_inputs;       ///< declared, not observed
  std::vector<std::string> unused_outputs;      ///< declared, made, and not seen to be written
  std::vector<ObservedProcess> processes;       ///< the first ones
  std::uint64_t process_count = 0;
  std::vector<std::string> network;
  std::optional<std::string> search_path = {};  ///< its PATH, or what is usual where it had none;
                                                ///< nullopt in records of before
};

/// One step instance in one run.
struct Execution {
  ExecutionId id;    ///< for up_to_date steps the execution that made the outputs
  std::string step;  ///< "fit@gentoo-ols"
  StepState state = StepState::executed;
  hash::Digest step_key;
  codec::Json key;  ///< the document whose canonical form hashes to step_key; null when up_to_date
  Reason reason;
  std::vector<Attempt> attempts;
  std::vector<Round> rounds;  ///< of all attempts; empty without `repeat`
  std::vector<Artifact> inputs;
  std::vector<Artifact> outputs;
  std::optional<ExecutionId> reused_from;  ///< for reused steps
  std::optional<Artifact> log;             ///< captured output; absent when there was none
  Grade grade = Grade::declared;
  std::string grade_reason;
  Observed observed;
  std::vector<std::string> inputs_changed;  ///< paths whose files changed while it ran
  std::string failure;                      ///< for failed steps, one sentence
};
/// The versions of files that it made, in all rounds, each once, sorted by path: its outputs are
/// among them.
std::vector<Artifact> versions_made(const Execution& execution);
Evidence evidence_of_input(const Execution& execution, std::string_view path);
Evidence evidence_of_output(const Execution& execution, std::string_view path);
codec::Json to_json(const Execution& execution);
Execution execution_from_json(const codec::Json& json);
/// As it is stored: undeclared inputs are left out where the accesses, whose sets must be there,
/// tell them as well. A step that reads thousands of files names them once.
codec::Json to_stored_json(const Execution& execution);
/// Its inverse. set_of is asked for each access set when inputs were left out; it may throw, and
/// what it does not know (nullptr) is Error(corruption).
Execution execution_from_stored_json(const codec::Json& json,
                                     const std::function<AccessSetPtr(const ContentId&)>& set_of);

struct StepCounts {
  std::uint64_t executed = 0;
  std::uint64_t reused = 0;
  std::uint64_t up_to_date = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  void add(StepState state);
};

/// The head of a run's record; its executions are stored beside it, one JSON line each.
struct RunRecord {
  RunId id;
  std::string workflow;
  RunState state = RunState::running;
  base::Timestamp started;
  base::Timestamp ended;
  std::string user;
  std::string host;
  std::vector<std::string> trigger;     ///< the command line that started it, secrets removed
  std::optional<Artifact> pipeline;     ///< absent for `exec`
  std::vector<Artifact> configuration;  ///< parameter files, CSV files … that shaped the workflow
  std::vector<std::string> targets;
  std::vector<std::string> overrides;  ///< "name=value", as given by --set
  codec::Json parameters;
  hash::Digest config_hash;  ///< SHA-256 of the canonical form of the configuration
  codec::Json environment;   ///< what room capture found; see schemas/run.v1.json
  codec::Json git;           ///< null outside of a git work tree
  StepCounts counts;
  /// Files whose bytes were not stored since a secret is in them.
  struct Withheld {
    Artifact file;
    std::string holds;  ///< "the secret API_TOKEN", "a private key"; never the secret
  };
  std::vector<Withheld> withheld = {};
  std::string failure;  ///< why it failed, one sentence
  std::string tool_version;
};
codec::Json to_json(const RunRecord& record);
RunRecord run_record_from_json(const codec::Json& json);

inline constexpr std::string_view kRunSchema = "run.v1";
inline constexpr std::string_view kExecutionSchema = "execution.v1";

}  // namespace provrun::core
