#pragma once

#include <optional>
#include <string>

#include "provrun/policy/certain_secret.hpp"

namespace provrun::app {

/// The name of a known secret that stands in the file; nullopt when there is none, or the file
/// cannot be read. Reads it piece by piece.
std::optional<std::string> secret_in_file(const policy::KnownSecrets& secrets,
                                          const std::string& path);

}  // namespace provrun::app
