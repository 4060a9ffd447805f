#include "temporary_files.hpp"

#include <algorithm>
#include <utility>

#include "output_rules.hpp"
#include "provrun/base/error.hpp"

namespace provrun::engine {

using pipeline::index_of;
using pipeline::InstanceId;
using pipeline::PathId;

void TemporaryFiles::join(const std::vector<InstanceId>& joining, bool more_to_come) {
  is_holding_ = more_to_come;
  if (counted_ == 0) {
    const auto steps = graph_.workflow().steps();
    any_ = std::any_of(steps.begin(), steps.end(), [](const auto& step) {
      return std::any_of(step.outputs.begin(), step.outputs.end(),
                         [](const auto& output) { return output.temp; });
    });
  }
  if (!any_) return;
  const auto count = graph_.instance_count();
  selected_.resize(count);
  for (const auto id : joining) selected_[index_of(id)] = true;
  for (auto i = counted_; i < count; ++i)
    for (OutputWalk walk(graph_, pipeline::Graph::instance(i)); walk.next();)
      if (walk.rules().temp) readers_.emplace(static_cast<std::uint32_t>(walk.path()), 0);
  for (std::size_t i = 0; i < count; ++i)
    for (const auto& discovery : graph_.discoveries(pipeline::Graph::instance(i)))
      if (graph_.step(discovery.by).outputs[discovery.output].temp)
        for (const auto file : discovery.files)
          readers_.emplace(static_cast<std::uint32_t>(file), 0);
  const auto count_reads = [&](InstanceId id) {
    const auto declared = graph_.inputs(id);
    auto others = ports_.dependencies.temporary_reads(id);
    std::erase_if(others, [&](PathId path) {
      return std::find(declared.begin(), declared.end(), path) != declared.end();
    });
    if (!others.empty())
      undeclared_.emplace(static_cast<std::uint32_t>(index_of(id)), std::move(others));
    each_read(id, [&](PathId path, std::uint32_t& readers) {
      ++readers;
      if (!selected_[index_of(id)]) stays_.insert(static_cast<std::uint32_t>(path));
    });
  };
  for (auto i = counted_; i < count; ++i) count_reads(pipeline::Graph::instance(i));
  counted_ = count;
}

void TemporaryFiles::let_go() {
  is_holding_ = false;
  for (auto& [path, inputs] : std::exchange(held_, {}))
    if (readers_.at(path) == 0) remove(static_cast<PathId>(path), inputs);
}

// Each temporary file that the instance reads, with how many readers are not done.
template <class Use>
void TemporaryFiles::each_read(InstanceId id, Use use) {
  if (readers_.empty()) return;
  const auto visit = [&](PathId path) {
    const auto found = readers_.find(static_cast<std::uint32_t>(path));
    if (found != readers_.end()) use(path, found->second);
  };
  for (const auto path : graph_.inputs(id)) visit(path);
  if (undeclared_.empty()) return;
  if (const auto found = undeclared_.find(static_cast<std::uint32_t>(index_of(id)));
      found != undeclared_.end())
    for (const auto path : found->second) visit(path);
}

void TemporaryFiles::done_reading(InstanceId id, const std::vector<core::Artifact>& inputs) {
  each_read(id, [&](PathId path, std::uint32_t& readers) {
    if (readers == 0 || --readers > 0) return;
    const auto number = static_cast<std::uint32_t>(path);
    if (stays_.contains(number)) return;
    if (is_holding_)
      held_.emplace(number, inputs);
    else
      remove(path, inputs);
  });
}

void TemporaryFiles::reads_again(InstanceId id) {
  each_read(id, [](PathId, std::uint32_t& readers) { ++readers; });
}

void TemporaryFiles::remove(PathId path, const std::vector<core::Artifact>& inputs) {
  const std::string name(graph_.path(path));
  if (ports_.files.look(name, core::Look::presence).presence == core::Presence::absent) return;
  std::vector<core::Artifact> known;
  for (const auto& input : inputs)
    if (input.path == name) known.push_back(input);
  if (const auto* made = last_made(path)) known.push_back(*made);
  if (!known.empty()) ports_.log.removing(known.front());
  ports_.files.prepare_output(name, core::PathKind::file, known);
}

const core::Artifact* TemporaryFiles::last_made(PathId path) {
  const auto maker = graph_.producer(path);
  const auto* last = maker ? ports_.history.last(std::string(graph_.name(*maker))) : nullptr;
  if (last == nullptr) return nullptr;
  const auto name = graph_.path(path);
  const auto made = std::find_if(last->outputs.begin(), last->outputs.end(),
                                 [&](const auto& output) { return output.path == name; });
  return made != last->outputs.end() ? &*made : nullptr;
}

bool TemporaryFiles::restore(PathId path) {
  const auto* made = last_made(path);
  if (made == nullptr) return false;
  const auto& maker = *ports_.history.last(std::string(graph_.name(*graph_.producer(path))));
  const auto has_it = [&](const core::StoredResult& result) {
    return std::any_of(result.outputs.begin(), result.outputs.end(), [&](const auto& output) {
      return output.path == made->path && output.content == made->content;
    });
  };
  try {
    if (!ports_.results.find(maker.step_key, has_it)) return false;
    ports_.results.restore(*made);
    return ports_.files.identify(made->path, core::PathKind::file).has_value();
  } catch (const base::Error& error) {
    // Damaged or gone: it can be made. A full disk, a repository out of reach: not by this.
    if (error.code() == base::ErrorCode::corruption || error.code() == base::ErrorCode::not_found)
      return false;
    throw;
  }
}

}  // namespace provrun::engine
