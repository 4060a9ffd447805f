#pragma once

#include <functional>
#include <string>
#include <vector>

#include "provrun/core/ports/workspace_files.hpp"
#include "provrun/pipeline/discover.hpp"

namespace provrun::engine {

/// The files that match, sorted. seen_folder is told of each folder that was looked into.
std::vector<std::string> find_discovered(
    core::WorkspaceFiles& files, const pipeline::DiscoverPattern& pattern,
    const std::function<void(const std::string&)>& seen_folder = {});

}  // namespace provrun::engine
