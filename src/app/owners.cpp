#include "owners.hpp"

#include <map>
#include <tuple>

namespace provrun::app {

std::optional<Software> Owners::owner_of(const std::string& path) {
  if (auto package = packages_.owner_of(path))
    return Software{std::move(package->manager),
                    std::move(package->name),
                    std::move(package->version),
                    std::move(package->architecture),
                    {}};
  if (auto module = modules_.owner_of(path))
    return Software{
        std::move(module->manager), std::move(module->name), std::move(module->version), "", {}};
  return std::nullopt;
}

std::vector<Software> Owners::owners_of(const std::vector<std::string>& paths) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, Software> owners;
  Software unowned;
  for (const auto& path : paths) {
    auto owner = owner_of(path);
    if (!owner) {
      unowned.files.push_back(path);
      continue;
    }
    auto& known = owners[{owner->manager, owner->name, owner->version, owner->architecture}];
    if (known.name.empty()) known = std::move(*owner);
    known.files.push_back(path);
  }
  std::vector<Software> list;
  for (auto& [key, software] : owners) list.push_back(std::move(software));
  if (!unowned.files.empty()) list.push_back(std::move(unowned));
  return list;
}

}  // namespace provrun::app
