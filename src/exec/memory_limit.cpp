#include "memory_limit.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"

namespace provrun::exec {

namespace {

constexpr std::uint64_t kMaxControlFile = 1U << 20U;

// Control files take what is written in one call.
bool write_control(const std::string& path, const std::string& text) {
  const os::File file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.fd(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string read_control(const std::string& path) {
  try {
    return os::read_file(path, kMaxControlFile);
  } catch (const base::Error&) {
    return {};
  }
}

// In mountinfo a space is \040.
std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      int code = 0;
      const auto digits = text.substr(i + 1, 3);
      if (std::from_chars(digits.begin(), digits.end(), code, 8).ptr == digits.end()) {
        result += static_cast<char>(code);
        i += 3;
        continue;
      }
    }
    result += text[i];
  }
  return result;
}

bool has_word(std::string_view list, std::string_view word) {
  for (const auto part : base::split(list, ','))
    if (part == word) return true;
  return false;
}

// What a process sees of a group: its path below what is mounted.
std::string below(const std::string& mount_point, const std::string& root, std::string_view path) {
  std::string_view rest = path;
  if (root != "/" && rest.starts_with(root)) rest.remove_prefix(root.size());
  if (rest == "/") rest = {};
  return mount_point + std::string(rest);
}

const std::vector<ControlGroups>& control_groups() {
  static const auto found =
      find_control_groups(read_control("/proc/self/mountinfo"), read_control("/proc/self/cgroup"));
  return found;
}

std::string new_group_name() {
  static std::atomic<unsigned> count{0};
  return base::format("provrun-{}-{}", ::getpid(), ++count);
}

// A group with the limit below one of the candidates; empty where none can be made.
std::string make_group(const ControlGroups& groups, std::uint64_t bytes) {
  auto directory = groups.directory + "/" + new_group_name();
  if (::mkdir(directory.c_str(), 0755) != 0) return {};
  const auto limit = std::to_string(bytes);
  bool good = false;
  if (groups.unified) {
    good = write_control(directory + "/memory.max", limit);
    if (good) write_control(directory + "/memory.swap.max", "0");
  } else {
    good = write_control(directory + "/memory.limit_in_bytes", limit);
    if (good) write_control(directory + "/memory.memsw.limit_in_bytes", limit);
  }
  if (good) return directory;
  ::rmdir(directory.c_str());
  return {};
}

}  // namespace

std::vector<ControlGroups> find_control_groups(std::string_view mounts, std::string_view groups) {
  std::string unified_path;
  std::string memory_path;
  for (const auto line : base::split(groups, '\n')) {
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    if (controllers.empty()) unified_path = line.substr(second + 1);
    if (has_word(controllers, "memory")) memory_path = line.substr(second + 1);
  }
  std::vector<ControlGroups> found;
  for (const auto line : base::split(mounts, '\n')) {
    // ID PARENT MAJOR:MINOR ROOT POINT OPTIONS … - TYPE SOURCE OPTIONS
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto front = base::split(line.substr(0, dash), ' ');
    const auto back = base::split(line.substr(dash + 3), ' ');
    if (front.size() < 5 || back.size() < 3) continue;
    const auto root = unescape(front[3]);
    const auto point = unescape(front[4]);
    if (back[0] == "cgroup2" && !unified_path.empty())
      found.insert(found.begin(), {below(point, root, unified_path), true});
    if (back[0] == "cgroup" && has_word(back[2], "memory") && !memory_path.empty())
      found.push_back({below(point, root, memory_path), false});
  }
  return found;
}

MemoryLimit::MemoryLimit(std::uint64_t bytes) : bytes_(bytes) {
  for (const auto& groups : control_groups()) {
    group_ = make_group(groups, bytes);
    if (group_.empty()) continue;
    by_ = groups.unified ? "cgroup2" : "cgroup1";
    return;
  }
}

MemoryLimit::~MemoryLimit() {
  if (group_.empty()) return;
  // What has left the process group is still in this one. It has nothing to write to any more.
  constexpr int kTries = 50;
  for (int i = 0; i < kTries && ::rmdir(group_.c_str()) != 0 && errno == EBUSY; ++i) {
    const auto processes = read_control(group_ + "/cgroup.procs");
    for (const auto line : base::split(processes, '\n')) {
      pid_t process = 0;
      std::from_chars(line.begin(), line.end(), process);
      if (process > 1) ::kill(process, SIGKILL);
    }
    ::usleep(2000);
  }
}

void MemoryLimit::hold(pid_t process) {
  if (!group_.empty() && write_control(group_ + "/cgroup.procs", std::to_string(process))) return;
  if (!group_.empty()) {
    ::rmdir(group_.c_str());
    group_.clear();
    by_ = "rlimit";
  }
  rlimit limit{};
  // The hard limit stays, so that the process can be released.
  if (::prlimit(process, RLIMIT_DATA, nullptr, &limit) == 0) {
    before_ = limit.rlim_cur;
    limit.rlim_cur = std::min<rlim_t>(bytes_, limit.rlim_max);
    if (::prlimit(process, RLIMIT_DATA, &limit, nullptr) == 0) return;
  }
  throw base::system_error(errno, "cannot limit the memory of the step");
}

void MemoryLimit::release(pid_t process) {
  if (!group_.empty()) {
    write_control(os::parent_path(group_) + "/cgroup.procs", std::to_string(process));
    return;
  }
  rlimit limit{};
  if (!before_ || ::prlimit(process, RLIMIT_DATA, nullptr, &limit) != 0) return;
  limit.rlim_cur = *before_;
  ::prlimit(process, RLIMIT_DATA, &limit, nullptr);
}

bool MemoryLimit::was_hit() const {
  if (group_.empty()) return false;
  const auto text =
      read_control(group_ + (by_ == "cgroup2" ? "/memory.events" : "/memory.oom_control"));
  for (const auto line : base::split(text, '\n')) {
    if (!line.starts_with("oom_kill ")) continue;
    return base::trim(line.substr(9)) != "0";
  }
  return false;
}

}  // namespace provrun::exec
