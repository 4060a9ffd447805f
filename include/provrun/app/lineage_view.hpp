#pragma once

#include <optional>
#include <string>
#include <vector>

#include "provrun/app/archive.hpp"
#include "provrun/lineage/query.hpp"

namespace provrun::app {

/// A version of a file as the catalog knows it.
struct FileVersion {
  std::string path;
  core::ContentId content;
  std::uint64_t size = 0;
  std::optional<core::ExecutionId> execution;  ///< that made it last; nullopt: a source
  std::string step;
  std::string run;
};

/// All recorded versions of the file, newest first. The path may be relative to the current
/// directory.
std::vector<FileVersion> file_versions(Archive& archive, const std::string& path);

enum class LineageQuestion { up, down };
/// Everything that X was made from, or that was made from X. X: a file (the version that lies there
/// now, if it is recorded, else the last one), "sha256:…", a run, a step, an execution. Throws
/// Error(not_found). Returns false when the sink ended it.
bool walk_lineage(Archive& archive, LineageQuestion question, const std::string& x,
                  const lineage::WalkOptions& options, const lineage::EdgeSink& sink);
/// One shortest chain between two things; empty when neither comes from the other.
std::vector<lineage::Edge> lineage_path(Archive& archive, const std::string& x,
                                        const std::string& y);

}  // namespace provrun::app
