#pragma once

#include <optional>
#include <string>

#include "provrun/core/links.hpp"

namespace provrun::app {

/// The target of the output that was a symbolic link and still is one; paths as in `absolute`.
std::optional<std::string> link_target(const core::Artifact& artifact, const std::string& absolute);

/// Whether the artifact is a link that leads to no regular file: its content is its target's hash.
bool is_bare_link(const core::Artifact& artifact, std::string_view target);

/// Where a link at the path (relative to the workspace) leads, as such a path; nullopt when that is
/// outside of the workspace or among its records, or when the target is absolute: such a link is
/// not made again, since the records of a shared repository are foreign.
std::optional<std::string> inner_target(const std::string& path, const std::string& target);

}  // namespace provrun::app
