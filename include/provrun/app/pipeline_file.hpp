#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "provrun/hash/sha256.hpp"
#include "provrun/os/file.hpp"
#include "provrun/pipeline/graph.hpp"

namespace provrun::app {

/// A file or directory that shaped the workflow, as it was when it was looked at; nullopt: not
/// there.
struct Watched {
  std::string path;  ///< absolute
  std::optional<os::FileStat> stat;
};

/// A pipeline that was read and expanded.
struct LoadedPipeline {
  std::string directory;  ///< absolute; the workspace
  std::string file_name;  ///< within the directory
  std::string text;
  std::unique_ptr<pipeline::Workflow> workflow;
  std::unique_ptr<pipeline::Graph> graph;
  std::vector<Watched> watched;     ///< the pipeline first
  std::vector<std::string> wanted;  ///< files that the user named: pattern rules may make them
  std::string name() const;         ///< the workflow's name, or the file's without its extension
  hash::Digest config_hash() const;
};

/// Reads and expands the pipeline. path: a file, or a folder that has a pipeline.yaml. Throws what
/// load_workflow and expand throw, Error(not_found) when there is none, Error(invalid_input) for a
/// folder without one and for files that are no text.
LoadedPipeline load_pipeline(const std::string& path,
                             const std::vector<pipeline::Override>& overrides,
                             const std::vector<std::string>& wanted = {});

/// How the pipeline's graph was expanded, and is to be grown; for as long as it stays where it is.
pipeline::Wanted expansion_of(LoadedPipeline& loaded);
/// What steps may not use and make, among these instances. Throws base::ErrorList.
void refuse_own_paths(const LoadedPipeline& loaded,
                      const std::vector<pipeline::InstanceId>& instances);

/// The pipeline as it would be with other texts: of itself, and of files that it includes, by their
/// names within the directory.
LoadedPipeline with_texts(const LoadedPipeline& pipeline,
                          const std::map<std::string, std::string>& texts,
                          const std::vector<pipeline::Override>& overrides);

/// The pipeline file that a command without one means: pipeline.yaml in the directory, or beside
/// the nearest `.provrun/` upwards. Throws Error(not_found).
std::string find_pipeline(const std::string& directory);

}  // namespace provrun::app
