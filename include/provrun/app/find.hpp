#pragma once

#include <functional>
#include <string>
#include <vector>

#include "provrun/app/browse.hpp"
#include "provrun/snapshot/finder.hpp"

namespace provrun::app {

struct FindRequest {
  Shelf shelf;
  std::vector<std::string> snapshots;  ///< names; empty: all that fit the shelf's filter
  snapshot::FindQuery query;
};
struct FindSummary {
  std::uint64_t matches = 0;
  std::uint64_t snapshots = 0;  ///< looked through
  std::uint64_t names = 0;      ///< distinct, of all folders of the repository
  std::vector<std::string> damaged;
};
/// Keeps the names of all folders in the user's cache, so that only new ones are read; reading is
/// told while that takes place.
FindSummary find_files(const FindRequest& request,
                       const std::function<void(const snapshot::Match&)>& visit,
                       const std::function<void(std::uint64_t trees)>& reading);

}  // namespace provrun::app
