#include <algorithm>

#include "execution_json.hpp"
#include "provrun/base/error.hpp"

// Inputs that the accesses of an execution tell are not written a second time: of each there would
// be its path twice and a content id, in every run again.
namespace provrun::core {

using codec::Json;

namespace {

// Fewer are written out: who reads a record with another program has them at hand.
constexpr std::size_t kWrittenOut = 16;

bool has_path(const std::vector<Artifact>& sorted, std::string_view path) {
  const auto at = std::lower_bound(
      sorted.begin(), sorted.end(), path,
      [](const Artifact& artifact, std::string_view p) { return artifact.path < p; });
  return at != sorted.end() && at->path == path;
}

std::vector<Artifact> by_path(std::vector<Artifact> artifacts) {
  std::sort(artifacts.begin(), artifacts.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return artifacts;
}

// Files of the workspace or outside of it whose bytes were used, but for those that the execution
// has as declared inputs, or has made itself. Sorted by path.
std::vector<Artifact> inputs_of_accesses(const std::vector<Artifact>& declared,
                                         const std::vector<Artifact>& outputs,
                                         const std::vector<Access>& own,
                                         const std::vector<AccessSetPtr>& sets) {
  const auto known = by_path(declared);
  const auto made = by_path(outputs);
  std::vector<Artifact> inputs;
  const auto add = [&](const std::vector<Access>& accesses) {
    for (const auto& access : accesses) {
      if (access.before != Presence::file || !access.content ||
          !(access.uses.has(Use::read) || access.uses.has(Use::execute)))
        continue;
      const bool changes = access.uses.has(Use::write) || access.uses.has(Use::create) ||
                           access.uses.has(Use::remove);
      if (has_path(known, access.path) || (changes && has_path(made, access.path))) continue;
      inputs.push_back({access.path, *access.content, access.size, access.mode});
    }
  };
  add(own);
  for (const auto& set : sets)
    if (set->path_class == PathClass::workspace || set->path_class == PathClass::outside)
      add(set->accesses);
  const auto less = [](const auto& a, const auto& b) { return a.path < b.path; };
  if (!std::is_sorted(inputs.begin(), inputs.end(), less))
    std::stable_sort(inputs.begin(), inputs.end(), less);
  return inputs;
}

// How many of the inputs, at their end, are what the accesses tell; 0 where that is not exactly so.
std::size_t inputs_told(const Execution& execution) {
  const auto& observed = execution.observed;
  const auto count = observed.undeclared_inputs.size();
  const auto& inputs = execution.inputs;
  if (count <= kWrittenOut || count > inputs.size() ||
      observed.bodies.size() != observed.access_sets.size())
    return 0;
  const auto first = inputs.end() - static_cast<std::ptrdiff_t>(count);
  const auto told = inputs_of_accesses({inputs.begin(), first}, execution.outputs,
                                       observed.accesses, observed.bodies);
  const bool same =
      std::equal(told.begin(), told.end(), first, inputs.end()) &&
      std::equal(told.begin(), told.end(), observed.undeclared_inputs.begin(),
                 observed.undeclared_inputs.end(),
                 [](const auto& artifact, const auto& path) { return artifact.path == path; });
  return same ? count : 0;
}

}  // namespace

Json to_stored_json(const Execution& execution) {
  return execution_json(execution, inputs_told(execution));
}

Execution execution_from_stored_json(const Json& json,
                                     const std::function<AccessSetPtr(const ContentId&)>& set_of) {
  auto execution = execution_from_json(json);
  const auto* observation = json.find("observation");
  const auto told = observation != nullptr ? observation->get_integer(kInputsLeftOut) : 0;
  if (told == 0) return execution;
  auto& observed = execution.observed;
  std::vector<AccessSetPtr> sets;
  for (const auto& id : observed.access_sets) {
    sets.push_back(set_of(id));
    if (!sets.back())
      throw base::Error(base::ErrorCode::corruption,
                        "the accesses of " + execution.step + " are not there");
  }
  auto inputs = inputs_of_accesses(execution.inputs, execution.outputs, observed.accesses, sets);
  if (inputs.size() != static_cast<std::uint64_t>(told))
    throw base::Error(base::ErrorCode::corruption,
                      "the accesses of " + execution.step + " do not tell its inputs");
  for (auto& input : inputs) {
    observed.undeclared_inputs.push_back(input.path);
    execution.inputs.push_back(std::move(input));
  }
  return execution;
}

}  // namespace provrun::core
