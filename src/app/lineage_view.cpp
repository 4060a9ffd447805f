#include "provrun/app/lineage_view.hpp"

#include <algorithm>

#include "provrun/app/keyed_ids.hpp"
#include "provrun/app/run_names.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/catalog/catalog_edges.hpp"
#include "provrun/db/transaction.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

namespace {

// The path as records have it: relative to the workspace when it lies inside.
std::string asked_path(const std::string& path) {
  const auto full = os::absolute_path(path);
  if (const auto workspace = Workspace::find_upwards(os::current_directory()))
    if (full.starts_with(workspace->root() + "/")) return full.substr(workspace->root().size() + 1);
  return os::normalize_path(path);
}

core::ContentId content_of(const std::string& path) {
  const auto file = os::open_for_reading(path);
  std::vector<std::uint8_t> buffer(1 << 20);
  hash::Sha256 hasher;
  while (const auto n = os::read_some(file, buffer, path))
    hasher.update(std::span(buffer.data(), n));
  return core::ContentId{hasher.finish()};
}

// What the run rests on, when the name is the beginning of a run's id.
std::vector<lineage::Node> nodes_of_run(Archive& archive, lineage::EdgeSource& edges,
                                        const std::string& name) {
  std::vector<lineage::Node> nodes;
  try {
    for (const auto execution : edges.executions_of_run(archive.catalog().find_run(name).id))
      nodes.emplace_back(execution);
  } catch (const base::Error& error) {
    // What several runs' ids begin with means one of them; another word may mean anything.
    if (error.code() != base::ErrorCode::not_found &&
        (begins_run_id(name) || error.code() != base::ErrorCode::invalid_input))
      throw;
  }
  return nodes;
}

std::vector<lineage::Node> find_start(Archive& archive, lineage::EdgeSource& edges,
                                      const std::string& name) {
  const auto stat = os::stat_file(name);
  const auto path = asked_path(name);
  if (stat && stat->type == os::FileType::regular) {
    const auto content = content_of(name);
    if (const auto version = lineage::find_version(edges, path, content)) return {*version};
    if (const auto keyed = KeyedIds::here(); keyed.has_key())
      if (const auto version = lineage::find_version(edges, path, keyed.of(content)))
        return {*version};
  }
  if (name.starts_with("latest") || name.starts_with('@')) {
    std::vector<lineage::Node> nodes;
    for (const auto execution : edges.executions_of_run(archive.catalog().find_run(name).id))
      nodes.emplace_back(execution);
    return nodes;
  }
  if (path != name) try {
      return lineage::find_start(edges, name);
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::not_found) throw;
    }
  try {
    return lineage::find_start(edges, path);
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::not_found) throw;
    if (auto nodes = nodes_of_run(archive, edges, name); !nodes.empty()) return nodes;
    throw;
  }
}

}  // namespace

std::vector<FileVersion> file_versions(Archive& archive, const std::string& path) {
  db::Transaction view(archive.catalog_database(), db::Transaction::Kind::read);
  catalog::CatalogEdges edges(archive.catalog_database());
  std::vector<FileVersion> versions;
  auto numbers = edges.versions_of_path(asked_path(path));
  if (numbers.empty())
    if (const auto content = lineage::find_content(edges, path))
      numbers = edges.versions_of_content(*content);
  std::reverse(numbers.begin(), numbers.end());
  for (const auto number : numbers) {
    const auto facts = edges.version(number);
    FileVersion version{facts.path, facts.content, facts.size, std::nullopt, {}, {}};
    const auto generators = edges.generators(number);
    if (!generators.empty()) {
      const auto maker = edges.execution(generators.back().execution);
      version.execution = maker.id;
      version.step = maker.step;
      version.run = maker.run.to_string();
    }
    versions.push_back(std::move(version));
  }
  return versions;
}

bool walk_lineage(Archive& archive, LineageQuestion question, const std::string& x,
                  const lineage::WalkOptions& options, const lineage::EdgeSink& sink) {
  db::Transaction view(archive.catalog_database(), db::Transaction::Kind::read);
  catalog::CatalogEdges edges(archive.catalog_database());
  return lineage::walk(
      edges, find_start(archive, edges, x),
      question == LineageQuestion::up ? lineage::Direction::up : lineage::Direction::down, options,
      sink);
}

std::vector<lineage::Edge> lineage_path(Archive& archive, const std::string& x,
                                        const std::string& y) {
  db::Transaction view(archive.catalog_database(), db::Transaction::Kind::read);
  catalog::CatalogEdges edges(archive.catalog_database());
  return lineage::path(edges, find_start(archive, edges, x), find_start(archive, edges, y));
}

}  // namespace provrun::app
