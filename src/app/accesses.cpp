#include "provrun/app/accesses.hpp"

#include <map>

#include "observed_memory.hpp"
#include "provrun/app/software.hpp"
#include "provrun/engine/observed.hpp"

namespace provrun::app {

AccessReport accesses_of(Archive& archive, const StoredRun& run, const core::Execution& execution) {
  AccessReport report;
  std::map<std::string, std::string> packages;
  if (const auto text = archive.read_small(run.manifest, kSoftwareFile))
    for (const auto& software : parse_software(*text))
      for (const auto& file : software.files)
        if (!software.name.empty()) packages.emplace(file, software.name + " " + software.version);
  for (auto& [path_class, access] :
       accesses_of(execution, archive, run.manifest, report.complete)) {
    ShownAccess shown;
    shown.path_class = path_class;
    if (path_class == core::PathClass::noise) {
      shown.noise = engine::noise_rule(access, engine::scene_of({}));
      if (shown.noise.empty()) shown.noise = "temporary, or a folder on the way";
    }
    if (const auto package = packages.find(access.path); package != packages.end())
      shown.package = package->second;
    shown.access = std::move(access);
    report.accesses.push_back(std::move(shown));
  }
  return report;
}

}  // namespace provrun::app
