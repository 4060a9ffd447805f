#include "provrun/capture/package_database.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::capture {

namespace {

constexpr std::string_view kListSuffix = ".list";
/// Far above the largest real ones (a kernel's list is 1 MB, status of a full desktop 10 MB).
constexpr std::uint64_t kMostListBytes = 64U << 20;
constexpr std::uint64_t kMostStatusBytes = 256U << 20;

std::uint64_t hash_of(std::string_view path) {
  return std::hash<std::string_view>{}(path);
}

std::string read_or_empty(const std::string& path, std::uint64_t limit) {
  try {
    return os::read_file(path, limit);
  } catch (const base::Error&) {
    return {};
  }
}

/// Calls visit for every line without its newline.
template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// One line of a path index: which list named a path with this hash.
struct Entry {
  std::uint64_t hash;
  std::uint32_t list;
  bool operator<(const Entry& other) const {
    return hash != other.hash ? hash < other.hash : list < other.list;
  }
};

struct Diversion {
  std::string original;
  std::string diverted_to;
  std::string package;  ///< whose file took the original place; ":" for the administrator's own
};

/// dpkg's files below a root folder.
class DpkgFiles {
 public:
  explicit DpkgFiles(std::string root)
      : root_(std::move(root)), folder_(os::join_path(root_, "var/lib/dpkg")) {}

  bool present() const {
    try {
      return os::stat_file(os::join_path(folder_, "status")).has_value() &&
             os::stat_file(os::join_path(folder_, "info")).has_value();
    } catch (const base::Error&) {
      return false;
    }
  }

  std::optional<SystemPackage> owner_of(std::string_view asked) {
    load();
    const std::string path = merged(asked);
    std::string listed = path;
    std::string excluded;
    std::string preferred;
    for (const Diversion& diversion : diversions_) {
      if (path == diversion.diverted_to) {
        listed = diversion.original;
        excluded = diversion.package;
      } else if (path == diversion.original) {
        if (diversion.package == ":") return std::nullopt;
        preferred = diversion.package;
      }
    }
    for (std::uint32_t list : lists_with(listed)) {
      SystemPackage package = package_of_list(lists_[list]);
      if (package.name == excluded) continue;
      if (preferred.empty() || package.name == preferred) return package;
    }
    return std::nullopt;
  }

 private:
  /// On a merged /usr the lists still say /bin/ls where the file is /usr/bin/ls.
  std::string merged(std::string_view path) const {
    for (const std::string& folder : merged_folders_)
      if (path.substr(0, folder.size()) == folder) return "/usr" + std::string(path);
    return std::string(path);
  }

