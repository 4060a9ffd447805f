#include "adoption.hpp"

#include <algorithm>
#include <map>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/file.hpp"
#include "provrun/pipeline/adopt.hpp"

namespace provrun::app {

namespace {

void keep_common(std::vector<std::string>& paths, const std::vector<std::string>& others) {
  std::erase_if(paths, [&](const auto& path) {
    return std::find(others.begin(), others.end(), path) == others.end();
  });
}

// What all instances that ran have in common: one line of the pipeline stands for them all.
std::map<pipeline::StepId, pipeline::Adoption> adoptions(
    const pipeline::Graph& graph, const std::vector<engine::Undeclared>& found) {
  std::map<pipeline::StepId, pipeline::Adoption> steps;
  for (const auto& one : found) {
    const auto [at, fresh] = steps.try_emplace(graph.step_id(one.id));
    auto& adoption = at->second;
    if (fresh) {
      adoption = {graph.step(one.id).name, one.inputs, one.outputs};
    } else {
      keep_common(adoption.inputs, one.inputs);
      keep_common(adoption.outputs, one.outputs);
    }
  }
  return steps;
}

bool declares(const pipeline::Graph& graph, pipeline::InstanceId id,
              const pipeline::Adoption& adoption) {
  const auto has = [&](auto paths, const std::string& wanted) {
    return std::any_of(paths.begin(), paths.end(),
                       [&](auto path) { return graph.path(path) == wanted; });
  };
  return std::all_of(adoption.inputs.begin(), adoption.inputs.end(),
                     [&](const auto& path) { return has(graph.inputs(id), path); }) &&
         std::all_of(adoption.outputs.begin(), adoption.outputs.end(),
                     [&](const auto& path) { return has(graph.outputs(id), path); });
}

std::string told(const pipeline::Adoption& adoption) {
  std::string text;
  if (!adoption.inputs.empty()) text = "inputs " + base::join(adoption.inputs, ", ");
  if (!adoption.outputs.empty())
    text += (text.empty() ? "" : " and ") + ("outputs " + base::join(adoption.outputs, ", "));
  return text;
}

std::string_view text_of(const LoadedPipeline& loaded, const std::string& file) {
  for (const auto& part : loaded.workflow->included())
    if (part.file->file == file) return loaded.workflow->text(part.text);
  return loaded.text;
}

}  // namespace

void adopt_undeclared(const LoadedPipeline& loaded, const std::vector<engine::Undeclared>& found,
                      const std::vector<pipeline::Override>& overrides,
                      const std::function<void(const std::string&)>& notice) {
  std::map<std::string, std::string> texts;  // changed ones, by the file's name
  for (auto& [step_id, adoption] : adoptions(*loaded.graph, found)) {
    const auto& step = loaded.workflow->step(step_id);
    const auto& file = step.included ? step.included->file : loaded.file_name;
    std::vector<std::string> odd;
    for (auto* list : {&adoption.inputs, &adoption.outputs})
      std::erase_if(*list, [&](const auto& name) {
        if (pipeline::can_be_adopted(name)) return false;
        odd.push_back(base::printable(name));
        return true;
      });
    if (!odd.empty())
      notice(base::format("{}: cannot adopt {}: write it into the pipeline yourself", adoption.step,
                          base::join(odd, ", ")));
    if (adoption.inputs.empty() && adoption.outputs.empty()) continue;
    try {
      const auto before = with_texts(loaded, texts, overrides);
      const auto place = before.workflow->step(step_id).place;
      auto seen_from_there = adoption;
      for (auto* list : {&seen_from_there.inputs, &seen_from_there.outputs})
        for (auto& path : *list) path = pipeline::path_in_folder(path, step.folder());
      auto fresh = pipeline::adopt(before.workflow->text(place.file),
                                   before.workflow->position(place).line, seen_from_there);
      if (!fresh)
        throw base::Error(base::ErrorCode::unsupported, "the step is laid out in its own way");
      auto with_fresh = texts;
      with_fresh.insert_or_assign(file, std::move(*fresh));
      const auto after = with_texts(loaded, with_fresh, overrides);
      const auto instances = after.graph->instances_of(step_id);
      if (!std::all_of(instances.begin(), instances.end(), [&, &wanted = adoption](auto id) {
            return declares(*after.graph, id, wanted);
          }))
        throw base::Error(base::ErrorCode::unsupported, "the step is laid out in its own way");
      texts = std::move(with_fresh);
      notice(base::format("{}: adopted {} into {}", adoption.step, told(adoption),
                          base::printable(file)));
    } catch (const base::Error& error) {
      notice(
          base::format("{}: did not adopt {}: {}", adoption.step, told(adoption), error.message()));
    }
  }
  for (const auto& [file, text] : texts) {
    const auto path = os::join_path(loaded.directory, file);
    if (os::read_file(path, pipeline::kMaxDocumentBytes) != text_of(loaded, file)) {
      notice(base::format("{} was edited meanwhile; nothing was adopted", base::printable(file)));
      continue;
    }
    const auto stat = os::stat_file(path);
    os::write_file_atomically(path, text, os::Durability::synced,
                              stat ? stat->mode : std::uint32_t{0644});
  }
}

}  // namespace provrun::app
