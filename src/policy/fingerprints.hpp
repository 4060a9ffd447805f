#pragma once

#include <cstddef>
#include <string_view>

// Where a secret of a known shape may begin. Internal to room policy.
namespace provrun::policy {

/// The first position from `from` on at which three bytes stand that a token, a JWT (its first
/// three) or the head of a PEM block ("-BE") has; npos: there is none. At memory speed where the
/// processor allows it.
std::size_t find_fingerprint(std::string_view bytes, std::size_t from);

}  // namespace provrun::policy
