#pragma once

#include <optional>
#include <string>
#include <vector>

namespace provrun::app {

struct InitializeReport {
  std::string directory;
  std::string repository;          ///< that was made; empty when it was there
  std::vector<std::string> files;  ///< copied from the template
};

/// Makes a workspace and its repository, with so much parity, in the directory; with a template
/// also its files. Throws Error(not_found) for an unknown template, Error(conflict) when a file of
/// it is there already, both before anything is made.
InitializeReport initialize_workspace(const std::string& directory,
                                      const std::optional<std::string>& template_name, int parity);
/// Makes only a repository. Error(conflict) when there is one, or the folder is not empty.
InitializeReport initialize_repository(const std::string& location, int parity);

std::vector<std::string> template_names();

}  // namespace provrun::app
