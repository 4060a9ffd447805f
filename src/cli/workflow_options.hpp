#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "options.hpp"
#include "provrun/app/run_workflow.hpp"
#include "provrun/base/error.hpp"

namespace provrun::cli {

/// The options that run, plan, status, why and clean share.
struct WorkflowOptions {
  std::optional<std::string> file;
  std::vector<std::string> words;
  std::vector<std::string> until;
  std::vector<std::string> force;
  std::vector<std::string> set;
  bool always_make = false;

  void declare(Options& options);
  app::RunRequest request(const Call& call) const;
};

base::Error run_usage(std::string message,
                      std::string hint = "'provrun help run' lists what it takes");

}  // namespace provrun::cli
