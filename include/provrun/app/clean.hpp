#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "provrun/app/run_workflow.hpp"

namespace provrun::app {

/// A file that a step has made, and what becomes of it.
struct CleanedFile {
  std::string path;  ///< relative to the workspace
  std::string step;
  std::uint64_t bytes = 0;
  std::string kept;  ///< why it stays; empty: it goes
};

struct CleanReport {
  std::uint64_t removed = 0;
  std::uint64_t kept = 0;
  std::uint64_t bytes = 0;  ///< of those removed
};

/// Removes what the targets' steps, and those they need, declare as outputs: only files that are as
/// provrun has recorded them and whose bytes are in the repository, so that the next run brings
/// them back. With dry_run nothing is changed. found is told of each file, in order; waiting of who
/// holds the workspace. Throws what load_pipeline and select throw.
CleanReport clean_workflow(const RunRequest& request, bool dry_run,
                           const std::function<void(const CleanedFile&)>& found,
                           const std::function<void(const std::string&)>& waiting,
                           const std::function<bool()>& cancelled);

}  // namespace provrun::app
