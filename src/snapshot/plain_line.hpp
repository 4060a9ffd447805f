#pragma once

#include <optional>
#include <string_view>

#include "provrun/snapshot/entry.hpp"

namespace provrun::snapshot {

/// The entry of a line as append_entry_line writes nearly all of them: members in their order, no
/// escapes, no attributes. nullopt for any other line, valid or not: then the JSON parser decides.
/// Ten times as fast, which is most of what looking through a large tree costs.
std::optional<Entry> parse_plain_line(std::string_view line);

}  // namespace provrun::snapshot
