#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "provrun/hash/sha256.hpp"

namespace provrun::core {

/// The SHA-256 of a file's bytes: what a file is, wherever it lies.
struct ContentId {
  hash::Digest digest;
  auto operator<=>(const ContentId&) const = default;
  /// "sha256:" and 64 hexadecimal digits.
  std::string to_string() const { return "sha256:" + digest.to_hex(); }
};

/// With or without the "sha256:" prefix; nullopt otherwise.
std::optional<ContentId> parse_content_id(std::string_view text);

}  // namespace provrun::core

template <>
struct std::hash<provrun::core::ContentId> {
  std::size_t operator()(const provrun::core::ContentId& id) const noexcept {
    return std::hash<provrun::hash::Digest>{}(id.digest);
  }
};
