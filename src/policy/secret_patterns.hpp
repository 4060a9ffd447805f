#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "secret_values.hpp"

// What looks like a secret wherever it stands. Internal to room policy.
namespace provrun::policy {

/// A kind of secret that is found by three literal bytes (case ignored) at a fixed place in it.
struct Pattern {
  std::string_view anchor;  ///< exactly three bytes, lower case
  /// The secret around the anchor at that position; looks at most kLookBehind back, and at most
  /// 2 * kLongestMatch ahead.
  std::optional<Range> (*match)(std::string_view text, std::size_t anchor_at);
  bool certain = false;  ///< the shape alone tells: an issuer's prefix, a private key, a URL
};

std::span<const Pattern> secret_patterns();

}  // namespace provrun::policy
