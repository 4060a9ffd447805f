#include "provrun/app/lint.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "provrun/app/pipeline_file.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::app {

namespace {

using pipeline::InstanceId;

class Linter {
 public:
  explicit Linter(const LoadedPipeline& loaded)
      : loaded_(loaded), workflow_(*loaded.workflow), graph_(*loaded.graph) {}

  std::vector<Finding> findings() {
    find_unused_parameters();
    find_dead_steps();
    find_unread_outputs();
    find_far_paths();
    std::stable_sort(findings_.begin(), findings_.end(), [](const auto& a, const auto& b) {
      const auto at = [](const Finding& finding) {
        return finding.place
                   ? std::tuple(finding.place->file, finding.place->line, finding.place->column)
                   : std::tuple(std::string(), 0, 0);
      };
      return at(a) < at(b);
    });
    return std::move(findings_);
  }

 private:
  void add(const char* rule, std::string message, std::string hint,
           std::optional<base::Position> place) {
    findings_.push_back({rule, std::move(message), std::move(hint), std::move(place)});
  }

  // Tables, `when` and `env` use parameters, too, and do not say which: what is written anywhere
  // counts as used.
  bool is_used(const std::string& name) const {
    for (const auto& step : workflow_.steps())
      for (const auto& [used, value] : step.parameters->as_object())
        if (used == name || used.starts_with(name + ".")) return true;
    if (is_written(name, loaded_.text)) return true;
    return std::any_of(
        workflow_.included().begin(), workflow_.included().end(),
        [&](const auto& part) { return is_written(name, workflow_.text(part.text)); });
  }

  static bool is_written(const std::string& name, std::string_view text) {
    const auto word = "params." + name;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      const auto end = at + word.size();
      const char next = end < text.size() ? text[end] : ' ';
      const bool goes_on = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') ||
                           (next >= '0' && next <= '9') || next == '_' || next == '-';
      if (!goes_on) return true;
    }
    return false;
  }

  void find_unused_parameters() {
    for (const auto& name : workflow_.parameters().names)
      if (!is_used(name))
        add("unused-parameter", base::format("no step uses the parameter '{}'", name),
            "it decides nothing: take it out, or list it under 'params' of the step it is for",
            std::nullopt);
    std::set<std::string> seen;
    for (const auto& part : workflow_.included()) {
      const auto& file = part.file->file;
      if (!seen.insert(file).second) continue;
      for (const auto& name : part.parameters)
        if (!is_used(name))
          add("unused-parameter", base::format("no step uses the parameter '{}'", name),
              "it decides nothing: take it out, or list it under 'params' of the step it is for",
              workflow_.position({part.text, 1, 1}));
    }
  }

  void find_dead_steps() {
    std::vector<bool> needed(graph_.instance_count(), workflow_.targets().empty());
    for (const auto& target : workflow_.targets()) {
      if (target.members.empty()) continue;
      for (const auto id : pipeline::select(graph_, {{target.name}}).instances)
        needed[pipeline::index_of(id)] = true;
    }
    for (std::size_t i = 0; i < workflow_.steps().size(); ++i) {
      const auto& step = workflow_.steps()[i];
      if (graph_.is_deferred(static_cast<pipeline::StepId>(i))) continue;
      const auto instances = graph_.instances_of(static_cast<pipeline::StepId>(i));
      const auto place = workflow_.position(step.place);
      if (instances.empty() && step.pattern)
        add("dead-step", base::format("nothing needs a file that step '{}' makes", step.name),
            "its instances are made on demand: name such a file under 'inputs' or 'targets'",
            place);
      else if (instances.empty())
        add("dead-step", base::format("step '{}' has no instances", step.name),
            "its table is empty, or its 'when' is false for every row", place);
      else if (std::none_of(instances.begin(), instances.end(),
                            [&](InstanceId id) { return needed[pipeline::index_of(id)]; }))
        add("dead-step", base::format("no target needs step '{}'", step.name),
            "it runs only when it is asked for by name: add it to 'targets', or take it out",
            place);
    }
  }

  bool is_target(InstanceId id) const {
    for (const auto& target : workflow_.targets())
      for (const auto& member : target.members)
        if (member == graph_.step(id).name || member == graph_.name(id)) return true;
    return false;
  }

  // An output beside others that are read is meant for somebody; the end of a workflow is a result.
  void find_unread_outputs() {
    // What steps read whose instances are known only when others have run, nobody can say.
    for (std::size_t i = 0; i < workflow_.steps().size(); ++i)
      if (graph_.is_deferred(static_cast<pipeline::StepId>(i))) return;
    std::vector<bool> read(graph_.path_count());
    for (std::size_t i = 0; i < graph_.instance_count(); ++i)
      for (const auto path : graph_.inputs(pipeline::Graph::instance(i)))
        read[pipeline::index_of(path)] = true;
    for (const auto& target : workflow_.targets())
      for (const auto& member : target.members)
        if (const auto path = graph_.find_path(member)) read[pipeline::index_of(*path)] = true;
    std::set<const pipeline::OutputDeclaration*> told;
    for (std::size_t i = 0; i < graph_.instance_count(); ++i) {
      const auto id = pipeline::Graph::instance(i);
      const auto outputs = graph_.outputs(id);
      const bool any = std::any_of(outputs.begin(), outputs.end(), [&](pipeline::PathId path) {
        return read[pipeline::index_of(path)];
      });
      if (!any || is_target(id)) continue;
      for (const auto path : outputs) {
        const auto* output = graph_.output_declaration(id, path);
        if (output == nullptr || read[pipeline::index_of(path)] || output->publish || output->log ||
            graph_.is_directory(path) || !told.insert(output).second)
          continue;
        add("unread-output",
            base::format("no step reads {} of step '{}'", base::printable(graph_.path(path)),
                         graph_.name(id)),
            "say 'publish: true' or 'log: true' if it is for people",
            workflow_.position(output->place));
      }
    }
  }

  void find_far_paths() {
    std::set<std::pair<std::string, std::uint32_t>> told;
    for (std::size_t i = 0; i < graph_.instance_count(); ++i) {
      const auto id = pipeline::Graph::instance(i);
      for (const auto path : graph_.inputs(id)) {
        const auto text = graph_.path(path);
        const bool absolute = text.starts_with('/');
        if (!absolute && !text.starts_with("../") && text != "..") continue;
        const auto place = graph_.input_position(id, path);
        if (!told.emplace(std::string(text), static_cast<std::uint32_t>(place.line)).second)
          continue;
        if (absolute)
          add("absolute-path",
              base::format("step '{}' reads {}, an absolute path", graph_.name(id),
                           base::printable(text)),
              "on another machine it may be another file: copy it into the workspace, or make the "
              "path a parameter",
              place);
        else
          add("outside-workspace",
              base::format("step '{}' reads {}, which lies outside of the workspace",
                           graph_.name(id), base::printable(text)),
              "who gets the workspace does not get this file", place);
      }
    }
  }

  const LoadedPipeline& loaded_;
  const pipeline::Workflow& workflow_;
  const pipeline::Graph& graph_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> lint_pipeline(const std::string& pipeline,
                                   const std::vector<pipeline::Override>& overrides) {
  const auto loaded = load_pipeline(pipeline, overrides);
  return Linter(loaded).findings();
}

}  // namespace provrun::app
