#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "provrun/backend/backend.hpp"
#include "provrun/base/cancellation.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/store/index.hpp"
#include "provrun/store/pack.hpp"

// Parity groups: some packs and one PAR2 file, parity/<sha256 of the file>.par2, from which lost
// bytes of them can be computed. Only ever additional: without parity/ the repository is whole. The
// files are described in docs/formats/parity.md, the choices in docs/design/parity.md.
namespace provrun::store {

/// The shares of parity there are: 3.125, 6.25, 12.5 and 25 of a hundred, by their short names.
inline constexpr std::array<int, 5> kParityPercents{0, 3, 6, 12, 25};
inline constexpr int kDefaultParity = 0;
bool is_parity_percent(int percent);
/// What the repository is to have, from its newest setting; 0 where there is none.
/// Error(corruption) when that is damaged.
int parity_percent(backend::Backend& backend);
/// Durable. Error(invalid_input) when there is no such share.
void set_parity_percent(backend::Backend& backend, int percent);
/// The object that says so; empty where there is none.
std::string parity_setting_name(backend::Backend& backend);
/// Error(corruption) unless the bytes are those of a setting.
int parse_parity_setting(std::string_view text);

struct PackSize {
  PackId id;
  std::uint64_t size = 0;
  bool operator==(const PackSize&) const = default;
};

struct ParityGroup {
  hash::Digest name;  ///< of its file
  std::uint64_t bytes = 0;
  std::vector<PackSize> packs;
  std::uint64_t slice_size = 0;
  std::uint32_t slices = 0;
  std::uint32_t recovery = 0;  ///< as its length tells

  std::string object_name() const;
  std::uint64_t data_bytes() const;
};
struct ParityGroups {
  std::vector<ParityGroup> groups;
  std::vector<std::string> unreadable;  ///< names of files whose description cannot be read
};
/// Reads the descriptions only; whether the rest is whole is what check finds out.
ParityGroups list_parity_groups(backend::Backend& backend);

/// How a group of these packs is cut.
struct GroupShape {
  std::uint64_t slice_size = 0;
  std::uint32_t slices = 0;
  std::uint32_t recovery = 0;
};
/// As much as the share asks for, and enough for the two largest packs.
GroupShape shape_of(const std::vector<PackSize>& packs, int percent);

/// What is to be done so that every pack is in a group.
struct ParityPlan {
  std::vector<std::vector<PackSize>> make;
  std::vector<hash::Digest> replace;  ///< groups that may go once their packs are in others
};
/// removed are packs that prunes have removed. A group with a pack that is missing and was not
/// removed is left alone: it is needed for repair.
/// No group made is of more than so many bytes: what is larger waits.
ParityPlan plan_parity(const std::vector<PackSize>& live, const std::vector<ParityGroup>& groups,
                       const PackSet& removed, int percent, std::uint64_t limit = UINT64_MAX);

struct ParityReport {
  int percent = 0;
  std::uint64_t packs = 0;    ///< there are
  std::uint64_t covered = 0;  ///< that are in a group
  std::uint64_t waiting_bytes = 0;
  std::uint64_t groups = 0;
  std::uint64_t parity_bytes = 0;
  std::uint64_t made = 0;  ///< groups, this time
  std::uint64_t removed = 0;
  std::uint64_t read_bytes = 0;
  std::vector<PackId> damaged;  ///< packs met that are not as they were written; in no new group
};
using ParityProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// How things stand; changes nothing.
ParityReport parity_state(backend::Backend& backend);
/// Makes the groups that are missing, as long as they take no more than so many bytes of packs to
/// read, then removes those that others replace. Whole groups one after the other, so it can be
/// ended at any point and goes on the next time. Several may run at once. Every pack is compared
/// with its name while it is read. Memory: 128 MiB for the recovery slices, 36 MiB for the others.
ParityReport update_parity(backend::Backend& backend, std::uint64_t limit,
                           const ParityProgress& progress, const base::Cancellation* cancellation);
/// The groups whose file does not have its name, or none that describes anything, go; what they
/// cover is in no group then. Only where every pack is as it was written.
std::uint64_t drop_damaged_parity(backend::Backend& backend,
                                  const base::Cancellation* cancellation);
/// Removes the groups that name packs which a prune has removed: where there is no room to make
/// them anew.
std::uint64_t drop_stale_parity(backend::Backend& backend);

}  // namespace provrun::store
