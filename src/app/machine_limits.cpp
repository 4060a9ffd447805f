#include "machine_limits.hpp"

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

namespace {

// Of a cluster nobody here knows how much there is.
constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 62U;

std::uint64_t count_gpus() {
  std::uint64_t count = 0;
  for (; os::stat_file(base::format("/dev/nvidia{}", count)); ++count) {
  }
  if (count > 0 || !os::stat_file("/dev/dri")) return count;
  for (const auto& entry : os::list_directory("/dev/dri"))
    count += entry.name.starts_with("renderD") ? 1 : 0;
  return count;
}

}  // namespace

engine::Limits limits_of_run(const pipeline::Graph& graph,
                             const std::vector<pipeline::InstanceId>& selection,
                             const engine::Limits& given, bool here) {
  engine::Limits limits{{"memory", os::available_memory()}, {"gpu", count_gpus()}};
  if (!here) limits = {{"memory", kUnlimited}, {"gpu", kUnlimited}};
  for (const auto& pool : graph.workflow().pools()) limits[pool.name] = pool.limit;
  std::vector<std::string> names;
  for (const auto& [name, limit] : limits) names.push_back(name);
  for (const auto& [name, limit] : given) {
    if (!limits.contains(name)) {
      const auto nearest = base::nearest(name, names);
      throw base::Error(base::ErrorCode::not_found,
                        base::format("there is no resource '{}' to limit", base::printable(name)))
          .hint(nearest ? base::format("did you mean '{}'?", *nearest)
                        : "known here: " + base::join(names, ", "));
    }
    limits[name] = limit;
  }
  std::vector<bool> checked(graph.workflow().steps().size());
  for (const auto id : selection) {
    const auto step = pipeline::index_of(graph.step_id(id));
    if (checked[step]) continue;
    checked[step] = true;
    for (const auto& demand : graph.step(id).resources.demands) {
      const auto found = limits.find(demand.name);
      if (demand.amount == 0 || found == limits.end() || found->second > 0) continue;
      throw base::Error(base::ErrorCode::invalid_input,
                        base::format("step '{}' takes {} {}, and there is none here",
                                     graph.step(id).name, demand.amount, demand.name))
          .at(graph.workflow().position(graph.step(id).place))
          .hint(base::format("if there is, say how much: --resources {}=N", demand.name));
    }
  }
  return limits;
}

}  // namespace provrun::app
