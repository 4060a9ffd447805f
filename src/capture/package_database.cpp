#include "provrun/capture/package_database.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>
#include <vector>

#include "path_index.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "readable.hpp"

namespace provrun::capture {

namespace {

constexpr std::uint64_t kMostStatusBytes = 256U << 20;

/// The folders that merged /usr made symlinks of.
constexpr std::array<std::string_view, 6> kMerged{"/bin/",   "/sbin/",  "/lib/",
                                                  "/lib32/", "/lib64/", "/libx32/"};

/// The names under which packages may list the file: /usr/bin/x also as /bin/x and back.
std::vector<std::string> names_of(const std::string& path) {
  std::vector<std::string> names{path};
  constexpr std::string_view kUsr = "/usr";
  const bool below_usr = path.compare(0, kUsr.size(), kUsr) == 0;
  const std::string other = below_usr ? path.substr(kUsr.size()) : std::string(kUsr) + path;
  const std::string& short_name = below_usr ? other : path;
  if (std::any_of(kMerged.begin(), kMerged.end(), [&](std::string_view folder) {
        return short_name.compare(0, folder.size(), folder) == 0;
      }))
    names.push_back(other);
  return names;
}

class Dpkg {
 public:
  Dpkg(const std::string& root, std::string cache_file)
      : folder_(os::join_path(root, "var/lib/dpkg")),
        index_(os::join_path(folder_, "info"), std::move(cache_file)) {}

  std::optional<SystemPackage> owner_of(const std::string& path) {
    if (!diversions_) read_diversions();
    for (const std::string& name : names_of(path)) {
      std::string listed = name;
      std::string diverter;
      for (const Diversion& diversion : *diversions_) {
        if (diversion.to == name) {  // moved out of the way: the others' file
          listed = diversion.from;
          diverter = diversion.package;
          break;
        }
        if (diversion.from != name) continue;
        // Under its own name it can be only the diverter's: a package's, or the administrator's own
        // file.
        if (diversion.package == ":") return std::nullopt;
        return described(diversion.package);
      }
      if (const auto owner = find(listed, diverter)) return owner;
    }
    return std::nullopt;
  }

 private:
  struct Diversion {
    std::string from;
    std::string to;
    std::string package;  ///< ":" for one made by the administrator
  };

  void read_diversions() {
    diversions_.emplace();
    const std::string text =
        read_if_readable(os::join_path(folder_, "diversions"), kMostListBytes).value_or("");
    const auto lines = base::split(text, '\n');
    for (std::size_t i = 0; i + 2 < lines.size(); i += 3)
      diversions_->push_back(
          {std::string(lines[i]), std::string(lines[i + 1]), std::string(lines[i + 2])});
  }

  std::optional<SystemPackage> find(const std::string& path, const std::string& but_not) {
    std::optional<SystemPackage> owner;
    index_.find(path, [&](std::size_t list) {
      const std::string& package = index_.list_name(list);
      if (!but_not.empty() && package.substr(0, package.find(':')) == but_not) return false;
      if (!lists(list, path)) return false;
      owner = described(package);
      return true;
    });
    return owner;
  }

  // Who asks for a file often asks for the package's others next.
  bool lists(std::size_t list, const std::string& path) {
    if (list != open_list_) {
      open_list_ = list;
      open_text_ =
          "\n" + read_if_readable(index_.list_path(list), kMostListBytes).value_or("") + "\n";
    }
    return open_text_.find("\n" + path + "\n") != std::string::npos;
  }

  /// package: "name" or "name:architecture".
  SystemPackage described(const std::string& package) {
    if (status_.empty()) read_status();
    const auto known = status_.find(package);
    if (known != status_.end()) return known->second;
    const std::size_t colon = package.find(':');
    return {"dpkg", package.substr(0, colon), "",
            colon == std::string::npos ? "" : package.substr(colon + 1)};
  }

