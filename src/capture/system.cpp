#include "provrun/capture/system.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::capture {

namespace {

using codec::Json;

/// The beginning of a small text file; "" when it cannot be read. /proc/cpuinfo of a large machine
/// takes milliseconds as a whole, its first page does not.
std::string read_beginning(const std::string& path, std::size_t limit = 4096) {
  try {
    const os::File file = os::open_for_reading(path);
    std::string text(limit, '\0');
    std::size_t size = 0;
    while (size < limit) {
      const std::span<std::uint8_t> rest(reinterpret_cast<std::uint8_t*>(text.data()) + size,
                                         limit - size);
      const std::size_t got = os::read_some(file, rest, path);
      if (got == 0) break;
      size += got;
    }
    text.resize(size);
    return text;
  } catch (const base::Error&) {
    return {};
  }
}

void set_text(Json& object, std::string_view key, std::string_view value) {
  if (!value.empty())
    object.set(key, Json(base::is_valid_utf8(value) ? std::string(value) : base::printable(value)));
}

/// The value of "key<separator>value" lines, trimmed; nullopt when there is no such line.
std::optional<std::string> line_value(std::string_view text, std::string_view key, char separator) {
  for (std::string_view line : base::split(text, '\n')) {
    const std::size_t at = line.find(separator);
    if (at == std::string_view::npos || base::trim(line.substr(0, at)) != key) continue;
    return std::string(base::trim(line.substr(at + 1)));
  }
  return std::nullopt;
}

/// os-release(5): shell-like assignments.
std::string unquoted(std::string value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.back() == value.front())
    value = value.substr(1, value.size() - 2);
  std::string plain;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    plain += value[i];
  }
  return plain;
}

Json operating_system(const std::string& root) {
  std::string text = read_beginning(os::join_path(root, "etc/os-release"), 16384);
  if (text.empty()) text = read_beginning(os::join_path(root, "usr/lib/os-release"), 16384);
  Json system = Json::object();
  const std::array<std::pair<const char*, const char*>, 4> wanted{
      {{"id", "ID"},
       {"name", "PRETTY_NAME"},
       {"version", "VERSION_ID"},
       {"codename", "VERSION_CODENAME"}}};
  for (const auto& [member, key] : wanted)
    if (auto value = line_value(text, key, '=')) set_text(system, member, unquoted(*value));
  // Debian's point release is not in os-release.
  if (system.get_string("id") == "debian")
    set_text(system, "release",
             base::trim(read_beginning(os::join_path(root, "etc/debian_version"))));
  return system;
}

Json processor(const std::string& root) {
  Json cpu = Json::object();
  const std::string text = read_beginning(os::join_path(root, "proc/cpuinfo"));
  for (const char* key : {"model name", "Model", "cpu", "Processor"}) {
    const auto model = line_value(text, key, ':');
    if (!model || model->empty()) continue;
    set_text(cpu, "model", *model);
    break;
  }
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (online > 0) cpu.set("online", static_cast<std::int64_t>(online));
  cpu.set("usable", os::available_cores());
  return cpu;
}

Json memory(const std::string& root) {
  Json result = Json::object();
  const auto kib = [](const std::optional<std::string>& text) {
    return text ? std::strtoll(text->c_str(), nullptr, 10) : 0LL;
  };
  const std::string text = read_beginning(os::join_path(root, "proc/meminfo"));
  if (const long long total = kib(line_value(text, "MemTotal", ':')); total > 0)
    result.set("total_bytes", std::int64_t{total * 1024});
  if (auto swap = line_value(text, "SwapTotal", ':'))
    result.set("swap_bytes", std::int64_t{kib(swap) * 1024});
  const std::string limit = read_beginning(os::join_path(root, "sys/fs/cgroup/memory.max"));
  if (const long long bytes = std::strtoll(limit.c_str(), nullptr, 10); bytes > 0)
    result.set("cgroup_limit_bytes", std::int64_t{bytes});
  return result;
}

Json locale() {
  Json variables = Json::object();
  for (auto& [name, value] : os::environment_variables())
    if (name == "LANG" || name == "LANGUAGE" || name.substr(0, 3) == "LC_")
      set_text(variables, name, value);
  auto& members = variables.as_object();
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return variables;
}

