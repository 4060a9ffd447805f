#include "provrun/app/parity.hpp"

#include "provrun/app/archive.hpp"
#include "provrun/base/error.hpp"
#include "provrun/store/parity_groups.hpp"

namespace provrun::app {

namespace {

constexpr std::uint64_t kAfterCommit = 256 << 20;  // bytes of packs: some seconds at most

}  // namespace

static_assert(kParityChoices == store::kParityPercents);
static_assert(kDefaultParity == store::kDefaultParity);

ParitySummary repository_parity(
    const ParityRequest& request,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) {
  const auto opened = open_repository(locate_repository_here(request.repository), Missing::fail);
  auto& backend = opened->backend();
  if (request.percent) store::set_parity_percent(backend, *request.percent);
  base::Cancellation cancellation;
  const auto report = request.make ? store::update_parity(
                                         backend, UINT64_MAX,
                                         [&](std::uint64_t done, std::uint64_t total) {
                                           if (request.interrupted && request.interrupted())
                                             cancellation.request();
                                           if (progress) progress(done, total);
                                         },
                                         &cancellation)
                                   : store::parity_state(backend);
  ParitySummary summary{report.percent,       report.packs,   report.covered,
                        report.waiting_bytes, report.groups,  report.parity_bytes,
                        report.made,          report.removed, {}};
  for (const auto& pack : report.damaged) summary.damaged.push_back(pack.object_name());
  return summary;
}

void follow_with_parity(store::Repository& repository) {
  try {
    store::update_parity(repository.backend(), kAfterCommit, {}, nullptr);
  } catch (const base::Error&) {
    // What was committed is safe without it; the next commit, prune or check goes on.
  }
}

}  // namespace provrun::app
