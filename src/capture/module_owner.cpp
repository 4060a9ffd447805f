#include "provrun/capture/module_owner.hpp"

#include <string_view>
#include <unordered_map>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/os/file.hpp"

namespace provrun::capture {

namespace {

constexpr std::uint64_t kLargestDescription = 4U << 20U;

std::optional<std::string> read_description(const std::string& path) {
  try {
    const auto stat = os::stat_file(path);
    if (!stat || stat->type != os::FileType::regular) return std::nullopt;
    return os::read_file(path, kLargestDescription);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

// The value of the first line "Name: value".
std::string field(std::string_view text, std::string_view name) {
  for (const auto line : base::split(text, '\n')) {
    if (line.empty()) break;  // a description follows
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':')
      return std::string(base::trim(line.substr(name.size() + 1)));
  }
  return {};
}

// The part of the path up to and with the folder, and the name after it.
struct InFolder {
  std::string base;
  std::string name;
};
std::optional<InFolder> split_after(const std::string& path, const std::string& folder) {
  const auto at = path.rfind("/" + folder + "/");
  if (at == std::string::npos) return std::nullopt;
  const auto begin = at + folder.size() + 2;
  const auto end = path.find('/', begin);
  if (begin >= path.size()) return std::nullopt;
  return InFolder{path.substr(0, begin - 1), path.substr(begin, end - begin)};
}

// "numpy", from "numpy", "numpy.libs", "six.py" and "_cffi.cpython-311-x86_64-linux-gnu.so".
std::string module_name(const std::string& entry) {
  return entry.substr(0, entry.find('.'));
}

}  // namespace

struct ModuleOwners::State {
  using Modules = std::unordered_map<std::string, ModulePackage>;
  std::unordered_map<std::string, Modules> python;  // by folder, then by module
  std::unordered_map<std::string, std::optional<ModulePackage>> others;

  const Modules& python_modules(const std::string& folder) {
    const auto [at, fresh] = python.try_emplace(folder);
    auto& modules = at->second;
    if (!fresh) return modules;
    std::vector<os::DirectoryEntry> entries;
    try {
      entries = os::list_directory(folder);
    } catch (const base::Error&) {
      return modules;
    }
    for (const auto& entry : entries) {
      if (!entry.name.ends_with(".dist-info") && !entry.name.ends_with(".egg-info")) continue;
      const auto place = os::join_path(folder, entry.name);
      auto text = read_description(place + "/METADATA");
      if (!text) text = read_description(place + "/PKG-INFO");
      if (!text) text = read_description(place);
      if (!text) continue;
      ModulePackage package{"python", field(*text, "Name"), field(*text, "Version")};
      if (package.name.empty()) continue;
      if (const auto record = read_description(place + "/RECORD"))
        for (const auto line : base::split(*record, '\n')) {
          const auto first = line.substr(0, line.find_first_of("/,"));
          if (!first.empty() && first != ".." && !first.ends_with(".dist-info"))
            modules.emplace(module_name(std::string(first)), package);
        }
      if (const auto tops = read_description(place + "/top_level.txt"))
        for (const auto line : base::split(*tops, '\n'))
          if (!base::trim(line).empty()) modules.emplace(std::string(base::trim(line)), package);
      modules.emplace(package.name, package);
      modules.emplace(module_name(entry.name.substr(0, entry.name.find('-'))), package);
    }
    return modules;
  }

  std::optional<ModulePackage> described(const std::string& folder, const char* manager,
                                         const std::string& name) {
    const auto [at, fresh] = others.try_emplace(folder);
    if (!fresh) return at->second;
    ModulePackage package{manager, name, ""};
    if (package.manager == "r") {
      const auto text = read_description(folder + "/DESCRIPTION");
      if (!text) return std::nullopt;
      package.version = field(*text, "Version");
    } else {
      const auto text = read_description(folder + "/package.json");
      if (!text) return std::nullopt;
      try {
        package.version = codec::parse_json(*text).get_string("version");
      } catch (const base::Error&) {
        package.version.clear();
      }
    }
    return at->second = package;
  }
};

ModuleOwners::ModuleOwners() : state_(std::make_unique<State>()) {}
ModuleOwners::~ModuleOwners() = default;

std::optional<ModulePackage> ModuleOwners::owner_of(const std::string& path) {
  for (const auto* folder : {"site-packages", "dist-packages"})
    if (const auto place = split_after(path, folder)) {
      const auto& modules = state_->python_modules(place->base);
      const auto found = modules.find(module_name(place->name));
      if (found != modules.end()) return found->second;
      return std::nullopt;
    }
  if (const auto place = split_after(path, "node_modules")) {
    auto name = place->name;
    if (name.starts_with('@'))
      if (const auto scoped = split_after(path, "node_modules/" + name)) name += "/" + scoped->name;
    return state_->described(place->base + "/" + name, "node", name);
  }
  for (const auto* folder : {"site-library", "library", "R-library"})
    if (const auto place = split_after(path, folder))
      return state_->described(place->base + "/" + place->name, "r", place->name);
  if (path.ends_with(".jar")) {
    const auto file = os::base_name(path);
    auto name = file.substr(0, file.size() - 4);
    std::string version;
    for (std::size_t dash = name.find('-'); dash != std::string::npos;
         dash = name.find('-', dash + 1))
      if (dash + 1 < name.size() && name[dash + 1] >= '0' && name[dash + 1] <= '9') {
        version = name.substr(dash + 1);
        name.resize(dash);
        break;
      }
    return ModulePackage{"java", name, version};
  }
  return std::nullopt;
}

}  // namespace provrun::capture
