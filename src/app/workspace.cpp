#include "provrun/app/workspace.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/capture/git.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/random.hpp"

namespace provrun::app {

namespace {

bool is_directory(const std::string& path) {
  const auto stat = os::stat_file(path);
  return stat && stat->type == os::FileType::directory;
}

}  // namespace

Workspace Workspace::at(const std::string& directory) {
  return Workspace(os::absolute_path(directory));
}

std::optional<Workspace> Workspace::find_upwards(const std::string& directory) {
  auto candidate = os::absolute_path(directory);
  while (true) {
    if (is_directory(os::join_path(candidate, ".provrun"))) return Workspace(candidate);
    if (candidate == "/") return std::nullopt;
    candidate = os::parent_path(candidate);
  }
}

bool Workspace::is_own(std::string_view path) {
  return path == ".provrun" || path.starts_with(".provrun/");
}

std::string Workspace::state_directory() const {
  return os::join_path(root_, ".provrun");
}
std::string Workspace::repository_directory() const {
  return state_directory() + "/repository";
}
std::string Workspace::runs_directory() const {
  return state_directory() + "/runs";
}
std::string Workspace::spool_directory() const {
  return state_directory() + "/spool";
}
void Workspace::keep_unfinished(std::size_t runs) const {
  const auto directory = state_directory() + "/unfinished";
  if (!os::lstat_file(directory)) return;
  std::vector<std::string> names;  // ids of runs, so that their order is that of time
  for (const auto& entry : os::list_directory(directory))
    if (base::parse_uuid(entry.name)) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  for (std::size_t i = 0; i + runs < names.size(); ++i)
    os::remove_tree(os::join_path(directory, names[i]));
}

std::string Workspace::state_database() const {
  return catalog::state_path(root_);
}

bool Workspace::exists() const {
  return is_directory(state_directory());
}

void Workspace::ensure() const {
  if (exists()) return;
  if (os::lstat_file(state_directory()))
    throw base::Error(base::ErrorCode::invalid_input,
                      base::printable(state_directory()) + " is no directory")
        .hint("provrun keeps its records under this name: move what is there away");
  os::make_directories(state_directory(), 0700);
  os::make_directories(runs_directory(), 0700);
  capture::exclude_from_git(root_);
}

os::FileLock Workspace::lock(const std::string& what,
                             const std::function<void(const std::string&)>& waiting,
                             const std::function<bool()>& cancelled) const {
  const auto path = state_directory() + "/lock";
  const auto who = base::format("{} by {} on {}, process {}, since {}", what, os::user_name(),
                                os::host_name(), os::process_id(), os::now().to_rfc3339());
  bool told = false;
  while (true) {
    if (auto held = os::FileLock::try_acquire(path, who)) return std::move(*held);
    if (!told) waiting(os::FileLock::holder(path));
    told = true;
    if (cancelled())
      throw base::Error(base::ErrorCode::cancelled, "interrupted while waiting for another run");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

std::string Workspace::hash_key() const {
  const auto path = state_directory() + "/hash.key";
  if (auto key = existing_hash_key(); !key.empty()) return key;
  const auto fresh = os::random_hex(32);
  // An empty one is what a full disk or a lost power left of an earlier attempt.
  if (!os::create_if_absent(path, fresh, os::Durability::synced, 0600) &&
      existing_hash_key().empty())
    os::write_file_atomically(path, fresh, os::Durability::synced, 0600);
  return existing_hash_key();
}

std::string Workspace::existing_hash_key() const {
  const auto path = state_directory() + "/hash.key";
  if (!os::lstat_file(path)) return {};
  return os::read_file(path, 4096);
}

}  // namespace provrun::app
