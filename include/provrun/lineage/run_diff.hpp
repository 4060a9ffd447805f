#pragma once

#include <optional>
#include <string>
#include <vector>

#include "provrun/codec/json.hpp"
#include "provrun/core/record.hpp"

namespace provrun::lineage {

/// A difference between two JSON documents. Null stands for "not there".
struct JsonChange {
  std::string path;  ///< "packages.numpy", "limits[2]"; "" is the whole document
  codec::Json before;
  codec::Json after;
  bool operator==(const JsonChange&) const = default;
};

/// All differences, in the order of the first document's members, then the second's additions.
/// Arrays whose elements are objects with a "path" or "name" are compared by it, others by
/// position.
std::vector<JsonChange> diff_json(const codec::Json& before, const codec::Json& after);

enum class Presence { added, removed, changed };
std::string_view name_of(Presence presence);

/// An output of a step that is not the same in both runs.
struct OutputChange {
  std::string path;
  Presence presence = Presence::changed;
  std::optional<core::Artifact> before;
  std::optional<core::Artifact> after;
};

/// A step instance that differs between two runs.
struct StepChange {
  std::string step;
  Presence presence = Presence::changed;
  std::vector<JsonChange> key;  ///< components of the step key: command, inputs, params, env …
  std::vector<OutputChange> outputs;  ///< by path
  std::optional<core::StepState> state_before;
  std::optional<core::StepState> state_after;
};

struct RunDiff {
  std::vector<StepChange> steps;  ///< by name
  std::vector<JsonChange> parameters;
  std::vector<JsonChange> environment;
  std::vector<JsonChange> git;
  std::vector<OutputChange> configuration;  ///< pipeline file, parameter and CSV files, by path
  std::size_t steps_equal = 0;
  bool same_results() const;  ///< no output of any step differs and the same steps are there
};

/// One run with its executions. An up_to_date entry should be replaced by the execution it names,
/// so that its key and outputs can be compared; where its key is null only key hashes are compared.
struct RecordedRun {
  const core::RunRecord& record;
  const std::vector<core::Execution>& executions;
};
RunDiff diff_runs(const RecordedRun& before, const RecordedRun& after);

}  // namespace provrun::lineage
