#include "pattern.hpp"

#include <optional>
#include <vector>

#include "glob.hpp"
#include "provrun/base/text.hpp"
#include "provrun/snapshot/restorer.hpp"

namespace provrun::snapshot {

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

std::vector<std::string_view> components(std::string_view path) {
  auto parts = base::split(path, '/');
  std::erase_if(parts, [](auto part) { return part.empty() || part == "."; });
  return parts;
}

namespace {

// "[a-c]", "[!x]" at the front of the pattern: whether it takes the character, and its length.
// nullopt when the bracket is not closed, and then it is an ordinary character.
std::optional<std::pair<bool, std::size_t>> match_bracket(std::string_view pattern,
                                                          unsigned char c) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (const auto first = i; i < pattern.size(); ++i) {
    if (pattern[i] == ']' && i > first) return std::pair(found != negated, i + 1);
    const auto low = static_cast<unsigned char>(pattern[i]);
    auto high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = static_cast<unsigned char>(pattern[i + 2]);
      i += 2;
    }
    found = found || (low <= c && c <= high);
  }
  return std::nullopt;
}

}  // namespace

// One component; linear for each "*", because only the last one is ever gone back to.
bool match_component(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::optional<std::pair<std::size_t, std::size_t>> star;  // after it, and where it stopped
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = {++p, n};
      continue;
    }
    std::size_t step = 0;
    if (p < pattern.size()) {
      const auto bracket =
          pattern[p] == '[' ? match_bracket(pattern.substr(p), static_cast<unsigned char>(name[n]))
                            : std::nullopt;
      if (pattern[p] == '\\' && p + 1 < pattern.size()) {
        step = pattern[p + 1] == name[n] ? 2 : 0;  // the next character is meant as it is
      } else if (bracket) {
        step = bracket->first ? bracket->second : 0;
      } else if (pattern[p] == '?' || pattern[p] == name[n]) {
        step = 1;
      }
    }
    if (step > 0) {
      p += step;
      ++n;
    } else if (star) {
      p = star->first;
      n = ++star->second;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

namespace {

// Which lengths of the path the pattern takes; one row for each of its components.
std::vector<bool> match_components(const std::vector<std::string_view>& pattern,
                                   const std::vector<std::string_view>& path) {
  std::vector<bool> taken(path.size() + 1, false);
  taken[0] = true;
  for (const auto part : pattern) {
    std::vector<bool> next(path.size() + 1, false);
    for (std::size_t i = 0; i <= path.size(); ++i) {
      if (part == "**") {
        next[i] = taken[i] || (i > 0 && next[i - 1]);
      } else if (i > 0 && taken[i - 1]) {
        next[i] = has_wildcard(part) ? match_component(part, path[i - 1]) : part == path[i - 1];
      }
    }
    taken = std::move(next);
  }
  return taken;
}

}  // namespace

bool pattern_selects(std::string_view pattern, std::string_view path) {
  for (const bool whole : match_components(components(pattern), components(path)))
    if (whole) return true;
  return false;
}

bool pattern_takes_path(std::string_view pattern, std::string_view path) {
  return match_components(components(pattern), components(path)).back();
}

bool pattern_takes_name(std::string_view pattern, std::string_view name) {
  return match_component(pattern, name);
}

}  // namespace provrun::snapshot
