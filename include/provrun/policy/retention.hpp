#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "provrun/base/time.hpp"

// Which snapshots to keep: a pure function of what they are and of the rules. No clock is read:
// ages are counted from the newest snapshot of a group, so the same question has the same answer
// for ever.
namespace provrun::policy {

/// A snapshot as far as retention looks at it.
struct RetainedSnapshot {
  std::string id;  ///< any text that names it in reasons
  base::Timestamp time;
  std::string host;
  std::vector<std::string> paths;
  std::vector<std::string> tags;
  std::string workflow;   ///< of the run it belongs to; empty for a backup
  bool complete = true;   ///< false for a run that failed or was interrupted
  std::string hold = {};  ///< why it must be kept whatever the rules say; empty: no hold
};

struct RetentionRules {
  /// How many; kAll for all, 0 for none.
  static constexpr int kAll = -1;
  int last = 0;
  int hourly = 0;
  int daily = 0;
  int weekly = 0;  ///< ISO weeks, from Monday
  int monthly = 0;
  int yearly = 0;
  /// Younger than this, counted from the newest of the group.
  std::optional<std::chrono::nanoseconds> within = {};
  /// A snapshot that has every tag of one of these lists.
  std::vector<std::vector<std::string>> tags = {};
  /// Also what made the inputs of those that are kept.
  bool lineage = false;
  /// Of what has been kept so far, the oldest go until the rest needs at most this many bytes.
  std::optional<std::uint64_t> max_size = {};

  bool group_by_host = true;
  bool group_by_paths = true;
  bool group_by_tags = false;
  /// no: the newest of a group is kept when no rule keeps any.
  bool allow_empty = false;

  /// Whether there is any rule at all; without one everything would be forgotten.
  bool any() const;
};

struct RetentionVerdict {
  bool keep = false;
  std::vector<std::string> reasons;  ///< why it is kept, or the one why not
  std::size_t group = 0;             ///< of RetentionPlan::groups
};

struct RetentionPlan {
  std::vector<std::string> groups;         ///< for people: "host anna, paths /data, workflow fit"
  std::vector<RetentionVerdict> verdicts;  ///< of the snapshots, in their order
};

/// What retention must ask others. Either may be empty where no rule needs it.
struct RetentionQuestions {
  /// The snapshots, by position, in which something lies that made an input of this one.
  std::function<std::vector<std::size_t>(std::size_t)> sources;
  /// Stored bytes that this one needs and none of those asked about before.
  std::function<std::uint64_t(std::size_t)> added_bytes;
};

/// Throws Error(invalid_input) when a rule needs a question that is not answered.
RetentionPlan plan_retention(const std::vector<RetainedSnapshot>& snapshots,
                             const RetentionRules& rules, const RetentionQuestions& questions);

/// For each snapshot that is kept: those of its sources, at any distance, that are not.
std::vector<std::vector<std::size_t>> orphaned(
    const std::vector<bool>& kept,
    const std::function<std::vector<std::size_t>(std::size_t)>& sources);

}  // namespace provrun::policy
