#include "observed_redactor.hpp"

#include <algorithm>
#include <set>

namespace provrun::app {

namespace {

// Whether none of the texts has a secret: asked of all at once, since nearly always that is so.
template <typename Texts, typename TextOf>
bool all_clean(const policy::Redactor& redactor, const Texts& texts, const TextOf& text_of) {
  std::string all;
  for (const auto& text : texts) {
    all += text_of(text);
    all += '\n';
  }
  return all.empty() || redactor.redact(all).count == 0;
}

bool all_clean(const policy::Redactor& redactor, const std::vector<std::string>& texts) {
  return all_clean(redactor, texts,
                   [](const std::string& text) -> const std::string& { return text; });
}

bool all_clean(const policy::Redactor& redactor, const std::vector<core::Access>& accesses) {
  return all_clean(redactor, accesses,
                   [](const core::Access& access) -> const std::string& { return access.path; });
}

}  // namespace

bool ObservedRedactor::redact_path(core::Access& access) const {
  auto redacted = redactor_.redact(access.path);
  if (redacted.count == 0) return false;
  access.path = std::move(redacted.text);
  access.before = core::Presence::unknown;
  access.content.reset();
  return true;
}

core::AccessSetPtr ObservedRedactor::redacted(const core::AccessSetPtr& set) const {
  if (all_clean(redactor_, set->accesses)) return set;
  auto accesses = set->accesses;
  bool changed = false;
  for (auto& access : accesses) changed = redact_path(access) || changed;
  if (!changed) return set;
  return std::make_shared<const core::AccessSet>(
      core::parse_access_set(core::text_of(set->path_class, accesses)));
}

void ObservedRedactor::redact_artifacts(core::Execution& execution) const {
  const auto erase = [&](std::vector<core::Artifact>& files,
                         const std::vector<std::string>& undeclared) {
    if (all_clean(redactor_, undeclared)) return;
    std::set<std::string_view> secret;
    for (const auto& path : undeclared)
      if (redactor_.redact(path).count > 0) secret.insert(path);
    if (!secret.empty())
      std::erase_if(files, [&](const auto& one) { return secret.contains(one.path); });
  };
  erase(execution.inputs, execution.observed.undeclared_inputs);
  erase(execution.outputs, execution.observed.undeclared_outputs);
}

void ObservedRedactor::redact(core::Execution& execution) {
  redact_artifacts(execution);
  auto& observed = execution.observed;
  if (!all_clean(redactor_, observed.accesses))
    for (auto& access : observed.accesses) redact_path(access);
  for (std::size_t i = 0; i < observed.bodies.size(); ++i) {
    auto& clean = sets_[observed.access_sets[i]];
    if (!clean) clean = redacted(observed.bodies[i]);
    observed.access_sets[i] = clean->id;
    observed.bodies[i] = clean;
  }
  for (auto* list : {&observed.network, &observed.undeclared_inputs, &observed.undeclared_outputs})
    if (!all_clean(redactor_, *list))
      for (auto& text : *list) text = redactor_.redact(text).text;
  if (observed.search_path) observed.search_path = redactor_.redact(*observed.search_path).text;
  for (auto& process : observed.processes) process.program = redactor_.redact(process.program).text;
}

}  // namespace provrun::app
