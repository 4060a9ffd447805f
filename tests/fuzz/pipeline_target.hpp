#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "provrun/pipeline/graph.hpp"
#include "support/memory_sources.hpp"

/// Feeds bytes to the pipeline room as a pipeline file. Whatever they are, they are accepted or
/// refused with base::Error; a graph that comes out of them must be consistent. Aborts otherwise.
inline void feed_pipeline(std::string_view bytes) {
  using namespace provrun;
  using namespace provrun::pipeline;
  MemorySources sources;
  sources.files = {{"samples.csv", "id,site\na,x\nb,y\n"},
                   {"params.yaml", "alpha: 0.05\nsites: [a, b]\n"},
                   {"raw/x.csv", ""}};
  const auto require = [](bool good) {
    if (!good) std::abort();
  };
  try {
    const auto workflow = load_workflow(bytes, "fuzz.yaml", sources);
    workflow.configuration().dump();
    const auto graph = expand(workflow);
    for (std::size_t i = 0; i < graph.instance_count(); ++i) {
      const auto id = Graph::instance(i);
      require(graph.find_instance(graph.name(id)) == id);
      for (const auto before : graph.predecessors(id)) require(before < id);
      for (const auto path : graph.outputs(id)) require(graph.producer(path) == id);
      for (const auto path : graph.inputs(id)) require(graph.find_path(graph.path(path)) == path);
      if (i < 100) graph.invocation(id);
    }
    require(select(graph, {}).instances.size() <= graph.instance_count());
  } catch (const base::Error& error) {
    require(!error.message().empty());
  }
}
