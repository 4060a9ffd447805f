#include "output_rules.hpp"

#include <algorithm>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::engine {

namespace {

const pipeline::OutputDeclaration kNoRules;

}  // namespace

bool updates_in_place(const pipeline::Graph& graph, pipeline::InstanceId id,
                      pipeline::PathId path) {
  if (graph.producer(path) != id) return false;
  const auto inputs = graph.inputs(id);
  return std::find(inputs.begin(), inputs.end(), path) != inputs.end();
}

bool OutputWalk::next() {
  if (at_ == paths_.size()) return false;
  ++at_;
  while (declaration_ < declarations_.size() &&
         in_it_ == declarations_[declaration_].paths.size()) {
    ++declaration_;
    in_it_ = 0;
  }
  const bool is_declared = declaration_ < declarations_.size();
  rules_ = is_declared ? &declarations_[declaration_] : &kNoRules;
  if (is_declared) ++in_it_;
  return true;
}

const pipeline::OutputDeclaration& rules_of(const pipeline::Graph& graph, pipeline::InstanceId id,
                                            pipeline::PathId path) {
  const auto* declaration = graph.output_declaration(id, path);
  return declaration != nullptr ? *declaration : kNoRules;
}

std::string ensure_problem(const pipeline::OutputDeclaration& rules, const core::PathState& state,
                           const std::string& path) {
  if (rules.non_empty && std::all_of(state.files.begin(), state.files.end(),
                                     [](const auto& file) { return file.size == 0; }))
    return base::format("made an empty {}, and 'ensure' wants it non-empty", base::printable(path));
  if (rules.sha256 && state.content.digest != *rules.sha256)
    return base::format("made {} with sha256 {}, and 'ensure' wants {}", base::printable(path),
                        state.content.digest.to_hex(), rules.sha256->to_hex());
  return {};
}

}  // namespace provrun::engine
