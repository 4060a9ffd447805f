#pragma once

// The one door to fmt. base alone names the library; everyone else calls base::format.
#include <fmt/format.h>

#include <string>

namespace provrun::base {

/// Formats with fmt's syntax (that of std::format).
template <typename... Args>
std::string format(fmt::format_string<Args...> pattern, Args&&... args) {
  return fmt::format(pattern, std::forward<Args>(args)...);
}

}  // namespace provrun::base
