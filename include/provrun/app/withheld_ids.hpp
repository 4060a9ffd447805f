#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "provrun/app/keyed_ids.hpp"
#include "provrun/catalog/state.hpp"
#include "provrun/core/access_set.hpp"
#include "provrun/core/record.hpp"

// Files with a secret in them are named and not stored. Their SHA-256 stays out of the repository
// too: of a file that holds little else than a short secret, guesses could be tried against it.
// docs/formats/run-record.md, "withheld", has the formula.
namespace provrun::app {

/// Puts keyed hashes into what is about to be recorded, wherever the id of a withheld content
/// stands. Sets of accesses first: their ids change, and executions name them.
class WithheldIds {
 public:
  WithheldIds(KeyedIds keyed, const std::unordered_set<core::ContentId>& withheld);
  /// Of an execution whose key document is not among the lines.
  void add_step_key(const hash::Digest& step_key);
  void rewrite(core::ContentId& content) const;
  /// Content ids, with or without "sha256:" before them, ids of sets, and added step keys.
  std::string rewrite(std::string_view text) const;
  codec::Json rewrite_json(const codec::Json& document) const;
  /// The set itself when nothing in it was withheld.
  core::AccessSetPtr rewrite(const core::AccessSetPtr& set);
  /// lines: each execution's record, in the same order. An execution whose key document names a
  /// withheld content gets a keyed hash for a step key.
  void rewrite(std::string& lines, std::vector<core::Execution>& executions);
  /// What was given, and the directories with one of these in them that were met since.
  std::unordered_set<core::ContentId> contents() const;

 private:
  std::string rewrite_line(std::string_view line, std::string changed, core::Execution& execution);

  std::string rewrite_reason(std::string_view line) const;

  KeyedIds keyed_;
  std::unordered_map<core::ContentId, core::ContentId> contents_;
  std::unordered_map<hash::Digest, hash::Digest> others_;  // ids of sets, and step keys
};

/// The contents that earlier runs of the workspace withheld: a step that is up to date is not
/// looked through again. declared: those with a value of `env.secrets` in them, which a later run
/// may not know.
enum class Withheld { all, declared };
std::unordered_set<core::ContentId> withheld_contents(catalog::State& state,
                                                      Withheld which = Withheld::all);
void remember_withheld(catalog::State& state, const std::unordered_set<core::ContentId>& contents,
                       Withheld which = Withheld::all);

}  // namespace provrun::app
