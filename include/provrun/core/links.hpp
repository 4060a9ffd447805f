#pragma once

#include "provrun/core/record.hpp"

// Outputs that are symbolic links. The content of one is what is read through it, so that lineage
// and step keys do not depend on links; that it is one stands in its mode, and as "link": true in
// records. A link that leads to no regular file (a directory, nothing) has the SHA-256 of its
// target as content.
namespace provrun::core {

inline constexpr std::uint32_t kLinkMode = 0120000;
inline constexpr std::uint32_t kPermissionBits = 07777;

inline bool is_link(const Artifact& artifact) {
  return (artifact.mode & ~kPermissionBits) == kLinkMode;
}

/// An empty directory below a declared one is an artifact without bytes whose path ends in '/'.
inline bool is_empty_directory(const Artifact& artifact) {
  return artifact.path.ends_with('/');
}

}  // namespace provrun::core
