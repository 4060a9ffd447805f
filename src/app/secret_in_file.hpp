#pragma once

#include <optional>
#include <string>

#include "provrun/policy/file_screen.hpp"

namespace provrun::app {

/// What secret stands in the file; nullopt when there is none, or the file cannot be read. Reads it
/// piece by piece.
std::optional<policy::FoundSecret> secret_in_file(const policy::FileScreen& screen,
                                                  policy::FileScreen::For what,
                                                  const std::string& path);

}  // namespace provrun::app
