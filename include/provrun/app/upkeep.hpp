#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/app/browse.hpp"
#include "provrun/policy/retention.hpp"
#include "provrun/snapshot/hold.hpp"
#include "provrun/snapshot/pruner.hpp"

// What keeps a repository from growing for ever: forgetting snapshots, bringing them back, holding
// them, and removing what none needs.
namespace provrun::app {

struct ForgetRequest {
  Shelf shelf;                         ///< only among these
  std::vector<std::string> snapshots;  ///< named ones; empty: by the rules
  policy::RetentionRules rules;
  std::string reason;
  std::chrono::nanoseconds keep{};  ///< how long undelete can bring them back
  bool dry_run = false;
};

struct ForgetRow {
  std::string id;
  base::Timestamp time;
  std::string host;
  std::vector<std::string> paths;
  std::vector<std::string> tags;
  std::string run;  ///< empty when it belongs to none
  std::string group;
  bool keep = false;
  std::vector<std::string> reasons;
};

/// A snapshot that stays while some that made what it rests on go.
struct Orphaned {
  std::string id;
  std::vector<std::string> loses;
};

struct ForgetReport {
  std::vector<ForgetRow> rows;  ///< oldest first within groups
  std::vector<Orphaned> orphaned;
  std::uint64_t forgotten = 0;
  base::Timestamp keep_until;
};
/// Error(refused) when a named snapshot is held, Error(invalid_input) without names and rules.
ForgetReport forget_snapshots(const ForgetRequest& request);

struct ForgottenRow {
  std::string id;
  base::Timestamp time;
  base::Timestamp forgotten;
  base::Timestamp keep_until;
  std::string user;
  std::string reason;
};
/// Those that can be brought back, newest first.
std::vector<ForgottenRow> list_forgotten(const std::optional<std::string>& repository);
/// By id or the beginning of one. Returns the ids.
std::vector<std::string> undelete_snapshots(const std::optional<std::string>& repository,
                                            const std::vector<std::string>& names);

struct HoldRow {
  snapshot::Hold hold;
  std::vector<std::string> keeps;  ///< the ids of the snapshots it keeps now
};
HoldRow add_hold(const Shelf& shelf, const std::vector<std::string>& snapshots,
                 const std::string& reason);
std::vector<HoldRow> list_holds(const std::optional<std::string>& repository);
snapshot::Hold release_hold(const std::optional<std::string>& repository, const std::string& id,
                            const std::string& reason);

struct PruneRequest {
  std::optional<std::string> repository;
  snapshot::PruneLimits limits;
  std::chrono::nanoseconds keep_trash{};  ///< how long removed packs stay in the trash
  bool dry_run = false;
};
struct PruneReport {
  snapshot::PruneNumbers numbers;
  store::PruneOutcome outcome;
  std::uint64_t expired = 0;  ///< forgotten snapshots whose time was over
  std::uint64_t freed_bytes = 0;
  std::uint64_t freed_packs = 0;
  std::uint64_t trash_bytes = 0;  ///< that wait in the trash
};
using PruneProgress =
    std::function<void(std::string_view what, std::uint64_t done, std::uint64_t total)>;
PruneReport prune_repository(const PruneRequest& request, const PruneProgress& progress);

}  // namespace provrun::app
