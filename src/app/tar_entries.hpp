#pragma once

#include <string>

#include "provrun/interchange/tar.hpp"
#include "provrun/snapshot/entry.hpp"

namespace provrun::app {

// What entries of the tree format have beyond files, folders and links is taken where it is there.

template <typename Entry>
void copy_extras(const Entry& entry, interchange::TarMember& member) {
  if constexpr (requires { entry.attributes; })
    for (const auto& attribute : entry.attributes)
      member.attributes.emplace_back(attribute.name, attribute.value);
  if constexpr (requires { entry.device_major; }) {
    member.device_major = entry.device_major;
    member.device_minor = entry.device_minor;
  }
}

template <typename Entry>
void copy_extras(const interchange::TarMember& member, Entry& entry) {
  if constexpr (requires { entry.attributes; })
    for (const auto& [name, value] : member.attributes) entry.attributes.push_back({name, value});
  if constexpr (requires { entry.device_major; }) {
    entry.device_major = member.device_major;
    entry.device_minor = member.device_minor;
  }
}

template <typename Entry>
std::string link_group(const Entry& entry) {
  if constexpr (requires { entry.hard_link; }) return entry.hard_link;
  return {};
}
template <typename Entry>
void set_link_group(Entry& entry, const std::string& group) {
  if constexpr (requires { entry.hard_link; }) entry.hard_link = group;
}

/// Whether the tree format has entries of the letter.
template <typename Type = snapshot::EntryType>
constexpr bool has_entries_of(char letter) {
  if (letter == 'f' || letter == 'd' || letter == 'l') return true;
  if constexpr (requires { Type::fifo; }) return letter == 'p' || letter == 'b' || letter == 'c';
  return false;
}

}  // namespace provrun::app
