#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "provrun/core/record.hpp"

namespace provrun::core {

/// An earlier execution whose outputs can be had instead of running the step again.
struct StoredResult {
  ExecutionId execution;
  std::vector<Artifact> outputs;
  Observed observed;             ///< with the bodies of its sets
  std::vector<Artifact> inputs;  ///< those that it used without declaring them
  Grade grade = Grade::declared;
  std::string grade_reason;
  /// False: some of the outputs are not stored and were found at their paths, so that nothing can
  /// be made of the result unless all of them are there.
  bool restorable = true;
};

/// Results kept in the repository, by step key. One thread at a time.
class Results {
 public:
  virtual ~Results() = default;
  /// The latest successful execution with this key whose outputs are all still stored (or, where
  /// they never were, at their paths as it left them), and that `fits`, which judges by what it was
  /// observed to use.
  virtual std::optional<StoredResult> find(
      const hash::Digest& step_key, const std::function<bool(const StoredResult&)>& fits) = 0;
  /// Brings one output back to its path, verified; the old file there is replaced.
  virtual void restore(const Artifact& output) = 0;
};

/// What the last run left of a step instance.
struct LastExecution {
  ExecutionId execution;
  hash::Digest step_key;
  std::vector<Artifact> outputs;
  std::vector<AccessSetPtr> observed;  ///< what it was seen to use, see engine/dependencies.hpp
  std::optional<std::string> search_path = {};  ///< as in Observed
};

/// The last successful execution of each step instance in this workspace. One thread at a time.
class History {
 public:
  virtual ~History() = default;
  /// Valid until the next call that changes the history; nullptr when there is none.
  virtual const LastExecution* last(const std::string& step) = 0;
  /// The document its step key was made from, for explanations; null when it is not known.
  virtual codec::Json last_key(const std::string& step) = 0;
  /// How long the step took before, in seconds; nullopt when it never ran.
  virtual std::optional<double> usual_duration(const std::string& step) = 0;
};

/// Where a run's events are written down as they happen, so that a killed run leaves a record of
/// how far it came, and where the files of an execution are handed over to be stored. A failure to
/// record is thrown, and fails the run. One thread at a time.
class RunLog {
 public:
  virtual ~RunLog() = default;
  /// The first attempt at the step is about to be started.
  virtual void execution_started(const Execution& execution) = 0;
  /// The outputs of its attempts (paths of log files, empty where there was none) become
  /// execution.log. Returns the path of a log that may be shown, without secrets; empty: there is
  /// none.
  virtual std::string execution_ended(Execution& execution,
                                      const std::vector<std::string>& attempt_logs) = 0;
  /// The input is about to be used: its content of this moment must be kept.
  virtual void input_used(const Artifact& input) = 0;
  /// The execution is about to change the file that this input of it is: a copy of it is kept, to
  /// be stored, and put back if the execution does not come to a good end.
  virtual void will_change(const Execution& execution, const Artifact& input) = 0;
  /// Puts back what will_change kept. Nothing may be at its path.
  virtual void put_back(const Artifact& input) = 0;
  /// An output at the end of a round; the next round may change the file. Returns when it is
  /// stored, if it is to be.
  virtual void round_made(const Artifact& output) = 0;
  /// The output, which was handed over before, is about to be removed for good. Returns when it is
  /// stored, if it is to be.
  virtual void removing(const Artifact& output) = 0;
  /// The execution of the step that was handed over as up to date does not count: it runs after
  /// all.
  virtual void withdraw(const std::string& step) = 0;
};

}  // namespace provrun::core
