#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/lineage/query.hpp"

namespace provrun::lineage {

namespace {

template <typename Number>
std::vector<Node> as_nodes(const std::vector<Number>& numbers) {
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
  if (const auto content = core::parse_content_id(name)) {
    auto nodes = as_nodes(source.versions_of_content(*content));
    if (!nodes.empty()) return nodes;
  }
  if (const auto uuid = base::parse_uuid(name)) {
    if (const auto execution = source.find_execution(core::ExecutionId{*uuid})) return {*execution};
    auto nodes = as_nodes(source.executions_of_run(core::RunId{*uuid}));
    if (!nodes.empty()) return nodes;
  }
  if (const auto hash = name.rfind('#'); hash != std::string_view::npos) {
    if (const auto content = core::parse_content_id(name.substr(hash + 1)))
      if (const auto version = find_version(source, name.substr(0, hash), *content))
        return {*version};
  }
  if (const auto versions = source.versions_of_path(name); !versions.empty())
    return {versions.back()};
  if (auto nodes = as_nodes(source.last_executions(name)); !nodes.empty()) return nodes;
  throw base::Error(base::ErrorCode::not_found,
                    base::format("nothing recorded is called '{}'", base::printable(name)))
      .hint("give a file, a content id (sha256:…), a run, an execution or a step");
}

}  // namespace provrun::lineage
