#pragma once

#include <string>

#include "provrun/core/record.hpp"

// Copies of files that a step is about to change, in the folder of the run.
namespace provrun::app {

/// Copies the file to a path where nothing is; durable when it returns, but for the name. Throws
/// base::Error(conflict) when its bytes are not those of the artifact.
void keep_copy_of(const core::Artifact& artifact, const std::string& from, const std::string& to);
/// The way back, with the artifact's permissions.
void bring_copy_back(const core::Artifact& artifact, const std::string& kept,
                     const std::string& path);

}  // namespace provrun::app
