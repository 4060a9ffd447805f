#include "provrun/snapshot/exclude.hpp"

#include <algorithm>

#include "glob.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"

namespace provrun::snapshot {

namespace {

// The whole path, part by part: which of its lengths the pattern can have taken so far.
bool match_all(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  std::vector<bool> taken(path.size() + 1, false);
  taken[0] = true;
  for (const auto& part : pattern) {
    std::vector<bool> next(path.size() + 1, false);
    for (std::size_t i = 0; i <= path.size(); ++i) {
      if (part == "**") {
        next[i] = taken[i] || (i > 0 && next[i - 1]);
      } else if (i > 0 && taken[i - 1]) {
        next[i] = match_component(part, path[i - 1]);
      }
    }
    taken = std::move(next);
  }
  return taken.back();
}

}  // namespace

void ExcludeRules::add(std::string_view pattern, Style style) {
  Rule rule;
  auto text = pattern;
  if (text.starts_with('!')) {
    rule.negated = true;
    text.remove_prefix(1);
  }
  if (text.starts_with("\\!") || text.starts_with("\\#")) text.remove_prefix(1);
  if (text.ends_with('/')) {
    rule.directories = true;
    while (text.ends_with('/')) text.remove_suffix(1);
  }
  const bool rooted = text.starts_with('/');
  const auto parts = components(text);
  if (parts.empty())
    throw base::Error(base::ErrorCode::invalid_input,
                      "'" + base::printable(pattern) + "' is no pattern: it names nothing");
  const bool anchored = rooted || (style == Style::gitignore && parts.size() > 1);
  rule.name_only = !anchored && parts.size() == 1 && parts[0] != "**";
  if (!anchored && !rule.name_only) rule.parts.emplace_back("**");
  for (const auto part : parts) rule.parts.emplace_back(part);
  // "a/**" is all that is in a, not a itself.
  if (rule.parts.back() == "**" && rule.parts.size() > 1) rule.parts.emplace_back("*");
  rule.wildcard = rule.name_only && has_wildcard(parts[0]);
  rules_.push_back(std::move(rule));
}

void ExcludeRules::add_lines(std::string_view text, Style style) {
  for (auto line : base::split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    // Spaces at the end do not count unless the last is quoted, as in git.
    while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    if (line == "!" || line.find_first_not_of("/") == std::string_view::npos) continue;
    add(line, style);
  }
}

std::optional<bool> ExcludeRules::decide(std::string_view path, bool is_directory) const {
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  std::vector<std::string_view> parts;
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->directories && !is_directory) continue;
    bool fits = false;
    if (rule->name_only) {
      fits = rule->wildcard ? match_component(rule->parts[0], name) : rule->parts[0] == name;
    } else {
      if (parts.empty()) parts = components(path);
      fits = match_all(rule->parts, parts);
    }
    if (fits) return !rule->negated;
  }
  return std::nullopt;
}

}  // namespace provrun::snapshot
