#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/time.hpp"
#include "provrun/core/record.hpp"

namespace provrun::lineage {

/// How it is known that an execution used or generated an artifact.
using core::Evidence;
std::string_view name_of(Evidence evidence);

/// An artifact version, (path, content), by its number within one EdgeSource.
struct VersionNumber {
  std::int64_t value = 0;
  auto operator<=>(const VersionNumber&) const = default;
};

/// An execution by its number within one EdgeSource. Numbers grow in the order of recording.
struct ExecutionNumber {
  std::int64_t value = 0;
  auto operator<=>(const ExecutionNumber&) const = default;
};

struct VersionLink {
  VersionNumber version;
  Evidence evidence = Evidence::declared;
};

struct ExecutionLink {
  ExecutionNumber execution;
  Evidence evidence = Evidence::declared;
};

struct ExecutionFacts {
  core::ExecutionId id;
  core::RunId run;
  std::string step;  ///< instance name, "fit@gentoo-ols"
  base::Timestamp started;
  base::Timestamp ended;
  std::optional<ExecutionNumber> reused_from;
};

struct VersionFacts {
  std::string path;
  core::ContentId content;
  std::uint64_t size = 0;
};

/// When an execution without attempts (a reused one) took place: the time in its version 7 id; 1970
/// for an id of another version.
base::Timestamp time_of(const core::ExecutionId& id);

/// The graph of executions and artifact versions as lineage queries see it: bipartite neighbours by
/// number, facts on demand. Lists are in ascending order of number. Looking up the facts of a
/// number that the source never gave is base::Error(internal). One thread at a time.
class EdgeSource {
 public:
  virtual ~EdgeSource() = default;

  virtual std::vector<VersionLink> used(ExecutionNumber execution) = 0;
  virtual std::vector<VersionLink> generated(ExecutionNumber execution) = 0;
  virtual std::vector<ExecutionLink> generators(VersionNumber version) = 0;
  /// Of a run's pipeline, and of the tables and parameter files it is made of, all its executions.
  virtual std::vector<ExecutionLink> users(VersionNumber version) = 0;
  /// Executions whose results were taken from this one.
  virtual std::vector<ExecutionNumber> reuses(ExecutionNumber execution) = 0;

  virtual ExecutionFacts execution(ExecutionNumber number) = 0;
  virtual VersionFacts version(VersionNumber number) = 0;

  /// All known versions of the file, oldest first by the time they were last generated or used.
  virtual std::vector<VersionNumber> versions_of_path(std::string_view path) = 0;
  virtual std::vector<VersionNumber> versions_of_content(const core::ContentId& content) = 0;
  /// Contents whose id in hexadecimal begins so; two when there are more.
  virtual std::vector<core::ContentId> contents_beginning(std::string_view hex) = 0;
  virtual std::optional<ExecutionNumber> find_execution(const core::ExecutionId& id) = 0;
  /// Everything the run's result rests on: what it executed, reused and found up to date.
  virtual std::vector<ExecutionNumber> executions_of_run(const core::RunId& run) = 0;
  /// An instance name, or a step name for the last execution of each of its instances.
  virtual std::vector<ExecutionNumber> last_executions(std::string_view step) = 0;
};

}  // namespace provrun::lineage
