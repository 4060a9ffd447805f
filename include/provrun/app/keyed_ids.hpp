#pragma once

#include <string>
#include <utility>

#include "provrun/core/content_id.hpp"

namespace provrun::app {

/// Keyed hashes in the place of ids, by the secret of one workspace.
class KeyedIds {
 public:
  /// key: Workspace::hash_key(); empty where there is none: nothing is recognised then.
  explicit KeyedIds(std::string key) : key_(std::move(key)) {}
  /// Of the workspace that the current directory is in.
  static KeyedIds here();
  bool has_key() const { return !key_.empty(); }
  core::ContentId of(const core::ContentId& content) const;
  hash::Digest of_step_key(const hash::Digest& step_key) const;
  /// Whether now, no keyed hash itself, is what was recorded.
  bool same(const core::ContentId& recorded, const core::ContentId& now) const;

 private:
  std::string key_;
};

}  // namespace provrun::app
