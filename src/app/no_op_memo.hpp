#pragma once

#include <optional>
#include <string>
#include <vector>

#include "provrun/app/cached_files.hpp"
#include "provrun/app/run_workflow.hpp"

namespace provrun::app {

/// Remembers that nothing was to be done, and by which files one can see that this still holds: the
/// pipeline and what shaped it, every input and output, each by device, inode, size, mtime and
/// ctime. The same times mean the same contents (docs/design/file-cache.md), the same contents and
/// configuration the same step keys: so a run that finds all of them unchanged is up to date
/// without reading the pipeline.
class NoOpMemo {
 public:
  /// What is asked: pipeline, targets, overrides, repository. Empty when no memo can answer (steps
  /// are forced).
  static std::string question(const RunRequest& request);
  /// The report of a run with nothing to do; nullopt when anything is not as it was.
  static std::optional<RunReport> answer(const RunRequest& request, const std::string& question);
  /// Notes the present state after a completed run. Does nothing when a step always runs, or a
  /// file's times are too fresh to be trusted.
  static void remember(const RunRequest& request, const std::string& question,
                       const LoadedPipeline& loaded,
                       const std::vector<pipeline::InstanceId>& selection, CachedFiles& files,
                       Archive& archive, const RunReport& report);
};

}  // namespace provrun::app