std::string time_zone(const std::string& root) {
  if (auto zone = os::environment_variable("TZ"); zone && !zone->empty()) return *zone;
  try {
    const std::string target = os::read_symlink(os::join_path(root, "etc/localtime"));
    constexpr std::string_view kMark = "zoneinfo/";
    if (const std::size_t at = target.find(kMark); at != std::string::npos)
      return target.substr(at + kMark.size());
  } catch (const base::Error&) {
    // Not a link: a copied file does not say its name.
  }
  return std::string(base::trim(read_beginning(os::join_path(root, "etc/timezone"))));
}

Json limit_value(rlim_t value) {
  return value == RLIM_INFINITY ? Json() : Json(std::uint64_t{value});
}

Json limits() {
  struct Limit {
    const char* name;
    int resource;
  };
  constexpr std::array<Limit, 9> kLimits{{{"address_space_bytes", RLIMIT_AS},
                                          {"core_bytes", RLIMIT_CORE},
                                          {"cpu_s", RLIMIT_CPU},
                                          {"data_bytes", RLIMIT_DATA},
                                          {"file_size_bytes", RLIMIT_FSIZE},
                                          {"locked_memory_bytes", RLIMIT_MEMLOCK},
                                          {"open_files", RLIMIT_NOFILE},
                                          {"processes", RLIMIT_NPROC},
                                          {"stack_bytes", RLIMIT_STACK}}};
  Json result = Json::object();
  for (const Limit& limit : kLimits) {
    rlimit value{};
    if (::getrlimit(static_cast<__rlimit_resource_t>(limit.resource), &value) != 0) continue;
    result.set(limit.name, Json::object({{"soft", limit_value(value.rlim_cur)},
                                         {"hard", limit_value(value.rlim_max)}}));
  }
  return result;
}

/// umask(2) can only be read by changing it, which other threads would see.
std::string file_mask(const std::string& root) {
  return line_value(read_beginning(os::join_path(root, "proc/self/status")), "Umask", ':')
      .value_or("");
}

/// What kind of container this looks like, and by which sign.
Json container(const std::string& root) {
  const auto found = [](std::string_view kind, std::string_view sign) {
    return Json::object({{"kind", Json(kind)}, {"sign", Json(sign)}});
  };
  for (const char* variable : {"APPTAINER_NAME", "APPTAINER_CONTAINER"})
    if (os::environment_variable(variable)) return found("apptainer", variable);
  for (const char* variable : {"SINGULARITY_NAME", "SINGULARITY_CONTAINER"})
    if (os::environment_variable(variable)) return found("singularity", variable);
  const auto exists = [&](const char* path) {
    try {
      return os::lstat_file(os::join_path(root, path)).has_value();
    } catch (const base::Error&) {
      return false;
    }
  };
  if (exists("run/.containerenv")) return found("podman", "/run/.containerenv");
  if (exists(".dockerenv")) return found("docker", "/.dockerenv");
  if (os::environment_variable("KUBERNETES_SERVICE_HOST"))
    return found("kubernetes", "KUBERNETES_SERVICE_HOST");
  if (auto kind = os::environment_variable("container"); kind && !kind->empty())
    return found(*kind, "container");
  const std::string groups = read_beginning(os::join_path(root, "proc/1/cgroup"));
  for (const char* kind : {"kubepods", "docker", "libpod", "lxc"})
    if (groups.find(kind) != std::string::npos) return found(kind, "/proc/1/cgroup");
  return {};
}

}  // namespace

Json system_environment(const std::string& root) {
  Json result = Json::object();
  result.set("os", operating_system(root));
  utsname kernel{};
  if (::uname(&kernel) == 0) {
    result.set("kernel", Json::object({{"name", Json(kernel.sysname)},
                                       {"release", Json(kernel.release)},
                                       {"version", Json(kernel.version)}}));
    result.set("architecture", Json(kernel.machine));
  }
  set_text(result, "host", os::host_name());
  result.set("cpu", processor(root));
  result.set("memory", memory(root));
  result.set("locale", locale());
  set_text(result, "time_zone", time_zone(root));
  set_text(result, "umask", file_mask(root));
  result.set("limits", limits());
  result.set("container", container(root));
  return result;
}

}  // namespace provrun::capture
