#include "provrun/lineage/memory_edges.hpp"

#include "provrun/base/error.hpp"
#include "support/edge_source_conformance.hpp"

using namespace provrun;

TEST_CASE("the graph in memory answers lineage queries") {
  conformance::check_edge_source([](const std::vector<conformance::RecordedRun>& runs) {
    auto source = std::make_unique<lineage::MemoryEdges>();
    for (const auto& run : runs) source->add(run.record.id, run.executions);
    return source;
  });
}

TEST_CASE("a number that the graph did not give is a defect") {
  lineage::MemoryEdges source;
  CHECK_THROWS_AS(source.version({1}), base::Error);
  CHECK_THROWS_AS(source.used({0}), base::Error);
}
