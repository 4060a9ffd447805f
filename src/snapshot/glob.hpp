#pragma once

#include <string_view>
#include <vector>

// Pieces of path patterns; pattern.cpp has them.
namespace provrun::snapshot {

bool has_wildcard(std::string_view text);
/// Without empty ones and ".".
std::vector<std::string_view> components(std::string_view path);
/// One name against `*`, `?` and `[…]`.
bool match_component(std::string_view pattern, std::string_view name);

}  // namespace provrun::snapshot
