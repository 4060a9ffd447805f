#include "glob_pattern.hpp"

#include <algorithm>

#include "template_compiler.hpp"

namespace provrun::pipeline {

namespace {

// Backtracking over several wildcards in one name is cubic and worse; no real name needs this many.
constexpr std::size_t kMaxSteps = 1'000'000;

}  // namespace

GlobPattern::GlobPattern(std::string_view text) {
  std::size_t at = 0;
  Part part;
  while (at < text.size()) {
    const auto match = find_template(text, at);
    const auto star = text.find('*', at);
    const auto next = std::min({match ? match->begin : text.size(), star, text.size()});
    part.literal += text.substr(at, next - at);
    wildcard_ += text.substr(at, next - at);
    if (next == text.size()) break;
    if (next == star) {
      at = next + 1;
    } else {
      at = match->end;
      if (match->escaped) {
        part.literal += text.substr(next + 1, at - next - 2);
        wildcard_ += text.substr(next + 1, at - next - 2);
        continue;
      }
      part.variable = variable_number(match->name);
    }
    wildcard_ += '*';
    parts_.push_back(std::move(part));
    part = Part();
  }
  part.last = true;
  parts_.push_back(std::move(part));
}

GlobPattern::GlobPattern(const std::vector<std::pair<std::string, std::string>>& parts) {
  for (const auto& [literal, next] : parts) {
    Part part{literal, -1, next.empty()};
    wildcard_ += literal;
    if (!next.empty()) wildcard_ += '*';
    if (!next.empty() && next != "*") part.variable = variable_number(next);
    parts_.push_back(std::move(part));
  }
}

int GlobPattern::variable_number(std::string_view name) {
  const auto found = std::find(variables_.begin(), variables_.end(), name);
  const auto number = static_cast<int>(found - variables_.begin());
  if (found == variables_.end()) variables_.emplace_back(name);
  return number;
}

bool GlobPattern::match_from(std::string_view path, std::size_t index,
                             std::vector<std::string_view>& values, std::size_t& steps) const {
  const auto& part = parts_[index];
  if (++steps > kMaxSteps || !path.starts_with(part.literal)) return false;
  path.remove_prefix(part.literal.size());
  if (part.last) return path.empty();
  const auto limit = std::min(path.find('/'), path.size());
  const auto variable = static_cast<std::size_t>(part.variable);
  const bool is_named = part.variable >= 0;
  const auto before = is_named ? values[variable] : std::string_view{};
  for (std::size_t n = is_named ? 1 : 0; n <= limit; ++n) {
    const auto value = path.substr(0, n);
    if (is_named && !before.empty() && before != value) continue;
    if (is_named) values[variable] = value;
    if (match_from(path.substr(n), index + 1, values, steps)) return true;
  }
  if (is_named) values[variable] = before;
  return false;
}

bool GlobPattern::match(std::string_view path, std::vector<std::string>& values) const {
  std::vector<std::string_view> views(variables_.size());
  std::size_t steps = 0;
  if (!match_from(path, 0, views, steps)) return false;
  values.assign(views.begin(), views.end());
  return true;
}

}  // namespace provrun::pipeline
