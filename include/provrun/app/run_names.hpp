#pragma once

#include <cstddef>
#include <string_view>

namespace provrun::app {

/// Whether a run's id may begin like this: hexadecimal digits, with dashes where a UUID has them.
inline bool begins_run_id(std::string_view word) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (word.empty() || word.size() > kForm.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if ((kForm[i] == '-') != (word[i] == '-')) return false;
  return word.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

}  // namespace provrun::app
