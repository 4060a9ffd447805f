#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "provrun/policy/redaction.hpp"

namespace provrun::policy {

/// Where the first secret of a text begins that is a known value or has an issuer's shape (a
/// token's prefix, a private key, the password of a URL); what is only guessed from the name before
/// it does not count. nullopt when there is none.
std::optional<std::size_t> find_certain_secret(std::span<const Secret> known,
                                               std::string_view text);

}  // namespace provrun::policy
