#include "provrun/catalog/catalog_edges.hpp"

#include <algorithm>

#include "provrun/catalog/catalog.hpp"
#include "provrun/catalog/state_file.hpp"
#include "support/edge_source_conformance.hpp"

using namespace provrun;

namespace {

class CatalogSource final : public lineage::EdgeSource {
 public:
  explicit CatalogSource(const std::vector<conformance::RecordedRun>& runs)
      : database_(catalog::memory_state()) {
    catalog::Catalog index(database_);
    for (const auto& run : runs)
      REQUIRE(
          index.add_run(run.record, "snapshot of " + run.record.id.to_string(), run.executions));
    edges_ = std::make_unique<catalog::CatalogEdges>(database_);
  }
  std::vector<lineage::VersionLink> used(lineage::ExecutionNumber n) override {
    return edges_->used(n);
  }
  std::vector<lineage::VersionLink> generated(lineage::ExecutionNumber n) override {
    return edges_->generated(n);
  }
  std::vector<lineage::ExecutionLink> generators(lineage::VersionNumber n) override {
    return edges_->generators(n);
  }
  std::vector<lineage::ExecutionLink> users(lineage::VersionNumber n) override {
    return edges_->users(n);
  }
  std::vector<lineage::ExecutionNumber> reuses(lineage::ExecutionNumber n) override {
    return edges_->reuses(n);
  }
  lineage::ExecutionFacts execution(lineage::ExecutionNumber n) override {
    return edges_->execution(n);
  }
  lineage::VersionFacts version(lineage::VersionNumber n) override { return edges_->version(n); }
  std::vector<lineage::VersionNumber> versions_of_path(std::string_view path) override {
    return edges_->versions_of_path(path);
  }
  std::vector<lineage::VersionNumber> versions_of_content(const core::ContentId& content) override {
    return edges_->versions_of_content(content);
  }
  std::vector<core::ContentId> contents_beginning(std::string_view hex) override {
    return edges_->contents_beginning(hex);
  }
  std::optional<lineage::ExecutionNumber> find_execution(const core::ExecutionId& id) override {
    return edges_->find_execution(id);
  }
  std::vector<lineage::ExecutionNumber> executions_of_run(const core::RunId& run) override {
    return edges_->executions_of_run(run);
  }
  std::vector<lineage::ExecutionNumber> last_executions(std::string_view step) override {
    return edges_->last_executions(step);
  }

 private:
  db::Database database_;
  std::unique_ptr<catalog::CatalogEdges> edges_;
};

}  // namespace

TEST_CASE("the catalog answers lineage queries") {
  conformance::check_edge_source([](const std::vector<conformance::RecordedRun>& runs) {
    return std::make_unique<CatalogSource>(runs);
  });
}

TEST_CASE("evidence is kept per edge") {
  auto database = catalog::memory_state();
  catalog::Catalog index(database);
  const std::vector executions{
      records::execution(1, "s", 1000, 1001, {{"a", "1"}, {"b", "2"}}, {{"c", "3"}})};
  index.add_run(records::run(1, 1000), "snap", executions,
                [](const core::Execution&, const core::Artifact& artifact) {
                  return artifact.path == "a"   ? lineage::Evidence::observed
                         : artifact.path == "c" ? lineage::Evidence::both
                                                : lineage::Evidence::declared;
                });
  catalog::CatalogEdges edges(database);
  const auto answer = lineage::up(edges, lineage::find_start(edges, "c"));
  REQUIRE(answer.edges.size() == 3);
  CHECK(lineage::name_of(answer.edges[0].evidence) == "both");
  CHECK(lineage::name_of(answer.edges[1].evidence) == "observed");
  CHECK(lineage::name_of(answer.edges[2].evidence) == "declared");
}

TEST_CASE("undeclared inputs by the thousand are edges like others, and are kept once") {
  auto database = catalog::memory_state();
  catalog::Catalog index(database);
  constexpr int kFiles = 2000;
  const auto execution = [&](std::uint8_t number, const std::string& changed) {
    records::Files inputs{{"declared", "d"}};
    for (int i = 0; i < kFiles; ++i) {
      const auto path = "/data/" + std::to_string(10000 + i);
      inputs.emplace_back(path, path == changed ? "new" : "x");
    }
    auto made = records::execution(number, "s", 1000 * number, 1000 * number + 1, inputs,
                                   {{"out", std::to_string(number)}});
    made.observed.mechanism = "notify";
    for (std::size_t i = 1; i < made.inputs.size(); ++i)
      made.observed.undeclared_inputs.push_back(made.inputs[i].path);
    return made;
  };
  const auto add = [&](std::uint8_t number, const std::string& changed) {
    const std::vector executions{execution(number, changed)};
    REQUIRE(index.add_run(records::run(number, 1000 * number),
                          std::string(64, static_cast<char>('0' + number)), executions));
  };
  const auto count = [&](const char* table) {
    return database.query_integer(std::string("SELECT count(*) FROM ") + table);
  };
  add(1, "");
  add(2, "");
  const auto sets = count("input_sets");
  CHECK(sets > 5);
  CHECK(count("input_set_versions") == kFiles);
  CHECK(count("used") == 2);
  add(3, "/data/10777");
  CHECK(count("input_sets") == sets + 1);
  CHECK(index.counts().edges == 3 * (kFiles + 2));

  catalog::CatalogEdges edges(database);
  const auto up = lineage::up(edges, lineage::find_start(edges, "out"));
  CHECK(up.edges.size() == kFiles + 2);
  const auto versions = edges.versions_of_path("/data/10777");
  REQUIRE(versions.size() == 2);
  CHECK(edges.users(versions[0]).size() == 2);
  CHECK(edges.users(versions[1]).size() == 1);
  CHECK(edges.users(versions[1])[0].evidence == lineage::Evidence::observed);
  const auto used = edges.used(edges.users(versions[1])[0].execution);
  CHECK(used.size() == kFiles + 1);
  CHECK(std::is_sorted(used.begin(), used.end(),
                       [](const auto& a, const auto& b) { return a.version < b.version; }));

  index.remove_run(records::run(3, 3000).id);
  CHECK(count("input_sets") == sets);
  CHECK(edges.users(versions[1]).empty());
  CHECK(edges.users(versions[0]).size() == 2);
  index.remove_run(records::run(1, 1000).id);
  CHECK(count("input_set_versions") == kFiles);
  index.remove_run(records::run(2, 2000).id);
  CHECK(count("input_set_versions") + count("used_sets") + count("used") == 0);
}
