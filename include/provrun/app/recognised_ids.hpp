#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_set>

#include "provrun/app/keyed_ids.hpp"
#include "provrun/core/access_set.hpp"
#include "provrun/core/record.hpp"

namespace provrun::app {

/// Puts ids back where a record has keyed hashes: of files that are still what they were.
class RecognisedIds {
 public:
  /// What the file at a path of the workspace is; nullopt where there is none that can be read.
  using ContentNow = std::function<std::optional<core::ContentId>(const std::string& path)>;
  RecognisedIds(KeyedIds keyed, ContentNow content_now)
      : keyed_(std::move(keyed)), content_now_(std::move(content_now)) {}

  /// Does nothing to an id that is none of a keyed hash.
  void restore(core::ContentId& content, const std::string& path);
  /// The set itself when it has none.
  core::AccessSetPtr restore(core::AccessSetPtr set);
  /// Inputs, outputs, sets, key document and step key. observed.bodies stand beside the ids of the
  /// sets, null where one is not known.
  void restore(core::Execution& execution);
  /// All that were recognised.
  const std::unordered_set<core::ContentId>& contents() const { return contents_; }
  const KeyedIds& keyed() const { return keyed_; }

 private:
  void restore_key(core::Execution& execution);

  KeyedIds keyed_;
  ContentNow content_now_;
  std::unordered_set<core::ContentId> contents_;
};

}  // namespace provrun::app
