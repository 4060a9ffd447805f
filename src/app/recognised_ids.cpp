#include "provrun/app/recognised_ids.hpp"

#include <algorithm>

#include "provrun/engine/step_key.hpp"

namespace provrun::app {

void RecognisedIds::restore(core::ContentId& content, const std::string& path) {
  if (!content.keyed) return;
  const auto now = content_now_(path);
  if (!now || !keyed_.same(content, *now)) return;
  content = *now;
  contents_.insert(content);
}

core::AccessSetPtr RecognisedIds::restore(core::AccessSetPtr set) {
  const auto is_keyed = [](const core::Access& access) {
    return access.content && access.content->keyed;
  };
  if (std::none_of(set->accesses.begin(), set->accesses.end(), is_keyed)) return set;
  auto accesses = set->accesses;
  for (auto& access : accesses)
    if (access.content) restore(*access.content, access.path);
  return std::make_shared<const core::AccessSet>(
      core::parse_access_set(core::text_of(set->path_class, accesses)));
}

void RecognisedIds::restore(core::Execution& execution) {
  for (auto* files : {&execution.inputs, &execution.outputs})
    for (auto& file : *files) restore(file.content, file.path);
  auto& observed = execution.observed;
  for (auto& access : observed.accesses)
    if (access.content) restore(*access.content, access.path);
  for (std::size_t i = 0; i < observed.bodies.size(); ++i) {
    auto& set = observed.bodies[i];
    if (!set) continue;
    set = restore(std::move(set));
    observed.access_sets[i] = set->id;
  }
  restore_key(execution);
}

// The step key is made anew even where a keyed hash is left: that of a file which the step has
// updated since is the only name that there is for what it was.
void RecognisedIds::restore_key(core::Execution& execution) {
  const auto* inputs = execution.key.is_null() ? nullptr : execution.key.find("inputs");
  if (inputs == nullptr) return;
  bool keyed = false;
  auto restored = codec::Json::array();
  for (auto input : inputs->as_array()) {
    if (auto content = core::parse_content_id(input.get_string("content"));
        content && content->keyed) {
      keyed = true;
      restore(*content, core::get_path(input));
      input.set("content", content->to_string());
    }
    restored.push_back(std::move(input));
  }
  if (!keyed) return;
  auto key = execution.key;
  key.set("inputs", std::move(restored));
  execution.step_key = engine::step_key(key);
  execution.key = std::move(key);
}

}  // namespace provrun::app
