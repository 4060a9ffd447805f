#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "provrun/hash/sha256.hpp"

namespace provrun::core {

/// The SHA-256 of a file's bytes: what a file is, wherever it lies.
struct ContentId {
  hash::Digest digest;
  /// digest is a keyed hash of the content's id, in the place of the id itself: of a file that was
  /// withheld since a secret is in it (docs/formats/run-record.md). Equal contents are equal here
  /// too, within one workspace; whoever has not its key cannot try a guess.
  bool keyed = false;
  auto operator<=>(const ContentId&) const = default;
  /// "sha256:" or "hmac-sha256:", and 64 hexadecimal digits.
  std::string to_string() const { return (keyed ? "hmac-sha256:" : "sha256:") + digest.to_hex(); }
};

/// What to_string() gives, or the digits of a SHA-256 alone; nullopt otherwise.
std::optional<ContentId> parse_content_id(std::string_view text);

}  // namespace provrun::core

template <>
struct std::hash<provrun::core::ContentId> {
  std::size_t operator()(const provrun::core::ContentId& id) const noexcept {
    return std::hash<provrun::hash::Digest>{}(id.digest);
  }
};
