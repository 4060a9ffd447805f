#pragma once

#include <optional>
#include <string>

#include "provrun/app/workspace.hpp"
#include "provrun/snapshot/exclude.hpp"

namespace provrun::app {

/// What `.provrun/config.yaml` says; see docs/manual/cli/run.md.
struct WorkspaceSettings {
  std::optional<std::string> repository;
  /// `secrets_allowed_in`: files that are stored although something in them looks like a secret.
  snapshot::ExcludeRules secrets_allowed_in;

  bool allows_secrets_in(const std::string& path) const {
    return secrets_allowed_in.decide(path, false).value_or(false);
  }
};

/// Throws Error(invalid_input) with the place for what it does not know.
WorkspaceSettings read_settings(const Workspace& workspace);

}  // namespace provrun::app
