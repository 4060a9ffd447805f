#pragma once

#include <optional>
#include <string>

#include "options.hpp"
#include "provrun/app/tracing.hpp"

namespace provrun::cli {

/// --trace and --require, of the verbs that run something.
struct TracingOptions {
  std::optional<std::string> trace;
  std::optional<std::string> require;

  void declare(Options& options) { options.value("trace", trace).value("require", require); }
  /// Throws Error(invalid_input).
  app::Tracing tracing(const std::string& verb) const;
};

}  // namespace provrun::cli
