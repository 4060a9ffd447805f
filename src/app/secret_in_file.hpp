#pragma once

#include <optional>
#include <string>

#include "provrun/hash/sha256.hpp"
#include "provrun/policy/file_screen.hpp"

namespace provrun::app {

/// What secret stands in the file; nullopt when there is none, or the file cannot be read. Reads it
/// piece by piece. hasher takes what was read: it says whether this was the content that was meant.
std::optional<policy::FoundSecret> secret_in_file(const policy::FileScreen& screen,
                                                  policy::FileScreen::For what,
                                                  const std::string& path,
                                                  hash::Sha256* hasher = nullptr);

}  // namespace provrun::app
