#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace provrun::app {

/// Which packs are read. Packs never verified come first, then those verified longest ago.
struct Subset {
  std::uint64_t part = 0;  ///< of parts: those that fall into this part, from 1
  std::uint64_t parts = 0;
  std::optional<double> percent;       ///< of the bytes of all packs
  std::optional<std::uint64_t> bytes;  ///< at most about this much, one pack at least
};
/// "3/30", "5%", "100GiB"; nullopt for anything else.
std::optional<Subset> parse_subset(const std::string& text);

struct CheckRequest {
  std::optional<std::string> repository;
  bool read_data = false;
  bool repair = false;     ///< what is damaged
  bool run_steps = false;  ///< for that, also run steps again where nothing else brings a file back
  std::optional<Subset> subset;
  std::optional<std::chrono::nanoseconds> maximum_duration;  ///< of reading data
  std::optional<std::chrono::nanoseconds> maximum_age;  ///< packs verified since are not read again
  unsigned threads = 0;                                 ///< 0: one for each processor
  std::function<bool()> interrupted;
};

struct CheckDamage {
  std::string object;
  std::string problem;
  std::vector<std::string> files;
  std::uint64_t files_omitted = 0;
  std::vector<std::string> snapshots;  ///< ids
  std::string repaired;                ///< by what; empty: it is damaged still
};

struct CheckSummary {
  std::uint64_t snapshots = 0;
  std::uint64_t objects = 0;  ///< files of the repository looked at, and distinct trees
  std::uint64_t packs = 0;
  std::uint64_t verified_packs = 0;   ///< read this time
  std::uint64_t remaining_packs = 0;  ///< chosen, and not read when the time was over
  std::uint64_t verified_bytes = 0;
  std::uint64_t verified_recently = 0;  ///< packs verified within the last 30 days, these included
  std::uint64_t damaged = 0;            ///< objects found damaged, those repaired included
  std::uint64_t repaired = 0;           ///< of these
  std::uint64_t parity_groups_made = 0;
};

struct CheckProgress {
  std::string phase;
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0: not known
  bool bytes = false;       ///< done and total are bytes
};

/// Checks the structure of the repository and of every snapshot, and reads packs as asked. Which
/// pack was last verified when is kept in the user's cache; the repository is not changed. Throws
/// Error(cancelled) when interrupted says so; what was verified until then is remembered.
CheckSummary check_repository(const CheckRequest& request,
                              const std::function<void(const CheckDamage&)>& visit,
                              const std::function<void(const CheckProgress&)>& progress);

struct IndexRepairSummary {
  std::uint64_t packs = 0;
  std::uint64_t chunks = 0;
  std::uint64_t published_snapshots = 0;
  std::uint64_t damaged = 0;
};
/// Builds the index anew from the packs, then names what is missing all the same.
IndexRepairSummary repair_index(const std::optional<std::string>& repository,
                                const std::function<void(const CheckDamage&)>& visit);

}  // namespace provrun::app
