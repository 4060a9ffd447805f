#include "provrun/os/owners.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace provrun::os {

namespace {

// The reentrant look-ups want a buffer of unknown size.
template <typename Record, typename Lookup>
std::optional<Record> look_up(const Lookup& lookup, std::vector<char>& buffer) {
  buffer.resize(1024);
  while (true) {
    Record record{};
    Record* found = nullptr;
    const int error = lookup(&record, buffer.data(), buffer.size(), &found);
    if (error == ERANGE && buffer.size() < (16U << 20U)) {
      buffer.resize(buffer.size() * 4);
      continue;
    }
    if (error == EINTR) continue;
    if (found == nullptr) return std::nullopt;
    return record;
  }
}

}  // namespace

std::uint32_t effective_group_id() {
  return ::getegid();
}

const std::string& Owners::user_name(std::uint32_t uid) {
  const auto [at, added] = users_.try_emplace(uid);
  std::vector<char> buffer;
  if (added)
    if (const auto found =
            look_up<passwd>([&](auto... rest) { return ::getpwuid_r(uid, rest...); }, buffer))
      at->second = found->pw_name;
  return at->second;
}

const std::string& Owners::group_name(std::uint32_t gid) {
  const auto [at, added] = groups_.try_emplace(gid);
  std::vector<char> buffer;
  if (added)
    if (const auto found =
            look_up<group>([&](auto... rest) { return ::getgrgid_r(gid, rest...); }, buffer))
      at->second = found->gr_name;
  return at->second;
}

std::optional<std::uint32_t> Owners::user_number(const std::string& name) {
  const auto [at, added] = user_numbers_.try_emplace(name);
  std::vector<char> buffer;
  if (added)
    if (const auto found = look_up<passwd>(
            [&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); }, buffer))
      at->second = found->pw_uid;
  return at->second;
}

std::optional<std::uint32_t> Owners::group_number(const std::string& name) {
  const auto [at, added] = group_numbers_.try_emplace(name);
  std::vector<char> buffer;
  if (added)
    if (const auto found = look_up<group>(
            [&](auto... rest) { return ::getgrnam_r(name.c_str(), rest...); }, buffer))
      at->second = found->gr_gid;
  return at->second;
}

}  // namespace provrun::os
