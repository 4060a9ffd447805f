#pragma once

#include <unordered_map>

#include "provrun/core/record.hpp"
#include "provrun/policy/redaction.hpp"

namespace provrun::app {

/// Keeps secrets in paths out of what is recorded of an execution's accesses. One thread.
class ObservedRedactor {
 public:
  explicit ObservedRedactor(const policy::Redactor& redactor) : redactor_(redactor) {}
  /// What is left of a path with a secret is no dependency, and no file that was not declared is
  /// stored under one.
  void redact(core::Execution& execution);

 private:
  bool redact_path(core::Access& access) const;
  core::AccessSetPtr redacted(const core::AccessSetPtr& set) const;
  void redact_artifacts(core::Execution& execution) const;

  const policy::Redactor& redactor_;
  std::unordered_map<core::ContentId, core::AccessSetPtr> sets_;  // by their ids before
};

}  // namespace provrun::app
