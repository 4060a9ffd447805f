#include "provrun/os/environment.hpp"

#include <pwd.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"

namespace provrun::os {

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::vector<std::pair<std::string, std::string>> environment_variables() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const char* equals = std::strchr(*entry, '=');
    if (equals != nullptr)
      variables.emplace_back(std::string(*entry, static_cast<std::size_t>(equals - *entry)),
                             equals + 1);
  }
  return variables;
}

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "localhost";
  return name;
}

unsigned int effective_user_id() {
  return ::geteuid();
}

std::string user_name() {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (::getpwuid_r(::geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr)
    return found->pw_name;
  return std::to_string(::geteuid());
}

std::string home_directory() {
  if (const auto home = environment_variable("HOME"); home && !home->empty()) return *home;
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (::getpwuid_r(::geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr)
    return found->pw_dir;
  return "/";
}

std::string cache_directory() {
  const auto xdg = environment_variable("XDG_CACHE_HOME");
  if (xdg && !xdg->empty() && (*xdg)[0] == '/') return join_path(*xdg, "provrun");
  return join_path(home_directory(), ".cache/provrun");
}

int available_cores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

std::uint64_t available_memory() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto page = ::sysconf(_SC_PAGE_SIZE);
  auto memory = static_cast<std::uint64_t>(std::max(1L, pages)) *
                static_cast<std::uint64_t>(std::max(1L, page));
  // Inside of a container its own group is the root.
  for (const auto* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    std::uint64_t limit = 0;
    if (file >> limit && limit > 0) memory = std::min(memory, limit);
  }
  return memory;
}

std::optional<std::string> find_program(const std::string& name) {
  const auto runnable = [](const std::string& path) {
    const auto stat = stat_file(path);
    return stat && stat->type == FileType::regular && ::access(path.c_str(), X_OK) == 0;
  };
  if (name.empty()) return std::nullopt;
  if (name.find('/') != std::string::npos) {
    if (runnable(name)) return name;
    return std::nullopt;
  }
  const auto path = environment_variable("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (const auto directory : base::split(path, ':')) {
    const auto candidate = join_path(directory.empty() ? "." : directory, name);
    try {
      if (runnable(candidate)) return candidate;
    } catch (const base::Error&) {
      continue;  // an unreadable folder on PATH is skipped, as by the shell
    }
  }
  return std::nullopt;
}

std::string own_program() {
  return read_symlink("/proc/self/exe");
}

int process_id() {
  return ::getpid();
}

std::string boot_id() {
  try {
    return std::string(base::trim(read_file("/proc/sys/kernel/random/boot_id", 4096)));
  } catch (const base::Error&) {
    return {};
  }
}

std::optional<unsigned long long> process_start_ticks(int pid) {
  try {
    const auto text = read_file("/proc/" + std::to_string(pid) + "/stat", 65536);
    // The second field is the command in parentheses and may hold anything: count from its end.
    const auto end = text.rfind(')');
    if (end == std::string::npos) return std::nullopt;
    const auto fields = base::split(std::string_view(text).substr(end + 2), ' ');
    if (fields.size() < 20) return std::nullopt;
    return std::strtoull(std::string(fields[19]).c_str(), nullptr, 10);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

}  // namespace provrun::os
