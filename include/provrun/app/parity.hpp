#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace provrun::store {
class Repository;
}

namespace provrun::app {

/// The shares of parity that a repository can have, in percent: 3 stands for 3.125, 6 for 6.25, 12
/// for 12.5.
inline constexpr std::array<int, 5> kParityChoices{0, 3, 6, 12, 25};
inline constexpr int kDefaultParity = 0;

struct ParityRequest {
  std::optional<std::string> repository;
  std::optional<int> percent;  ///< what the repository is to have from now on
  bool make = false;           ///< make all that is missing
  std::function<bool()> interrupted;
};
struct ParitySummary {
  int percent = 0;
  std::uint64_t packs = 0;
  std::uint64_t covered = 0;  ///< packs that are in a group
  std::uint64_t waiting_bytes = 0;
  std::uint64_t groups = 0;
  std::uint64_t parity_bytes = 0;
  std::uint64_t made = 0;            ///< groups, this time
  std::uint64_t removed = 0;         ///< groups, this time
  std::vector<std::string> damaged;  ///< packs met that are not as they were written
};
/// How the repository's parity stands, after what was asked for. Error(cancelled) when interrupted
/// says so; the groups made by then stay.
ParitySummary repository_parity(
    const ParityRequest& request,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress);

/// After a commit: makes parity for what is new, as far as that is done soon; the rest waits for
/// the next time. Never fails: parity is only ever additional.
void follow_with_parity(store::Repository& repository);

}  // namespace provrun::app
