#include "observed_memory.hpp"

#include <algorithm>

#include "provrun/base/error.hpp"

namespace provrun::app {

std::string access_set_path(const core::ContentId& id) {
  return std::string(kAccessDirectory) + id.digest.to_hex();
}

core::AccessSetPtr AccessSets::find(const core::ContentId& id) {
  auto& known = known_[id];
  if (!known && state_ != nullptr) known = state_->find_access_set(id);
  return known;
}

core::AccessSetPtr AccessSets::find(const core::ContentId& id, Archive& archive,
                                    const snapshot::Manifest& manifest) {
  if (auto known = find(id)) return known;
  const auto text = archive.read_small(manifest, access_set_path(id));
  if (!text) return nullptr;
  auto set = core::parse_access_set(*text);
  if (set.id != id) return nullptr;
  return known_[id] = std::make_shared<const core::AccessSet>(std::move(set));
}

core::AccessSetPtr own_set(std::vector<core::Access> accesses) {
  auto set = std::make_shared<core::AccessSet>();
  set->accesses = std::move(accesses);
  return set;
}

std::vector<ClassedAccess> accesses_of(const core::Execution& execution, Archive& archive,
                                       const snapshot::Manifest& manifest, bool& complete) {
  AccessSets sets(archive.state());
  std::vector<ClassedAccess> all;
  for (const auto& access : execution.observed.accesses)
    all.push_back({core::PathClass::workspace, access});
  complete = true;
  for (const auto& id : execution.observed.access_sets) {
    const auto set = sets.find(id, archive, manifest);
    complete = complete && set;
    if (set)
      for (const auto& access : set->accesses) all.push_back({set->path_class, access});
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.access.path < b.access.path; });
  return all;
}

}  // namespace provrun::app
