#include "provrun/capture/system.hpp"

#include <gnu/libc-version.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::capture {

namespace {

/// /proc/cpuinfo of a machine with a thousand cores has some megabytes.
constexpr std::uint64_t kMostBytes = 16U << 20;

/// Features that decide which numerical code paths libraries take.
constexpr std::array<std::string_view, 13> kCpuFeatures{
    "sse4_2",   "avx",         "avx2",     "fma", "f16c", "avx512f", "avx512dq",
    "avx512bw", "avx512_bf16", "avx_vnni", "sve", "sve2", "asimd"};

/// "" when it cannot be read.
std::string read(const std::string& path) {
  try {
    return os::read_file(path, kMostBytes);
  } catch (const base::Error&) {
    return "";
  }
}

std::string read_line(const std::string& path) {
  const std::string text = read(path);
  return std::string(base::trim(std::string_view(text).substr(0, text.find('\n'))));
}

/// The value after the first "key<blanks>:"; "" when there is none.
std::string value_of(std::string_view text, std::string_view key) {
  for (std::string_view line : base::split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && base::trim(line.substr(0, colon)) == key)
      return std::string(base::trim(line.substr(colon + 1)));
  }
  return "";
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr == text.data()) return std::nullopt;
  return value;
}

void set_text(codec::Json& object, std::string_view key, std::string value) {
  if (!value.empty()) object.set(key, std::move(value));
}

void set_object(codec::Json& object, std::string_view key, codec::Json value) {
  if (value.is_object() && !value.as_object().empty()) object.set(key, std::move(value));
}

/// os-release(5): NAME=value lines, shell quotes and backslashes.
std::string unquote(std::string_view value) {
  value = base::trim(value);
  const bool quoted =
      value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0];
  if (!quoted) return std::string(value);
  std::string plain;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[0] == '"' && value[i] == '\\' && i + 2 < value.size()) ++i;
    plain += value[i];
  }
  return plain;
}

codec::Json os_release(const std::string& root) {
  std::string text = read(os::join_path(root, "etc/os-release"));
  if (text.empty()) text = read(os::join_path(root, "usr/lib/os-release"));
  const auto field = [&](std::string_view name) -> std::string {
    for (std::string_view line : base::split(text, '\n'))
      if (line.substr(0, name.size()) == name && line.substr(name.size(), 1) == "=")
        return unquote(line.substr(name.size() + 1));
    return "";
  };
  codec::Json json = codec::Json::object();
  set_text(json, "name", field("NAME"));
  // Debian's VERSION_ID is 12, the point release stands in a file of its own.
  const std::string point = field("ID") == "debian"
                                ? read_line(os::join_path(root, "etc/debian_version"))
                                : std::string();
  const bool is_point = !point.empty() && point[0] >= '0' && point[0] <= '9';
  set_text(json, "version", is_point ? point : field("VERSION_ID"));
  set_text(json, "id", field("ID"));
  set_text(json, "title", field("PRETTY_NAME"));
  return json;
}

std::string architecture() {
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "aarch64";
#elif defined(__riscv)
  return "riscv";
#elif defined(__powerpc64__)
  return "ppc64";
#elif defined(__s390x__)
  return "s390x";
#else
  return "";
#endif
}

codec::Json kernel(const std::string& root) {
  codec::Json json = codec::Json::object();
  const std::string folder = os::join_path(root, "proc/sys/kernel");
  set_text(json, "name", read_line(os::join_path(folder, "ostype")));
  set_text(json, "release", read_line(os::join_path(folder, "osrelease")));
  set_text(json, "version", read_line(os::join_path(folder, "version")));
  set_text(json, "architecture", architecture());
  return json;
}

codec::Json cpu(const std::string& root) {
  const std::string text = read(os::join_path(root, "proc/cpuinfo"));
  codec::Json json = codec::Json::object();
  set_text(json, "model", value_of(text, "model name"));
  set_text(json, "vendor", value_of(text, "vendor_id"));
  std::int64_t logical = 0;
  std::set<std::string> cores;
  std::string package;
  for (std::string_view line : base::split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = base::trim(line.substr(0, colon));
    const std::string value(base::trim(line.substr(colon + 1)));
    if (key == "processor" && number(value)) ++logical;
    if (key == "physical id") package = value;
    if (key == "core id") cores.insert(package + "/" + value);
  }
  if (logical > 0) json.set("logical_cores", logical);
  if (!cores.empty()) json.set("physical_cores", static_cast<std::uint64_t>(cores.size()));
  json.set("available_cores", os::available_cores());
  std::string flags = value_of(text, "flags");
  if (flags.empty()) flags = value_of(text, "Features");
  codec::Json features = codec::Json::array();
  for (std::string_view flag : base::split(flags, ' '))
    if (std::find(kCpuFeatures.begin(), kCpuFeatures.end(), flag) != kCpuFeatures.end())
      features.push_back(flag);
  if (!features.as_array().empty()) json.set("features", std::move(features));
  return json;
}

/// The folder of this process's control group (version 2); "" without one.
std::string control_group(const std::string& root) {
  const std::string text = read(os::join_path(root, "proc/self/cgroup"));
  for (std::string_view line : base::split(text, '\n'))
    if (line.substr(0, 3) == "0::")
      return os::join_path(root, "sys/fs/cgroup") + std::string(line.substr(3));
  return "";
}

