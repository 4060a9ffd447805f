#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace provrun::os {

/// The number of the effective group.
std::uint32_t effective_group_id();

/// Names of users and groups, each looked up once. One thread at a time.
class Owners {
 public:
  /// Empty where the system knows none.
  const std::string& user_name(std::uint32_t uid);
  const std::string& group_name(std::uint32_t gid);
  std::optional<std::uint32_t> user_number(const std::string& name);
  std::optional<std::uint32_t> group_number(const std::string& name);

 private:
  std::unordered_map<std::uint32_t, std::string> users_;
  std::unordered_map<std::uint32_t, std::string> groups_;
  std::unordered_map<std::string, std::optional<std::uint32_t>> user_numbers_;
  std::unordered_map<std::string, std::optional<std::uint32_t>> group_numbers_;
};

}  // namespace provrun::os
