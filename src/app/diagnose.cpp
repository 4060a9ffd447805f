#include "provrun/app/diagnose.hpp"

#include <algorithm>

#include "provrun/app/archive.hpp"
#include "provrun/app/workspace.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/exec/mechanisms.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

std::string_view name_of(Check::State state) {
  switch (state) {
    case Check::State::ok:
      return "ok";
    case Check::State::degraded:
      return "degraded";
    case Check::State::failed:
      return "failed";
  }
  return "";
}

namespace {

using State = Check::State;

std::string first_line(const std::string& path) {
  try {
    const auto text = os::read_file(path, 1U << 20U);
    return text.substr(0, text.find('\n'));
  } catch (const base::Error&) {
    return {};
  }
}

Check kernel() {
  const auto release = first_line("/proc/sys/kernel/osrelease");
  if (release.empty()) return {"kernel", State::failed, "unknown: /proc cannot be read", {}};
  return {"kernel", State::ok, "Linux " + release, {}};
}

void observing(std::vector<Check>& checks) {
  bool any = false;
  for (const auto& fact : exec::mechanisms()) {
    any = any || fact.works;
    checks.push_back(
        {"observing: " + fact.name, fact.works ? State::ok : State::degraded, fact.detail, {}});
  }
  if (!any)
    checks.back().hint =
        "steps run all the same, and their records say that files are the declared";
}

Check control_groups() {
  const std::string top = "/sys/fs/cgroup/cgroup.controllers";
  try {
    if (!os::stat_file(top))
      return {"control groups", State::degraded, "version 2 is not there",
              "a step's memory is known all the same; it cannot be limited by the kernel"};
  } catch (const base::Error& error) {
    return {"control groups", State::degraded, error.message(), {}};
  }
  return {"control groups", State::ok, "version 2: " + first_line(top), {}};
}

// The type of the file system that holds the path, from /proc/self/mounts.
std::string file_system_of(const std::string& path) {
  std::string type;
  std::size_t longest = 0;
  try {
    const auto mounts = os::read_file("/proc/self/mounts", 4U << 20U);
    for (const auto line : base::split(mounts, '\n')) {
      const auto fields = base::split(line, ' ');
      if (fields.size() < 3) continue;
      const auto point = fields[1];
      const bool holds =
          point == "/" || path == point || (path.starts_with(point) && path[point.size()] == '/');
      if (holds && point.size() >= longest) {
        longest = point.size();
        type = std::string(fields[2]);
      }
    }
  } catch (const base::Error&) {
    return "unknown";
  }
  return type.empty() ? "unknown" : type;
}

Check file_system(const std::string& directory) {
  Check check{"workspace", State::ok, {}, {}};
  try {
    check.detail =
        base::format("{} on {}, {} free", base::printable(directory), file_system_of(directory),
                     base::format_size(os::free_space(directory)));
    if (os::is_network_file_system(directory)) {
      check.state = State::degraded;
      check.hint = "a network file system: the state file lies in your cache folder instead";
    }
  } catch (const base::Error& error) {
    check.state = State::failed;
    check.detail = error.message();
  }
  return check;
}

Check reach_repository(const std::optional<std::string>& repository,
                       const std::optional<Workspace>& workspace, const std::string& directory) {
  Check check{"repository", State::ok, {}, {}};
  try {
    const auto location = locate_repository(repository, workspace);
    check.detail = base::printable(location.path);
    if (location.by_default && !os::lstat_file(location.path)) {
      check.detail = "none yet; the first run makes one in " + base::printable(directory);
      return check;
    }
    const auto archive = Archive::open(location, workspace, Archive::Mode::look);
    check.detail += " can be read";
  } catch (const base::Error& error) {
    check.state = State::failed;
    check.detail = error.message();
    check.hint = error.hint();
  }
  return check;
}

}  // namespace

std::vector<Check> diagnose(const std::optional<std::string>& repository) {
  const auto here = os::current_directory();
  const auto workspace = Workspace::find_upwards(here);
  const auto directory = workspace ? workspace->root() : here;
  std::vector<Check> checks{kernel()};
  observing(checks);
  checks.push_back(control_groups());
  checks.push_back(file_system(directory));
  checks.push_back(
      reach_repository(repository, workspace ? workspace : Workspace::at(here), directory));
  return checks;
}

}  // namespace provrun::app
