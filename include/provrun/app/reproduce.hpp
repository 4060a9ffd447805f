#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "provrun/app/run_workflow.hpp"
#include "provrun/compare/compare.hpp"

namespace provrun::app {

struct ReproduceRequest {
  std::string run;
  std::optional<std::string> into;  ///< work there and keep it; else in a temporary folder
  std::optional<std::string> repository;
  int jobs = 0;
  std::vector<std::string> trigger;
  engine::Variables variables;
  Tracing tracing;
};

enum class Verdict {
  identical,   ///< the same bytes
  equivalent,  ///< other bytes that say the same, by the step's `compare` or by the format
  withheld,    ///< made, and not to be compared: a secret is in it, and only its own workspace can
  different,
  missing,  ///< recorded, and not made this time
  extra     ///< made this time, and not recorded
};
std::string_view name_of(Verdict verdict);

struct OutputVerdict {
  std::string path;
  std::string step;
  Verdict verdict = Verdict::identical;
  std::optional<core::ContentId> recorded;
  std::optional<core::ContentId> reproduced;
  compare::Comparison comparison;  ///< of equivalent and different ones: how, and where they part
};

struct ReproduceReport {
  std::string run;        ///< that was reproduced
  std::string directory;  ///< where it was done; empty when it has been removed again
  std::vector<OutputVerdict> outputs;
  std::vector<std::string> notices;  ///< what could not be brought back as it was
  std::string failure;               ///< a step failed
  std::string refusal;               ///< a requirement that was not met
  /// identical when all outputs are, equivalent when the worst of them is; else different.
  Verdict verdict() const;
};

/// Restores the run's pipeline, inputs and scripts into a scratch folder, runs every step there,
/// and compares each output with the recorded one by content. The workspace is not touched. The
/// folder is kept when something differs. Throws Error(not_found) when there is no such run, and
/// what run_workflow throws.
ReproduceReport reproduce(const ReproduceRequest& request, RunObserver& observer,
                          const std::function<int()>& interrupts);

}  // namespace provrun::app