  void read_status() {
    const std::string text =
        read_if_readable(os::join_path(folder_, "status"), kMostStatusBytes).value_or("");
    SystemPackage package;
    bool installed = false;
    const auto finish = [&] {
      if (installed && !package.name.empty()) {
        package.manager = "dpkg";
        status_.emplace(package.name + ":" + package.architecture, package);
        status_.emplace(package.name, package);
      }
      package = {};
      installed = false;
    };
    for (std::string_view line : base::split(text, '\n')) {
      const auto field = [&](std::string_view name) -> std::optional<std::string> {
        if (line.substr(0, name.size()) != name) return std::nullopt;
        return std::string(base::trim(line.substr(name.size())));
      };
      if (base::trim(line).empty()) {
        finish();
      } else if (auto name = field("Package:")) {
        package.name = std::move(*name);
      } else if (auto version = field("Version:")) {
        package.version = std::move(*version);
      } else if (auto architecture = field("Architecture:")) {
        package.architecture = std::move(*architecture);
      } else if (const auto state = field("Status:")) {
        installed = state->find("not-installed") == std::string::npos &&
                    state->find("config-files") == std::string::npos;
      }
    }
    finish();
  }

  std::string folder_;
  PathIndex index_;
  std::optional<std::vector<Diversion>> diversions_;
  std::size_t open_list_ = SIZE_MAX;
  std::string open_text_;  ///< of that list, between line ends
  std::unordered_map<std::string, SystemPackage> status_;
};

}  // namespace

struct PackageDatabase::State {
  std::string root;
  RunProgram run_program;
  std::string index_cache;
  std::string manager;
  std::string rpm;
  std::optional<Dpkg> dpkg;
  bool looked = false;

  void look() {
    if (looked) return;
    looked = true;
    if (exists(os::join_path(root, "var/lib/dpkg/status"))) {
      manager = "dpkg";
      dpkg.emplace(root, index_cache);
    } else if (const auto found = os::find_program("rpm"); run_program && found) {
      manager = "rpm";
      rpm = *found;
    }
  }

  std::optional<SystemPackage> ask_rpm(const std::string& path) const {
    ProgramCall call;
    call.argv = {rpm, "--root", root, "-qf", "--qf", "%{NAME}\t%{EVR}\t%{ARCH}\n", "--", path};
    call.environment = {{"LC_ALL", "C"}};
    call.max_output_bytes = 1U << 16;
    const ProgramOutput output = run_program(call);
    if (!output.succeeded()) return std::nullopt;
    const auto lines = base::split(output.out, '\n');
    const auto fields = base::split(lines[0], '\t');
    if (fields.size() != 3) return std::nullopt;
    return SystemPackage{"rpm", std::string(fields[0]), std::string(fields[1]),
                         std::string(fields[2])};
  }
};

PackageDatabase::PackageDatabase(std::string root, RunProgram run_program, std::string index_cache)
    : state_(std::make_unique<State>()) {
  state_->root = std::move(root);
  state_->index_cache = std::move(index_cache);
  state_->run_program = std::move(run_program);
}
PackageDatabase::~PackageDatabase() = default;
PackageDatabase::PackageDatabase(PackageDatabase&&) noexcept = default;
PackageDatabase& PackageDatabase::operator=(PackageDatabase&&) noexcept = default;

std::optional<SystemPackage> PackageDatabase::owner_of(const std::string& path) {
  state_->look();
  if (path.empty() || path[0] != '/') return std::nullopt;
  if (state_->dpkg) return state_->dpkg->owner_of(path);
  if (!state_->rpm.empty()) return state_->ask_rpm(path);
  return std::nullopt;
}

std::string_view PackageDatabase::manager() {
  state_->look();
  return state_->manager;
}

codec::Json to_json(const SystemPackage& package) {
  return codec::Json::object({{"manager", package.manager},
                              {"name", package.name},
                              {"version", package.version},
                              {"architecture", package.architecture}});
}

}  // namespace provrun::capture
