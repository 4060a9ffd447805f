#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace provrun::os {

/// The variable's value in this process's environment.
std::optional<std::string> environment_variable(const std::string& name);
/// All variables as (name, value), in the environment's order.
std::vector<std::pair<std::string, std::string>> environment_variables();

std::string host_name();
/// The login name of the effective user, or its number where the system knows no name.
std::string user_name();
/// The number of the effective user.
unsigned int effective_user_id();
/// $HOME, else the home folder of the user database, else "/".
std::string home_directory();
/// $XDG_CACHE_HOME/provrun or ~/.cache/provrun; not created.
std::string cache_directory();
/// Cores this process may run on.
int available_cores();
/// Bytes of memory of the machine, or of the control group we are in if it may have less.
std::uint64_t available_memory();
/// The first executable of that name on PATH (or the name itself if it has a slash and is
/// executable).
std::optional<std::string> find_program(const std::string& name);
/// The program that this process runs, as an absolute path.
std::string own_program();
/// The number of this process.
int process_id();
/// Kernel's boot id; a lock of another boot is stale.
std::string boot_id();
/// When the process started, in clock ticks since boot; nullopt when there is no such process.
std::optional<unsigned long long> process_start_ticks(int pid);

}  // namespace provrun::os
