#include "provrun/lineage/edge_source.hpp"
#include "provrun/lineage/query.hpp"
#include "provrun/lineage/run_diff.hpp"

namespace provrun::lineage {

std::string_view name_of(Evidence evidence) {
  switch (evidence) {
    case Evidence::declared:
      return "declared";
    case Evidence::observed:
      return "observed";
    case Evidence::both:
      return "both";
  }
  return {};
}

base::Timestamp time_of(const core::ExecutionId& id) {
  const auto& bytes = id.uuid.bytes;
  if (bytes[6] >> 4U != 7) return {};
  std::int64_t ms = 0;
  for (std::size_t i = 0; i < 6; ++i) ms = ms << 8U | bytes[i];
  return {ms * 1'000'000};
}

std::string_view name_of(Relation relation) {
  switch (relation) {
    case Relation::used:
      return "used";
    case Relation::generated:
      return "generated";
    case Relation::derived:
      return "derived";
    case Relation::informed:
      return "informed";
    case Relation::reused:
      return "reused";
  }
  return {};
}

std::string_view name_of(Presence presence) {
  switch (presence) {
    case Presence::added:
      return "added";
    case Presence::removed:
      return "removed";
    case Presence::changed:
      return "changed";
  }
  return {};
}

}  // namespace provrun::lineage