  void load() {
    if (loaded_) return;
    loaded_ = true;
    for (const char* folder : {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32"}) {
      try {
        const auto stat = os::lstat_file(os::join_path(root_, folder));
        if (stat && stat->type == os::FileType::symlink)
          merged_folders_.push_back("/" + std::string(folder) + "/");
      } catch (const base::Error&) {
        continue;
      }
    }
    load_lists();
    load_diversions();
  }

  void load_lists() {
    const std::string info = os::join_path(folder_, "info");
    std::vector<os::DirectoryEntry> entries;
    try {
      entries = os::list_directory(info);
    } catch (const base::Error&) {
      return;
    }
    for (const os::DirectoryEntry& entry : entries) {
      const std::string_view name = entry.name;
      if (name.size() <= kListSuffix.size() ||
          name.substr(name.size() - kListSuffix.size()) != kListSuffix)
        continue;
      const auto list = static_cast<std::uint32_t>(lists_.size());
      lists_.emplace_back(name.substr(0, name.size() - kListSuffix.size()));
      const std::string text = read_or_empty(os::join_path(info, name), kMostListBytes);
      for_each_line(text, [&](std::string_view line) {
        if (!line.empty()) index_.push_back({hash_of_listed(line), list});
      });
    }
    std::sort(index_.begin(), index_.end());
    index_.shrink_to_fit();
  }

  std::uint64_t hash_of_listed(std::string_view line) const {
    for (const std::string& folder : merged_folders_)
      if (line.substr(0, folder.size()) == folder) return hash_of("/usr" + std::string(line));
    return hash_of(line);
  }

  /// The diversions file has three lines for each: the original path, where the file went, and who
  /// did it.
  void load_diversions() {
    const std::string text = read_or_empty(os::join_path(folder_, "diversions"), kMostListBytes);
    std::array<std::string, 3> lines;
    std::size_t count = 0;
    for_each_line(text, [&](std::string_view line) {
      lines[count++] = line;
      if (count < lines.size()) return;
      count = 0;
      diversions_.push_back({merged(lines[0]), merged(lines[1]), lines[2]});
    });
  }

  /// The lists that name the path, checked against their text: hashes may collide.
  std::vector<std::uint32_t> lists_with(std::string_view path) const {
    std::vector<std::uint32_t> found;
    const Entry first{hash_of(path), 0};
    for (auto entry = std::lower_bound(index_.begin(), index_.end(), first);
         entry != index_.end() && entry->hash == first.hash; ++entry) {
      if (!found.empty() && found.back() == entry->list) continue;
      const std::string file = os::join_path(folder_, "info/" + lists_[entry->list] + ".list");
      bool named = false;
      for_each_line(read_or_empty(file, kMostListBytes),
                    [&](std::string_view line) { named = named || merged(line) == path; });
      if (named) found.push_back(entry->list);
    }
    return found;
  }

  /// A list is named "package" or "package:architecture".
  SystemPackage package_of_list(std::string_view list) {
    const std::size_t colon = list.find(':');
    SystemPackage package;
    package.manager = "dpkg";
    package.name = std::string(list.substr(0, colon));
    if (colon != std::string_view::npos) package.architecture = std::string(list.substr(colon + 1));
    load_status();
    auto found = versions_.find(package.name + ":" + package.architecture);
    if (found == versions_.end()) found = versions_.find(package.name + ":");
    if (found != versions_.end()) {
      package.version = found->second.version;
      package.architecture = found->second.architecture;
    }
    return package;
  }

  void load_status() {
    if (status_loaded_) return;
    status_loaded_ = true;
    const std::string text = read_or_empty(os::join_path(folder_, "status"), kMostStatusBytes);
    SystemPackage current;
    bool installed = false;
    const auto keep = [&] {
      if (installed && !current.name.empty()) {
        const Version version{current.version, current.architecture};
        versions_[current.name + ":" + current.architecture] = version;
        versions_.try_emplace(current.name + ":", version);
      }
      current = {};
      installed = false;
    };
    const auto value_of = [](std::string_view line, std::string_view key) {
      return std::string(base::trim(line.substr(key.size())));
    };
    for_each_line(text, [&](std::string_view line) {
      if (line.empty()) return keep();
      if (line.substr(0, 9) == "Package: ") current.name = value_of(line, "Package: ");
      if (line.substr(0, 9) == "Version: ") current.version = value_of(line, "Version: ");
      if (line.substr(0, 14) == "Architecture: ")
        current.architecture = value_of(line, "Architecture: ");
      // "install ok installed"; a removed package with configuration left is "deinstall ok
      // config-files".
      if (line.substr(0, 8) == "Status: ")
        installed = line.find("not-installed") == std::string_view::npos &&
                    line.find("config-files") == std::string_view::npos;
    });
    keep();
  }

  struct Version {
    std::string version;
    std::string architecture;
  };

  std::string root_;
  std::string folder_;
  bool loaded_ = false;
  bool status_loaded_ = false;
  std::vector<std::string> merged_folders_;
  std::vector<std::string> lists_;
  std::vector<Entry> index_;
  std::vector<Diversion> diversions_;
  std::unordered_map<std::string, Version> versions_;
};

}  // namespace

struct PackageDatabase::State {
  State(std::string root, RunProgram run) : dpkg(root), run_program(std::move(run)) {
    if (dpkg.present()) {
      manager = "dpkg";
    } else if (run_program && root == "/") {
      if (auto program = os::find_program("rpm")) {
        manager = "rpm";
        rpm = std::move(*program);
      }
    }
  }

  std::optional<SystemPackage> ask_rpm(const std::string& path) {
    if (const auto known = answers.find(path); known != answers.end()) return known->second;
    ProgramCall call;
    call.argv = {
        rpm,  "-qf", "--queryformat", "%{NAME}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\t%{ARCH}\\n",
        "--", path};
    call.environment = {{"LC_ALL", "C"}};
    call.max_output_bytes = 65536;
    const ProgramOutput output = run_program(call);
    std::optional<SystemPackage> package;
    if (output.succeeded()) {
      const auto fields =
          base::split(std::string_view(output.out).substr(0, output.out.find('\n')), '\t');
      if (fields.size() == 3) {
        std::string_view version = fields[1];
        if (version.substr(0, 2) == "0:") version.remove_prefix(2);
        package = SystemPackage{"rpm", std::string(fields[0]), std::string(version),
                                std::string(fields[2])};
      }
    }
    answers.emplace(path, package);
    return package;
  }

  DpkgFiles dpkg;
  RunProgram run_program;
  std::string_view manager;
  std::string rpm;
  std::unordered_map<std::string, std::optional<SystemPackage>> answers;
};

PackageDatabase::PackageDatabase(std::string root, RunProgram run_program)
    : state_(std::make_unique<State>(std::move(root), std::move(run_program))) {}
PackageDatabase::~PackageDatabase() = default;
PackageDatabase::PackageDatabase(PackageDatabase&&) noexcept = default;
PackageDatabase& PackageDatabase::operator=(PackageDatabase&&) noexcept = default;

std::optional<SystemPackage> PackageDatabase::owner_of(const std::string& path) {
  if (path.empty() || path.front() != '/' || path.find('\n') != std::string::npos)
    return std::nullopt;
  if (state_->manager == "dpkg") return state_->dpkg.owner_of(path);
  if (state_->manager == "rpm") return state_->ask_rpm(path);
  return std::nullopt;
}

std::string_view PackageDatabase::manager() {
  return state_->manager;
}

codec::Json to_json(const SystemPackage& package) {
  return codec::Json::object({{"manager", package.manager},
                              {"name", package.name},
                              {"version", package.version},
                              {"architecture", package.architecture}});
}

}  // namespace provrun::capture
