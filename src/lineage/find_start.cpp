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
  throw base::Error(base::ErrorCode::not_found,
                    base::format("no record knows '{}'", base::printable(name)))
      .hint("name a file that a run used or made, a step, a run, or a content id (sha256:…)");
}

}  // namespace provrun::lineage
