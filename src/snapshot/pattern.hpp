#pragma once

#include <string_view>

namespace provrun::snapshot {

/// `*`, `?` and `[…]` over one name.
bool pattern_takes_name(std::string_view pattern, std::string_view name);
/// The whole path, where pattern_selects() would also take what lies below.
bool pattern_takes_path(std::string_view pattern, std::string_view path);

}  // namespace provrun::snapshot