codec::Json memory(const std::string& root) {
  const std::string text = read(os::join_path(root, "proc/meminfo"));
  codec::Json json = codec::Json::object();
  if (const auto total = number(value_of(text, "MemTotal"))) json.set("bytes", *total * 1024);
  if (const auto swap = number(value_of(text, "SwapTotal"))) json.set("swap_bytes", *swap * 1024);
  if (const std::string group = control_group(root); !group.empty())
    if (const auto limit = number(read_line(os::join_path(group, "memory.max"))))
      json.set("limit_bytes", *limit);
  return json;
}

codec::Json locale() {
  codec::Json json = codec::Json::object();
  for (const auto& [name, value] : os::environment_variables())
    if (name == "LANG" || name == "LANGUAGE" || name.compare(0, 3, "LC_") == 0)
      json.set(name, value);
  return json;
}

codec::Json time_zone(const std::string& root) {
  codec::Json json = codec::Json::object();
  std::string name;
  try {
    const std::string target = os::read_symlink(os::join_path(root, "etc/localtime"));
    constexpr std::string_view kFolder = "zoneinfo/";
    const std::size_t at = target.find(kFolder);
    if (at != std::string::npos) name = target.substr(at + kFolder.size());
  } catch (const base::Error&) {
    // A copied file instead of a link, or none: /etc/timezone may know.
  }
  if (name.empty()) name = read_line(os::join_path(root, "etc/timezone"));
  set_text(json, "system", std::move(name));
  if (const auto tz = os::environment_variable("TZ")) json.set("TZ", *tz);
  return json;
}

codec::Json limits(const std::string& root) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kRows{{
      {"Max cpu time", "cpu_seconds"},
      {"Max file size", "file_bytes"},
      {"Max data size", "data_bytes"},
      {"Max stack size", "stack_bytes"},
      {"Max processes", "processes"},
      {"Max open files", "open_files"},
      {"Max locked memory", "locked_bytes"},
      {"Max address space", "address_space_bytes"},
  }};
  const std::string text = read(os::join_path(root, "proc/self/limits"));
  codec::Json json = codec::Json::object();
  for (std::string_view line : base::split(text, '\n')) {
    for (const auto& [title, key] : kRows) {
      if (line.substr(0, title.size()) != title) continue;
      const std::string_view soft = base::trim(line.substr(title.size()));
      if (const auto value = number(soft)) {
        json.set(key, *value);
      } else if (soft.substr(0, 9) == "unlimited") {
        json.set(key, nullptr);
      }
    }
  }
  return json;
}

std::string container(const std::string& root) {
  const auto there = [&](const char* path) {
    try {
      return os::stat_file(os::join_path(root, path)).has_value();
    } catch (const base::Error&) {
      return false;
    }
  };
  if (const std::string said = read_line(os::join_path(root, "run/systemd/container"));
      !said.empty())
    return said;
  if (there(".dockerenv")) return "docker";
  if (there("run/.containerenv")) return "podman";
  if (there("singularity") || there(".singularity.d")) return "apptainer";
  return "";
}

codec::Json machine(const std::string& root) {
  codec::Json json = codec::Json::object();
  const std::string folder = os::join_path(root, "sys/class/dmi/id");
  set_text(json, "vendor", read_line(os::join_path(folder, "sys_vendor")));
  set_text(json, "product", read_line(os::join_path(folder, "product_name")));
  return json;
}

codec::Json gpus(const std::string& root) {
  codec::Json array = codec::Json::array();
  const std::string folder = os::join_path(root, "proc/driver/nvidia");
  try {
    const std::string driver = read_line(os::join_path(folder, "version"));
    const std::string list = os::join_path(folder, "gpus");
    for (const os::DirectoryEntry& entry : os::list_directory(list)) {
      const std::string text = read(os::join_path(os::join_path(list, entry.name), "information"));
      codec::Json gpu = codec::Json::object();
      set_text(gpu, "model", value_of(text, "Model"));
      set_text(gpu, "driver", driver);
      if (!gpu.as_object().empty()) array.push_back(std::move(gpu));
    }
  } catch (const base::Error&) {
    // No such driver.
  }
  return array;
}

}  // namespace

codec::Json system_environment(const std::string& root) {
  codec::Json json = codec::Json::object();
  set_object(json, "os", os_release(root));
  set_object(json, "kernel", kernel(root));
  set_object(json, "machine", machine(root));
  set_object(json, "cpu", cpu(root));
  set_object(json, "memory", memory(root));
  if (codec::Json found = gpus(root); !found.as_array().empty()) json.set("gpus", std::move(found));
  json.set("libc", codec::Json::object({{"name", "glibc"}, {"version", gnu_get_libc_version()}}));
  set_text(json, "container", container(root));
  json.set("locale", locale());
  set_object(json, "time_zone", time_zone(root));
  set_object(json, "limits", limits(root));
  set_text(json, "umask", value_of(read(os::join_path(root, "proc/self/status")), "Umask"));
  return json;
}

}  // namespace provrun::capture
