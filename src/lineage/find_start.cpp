#include <algorithm>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/lineage/query.hpp"

namespace provrun::lineage {

namespace {

template <typename Number>
std::vector<Node> nodes(const std::vector<Number>& numbers) {
  return {numbers.begin(), numbers.end()};
}

}  // namespace

std::optional<VersionNumber> find_version(EdgeSource& source, std::string_view path,
                                          const core::ContentId& content) {
  for (const auto number : source.versions_of_content(content))
    if (source.version(number).path == path) return number;
  return std::nullopt;
}

std::optional<core::ContentId> find_content(EdgeSource& source, std::string_view name) {
  if (const auto content = core::parse_content_id(name)) {
    if (source.versions_of_content(*content).empty()) return std::nullopt;
    return content;
  }
  constexpr std::string_view kPrefix = "sha256:";
  constexpr std::size_t kLeast = 4;
  auto hex = name;
  if (hex.starts_with(kPrefix)) hex.remove_prefix(kPrefix.size());
  const bool digits = std::all_of(hex.begin(), hex.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (!digits || hex.size() < kLeast) return std::nullopt;
  const auto found = source.contents_beginning(hex);
  if (found.empty()) return std::nullopt;
  if (found.size() > 1)
    throw base::Error(base::ErrorCode::conflict,
                      base::format("more than one content id begins with '{}'", hex))
        .hint("give more of its digits");
  return found.front();
}

std::vector<Node> find_start(EdgeSource& source, std::string_view name) {
  std::vector<Node> found;
  if (const auto content = core::parse_content_id(name)) {
    found = nodes(source.versions_of_content(*content));
  } else if (const auto uuid = base::parse_uuid(name)) {
    if (const auto execution = source.find_execution({*uuid})) return {*execution};
    found = nodes(source.executions_of_run({*uuid}));
  }
  if (!found.empty()) return found;
  if (const auto mark = name.rfind('#'); mark != std::string_view::npos) {
    if (const auto content = core::parse_content_id(name.substr(mark + 1)))
      if (const auto version = find_version(source, name.substr(0, mark), *content))
        return {*version};
  }
  if (const auto versions = source.versions_of_path(name); !versions.empty())
    return {versions.back()};
  found = nodes(source.last_executions(name));
  if (!found.empty()) return found;
  if (const auto content = find_content(source, name))
    return nodes(source.versions_of_content(*content));
  throw base::Error(base::ErrorCode::not_found,
                    base::format("no record knows '{}'", base::printable(name)))
      .hint("name a file that a run used or made, a step, a run, or a content id (sha256:…)");
}

}  // namespace provrun::lineage
