#include "output_links.hpp"

#include "provrun/app/workspace.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

std::optional<std::string> link_target(const core::Artifact& artifact,
                                       const std::string& absolute) {
  if (!core::is_link(artifact)) return std::nullopt;
  const auto stat = os::lstat_file(absolute);
  if (!stat || stat->type != os::FileType::symlink) return std::nullopt;
  return os::read_symlink(absolute);
}

bool is_bare_link(const core::Artifact& artifact, std::string_view target) {
  return core::is_link(artifact) && artifact.size == target.size() &&
         artifact.content.digest == hash::sha256(target);
}

std::optional<std::string> inner_target(const std::string& path, const std::string& target) {
  if (target.empty() || target.starts_with('/')) return std::nullopt;
  // Counted in an invented root: ".." must not get above the workspace.
  const std::string root = "/w";
  const auto full = os::normalize_path(os::join_path(os::parent_path(root + "/" + path), target));
  if (!full.starts_with(root + "/")) return std::nullopt;
  auto inner = full.substr(root.size() + 1);
  if (Workspace::is_own(inner)) return std::nullopt;
  return inner;
}

}  // namespace provrun::app
