#include "provrun/app/pipeline_file.hpp"

#include <algorithm>
#include <map>

#include "provrun/app/workspace.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"

namespace provrun::app {

namespace {

// Sources on disk that remembers what it looked at, so that a later run can tell that nothing
// changed.
class WatchedSources : public pipeline::Sources {
 public:
  WatchedSources(std::string directory, std::vector<Watched>& watched,
                 const std::map<std::string, std::string>& instead)
      : directory_(std::move(directory)), watched_(watched), instead_(instead) {}

  std::optional<std::string> read(const std::string& path) override {
    if (const auto text = instead_.find(path); text != instead_.end()) return text->second;
    const auto full = os::join_path(directory_, path);
    const auto stat = os::stat_file(full);
    watched_.push_back({full, stat});
    if (!stat && os::lstat_file(full))
      throw base::Error(
          base::ErrorCode::invalid_input,
          base::format("'{}' is a symbolic link that leads nowhere", base::printable(path)))
          .hint("make what it points to, or replace the link by the file");
    if (!stat) return std::nullopt;
    if (stat->type != os::FileType::regular)
      throw base::Error(
          base::ErrorCode::invalid_input,
          base::format("'{}' is {}", base::printable(path),
                       stat->type == os::FileType::directory ? "a directory" : "no regular file"))
          .hint("give the path of a file");
    return os::read_file(full, std::uint64_t{1} << 30U);
  }

  std::vector<std::string> glob(const std::string& pattern) override {
    std::vector<std::string> found;
    const auto parts = base::split(pattern, '/');
    expand(pattern.starts_with('/') ? "/" : "", parts, pattern.starts_with('/') ? 1 : 0, found);
    return found;
  }

 private:
  void expand(const std::string& prefix, const std::vector<std::string_view>& parts, std::size_t at,
              std::vector<std::string>& found) {
    const auto directory = os::join_path(directory_, prefix.empty() ? "." : prefix);
    if (at == parts.size()) {
      if (os::stat_file(os::join_path(directory_, prefix))) found.push_back(prefix);
      return;
    }
    const auto join = [&](std::string_view name) {
      if (prefix.empty()) return std::string(name);
      return prefix.back() == '/' ? prefix + std::string(name) : prefix + "/" + std::string(name);
    };
    if (parts[at].find('*') == std::string_view::npos) {
      expand(join(parts[at]), parts, at + 1, found);
      return;
    }
    const auto stat = os::stat_file(directory);
    watched_.push_back({directory, stat});
    if (!stat || stat->type != os::FileType::directory) return;
    for (const auto& entry : os::list_directory(directory))
      if (matches(parts[at], entry.name)) expand(join(entry.name), parts, at + 1, found);
  }

  static bool matches(std::string_view pattern, std::string_view name) {
    if (name.starts_with('.') && !pattern.starts_with('.')) return false;
    std::size_t p = 0;
    std::size_t n = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (n < name.size()) {
      if (p < pattern.size() && pattern[p] == '*') {
        star = p++;
        resume = n;
      } else if (p < pattern.size() && pattern[p] == name[n]) {
        ++p;
        ++n;
      } else if (star != std::string_view::npos) {
        p = star + 1;
        n = ++resume;
      } else {
        return false;
      }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
  }

  std::string directory_;
  std::vector<Watched>& watched_;
  const std::map<std::string, std::string>& instead_;
};

void expand_into(LoadedPipeline& loaded, const std::string& shown,
                 const std::vector<pipeline::Override>& overrides,
                 const std::vector<std::string>& wanted,
                 const std::map<std::string, std::string>& instead = {}) {
  WatchedSources sources(loaded.directory, loaded.watched, instead);
  loaded.workflow = std::make_unique<pipeline::Workflow>(
      pipeline::load_workflow(loaded.text, shown, sources, overrides));
  loaded.wanted = wanted;
  loaded.graph =
      std::make_unique<pipeline::Graph>(pipeline::expand(*loaded.workflow, expansion_of(loaded)));
  std::vector<pipeline::InstanceId> all;
  for (std::size_t i = 0; i < loaded.graph->instance_count(); ++i)
    all.push_back(pipeline::Graph::instance(i));
  refuse_own_paths(loaded, all);
}

}  // namespace

pipeline::Wanted expansion_of(LoadedPipeline& loaded) {
  return {loaded.wanted, [&](const std::string& file) {
            const auto there = os::join_path(loaded.directory, file);
            auto found = os::stat_file(there);
            if (!found) loaded.watched.push_back({there, found});
            return found.has_value();
          }};
}

// An output is moved aside or deleted before its step runs: that must meet neither the records nor
// the pipeline. And what lies among the records changes with every run.
void refuse_own_paths(const LoadedPipeline& loaded,
                      const std::vector<pipeline::InstanceId>& instances) {
  const auto& graph = *loaded.graph;
  std::vector<base::Error> errors;
  const auto refuse = [&](const char* kind, pipeline::InstanceId id, std::string_view path,
                          const char* why, std::optional<base::Position> place, const char* hint) {
    base::Error error(base::ErrorCode::invalid_input,
                      base::format("the {} '{}' of step '{}' {}", kind, base::printable(path),
                                   base::printable(graph.name(id)), why));
    if (place) std::move(error).at(std::move(*place));
    errors.push_back(std::move(error).hint(hint));
  };
  constexpr const char* among_records = "lies in the folder that provrun keeps its records in";
  for (const auto id : instances) {
    for (const auto& discovery : graph.discoveries(id))
      if (Workspace::is_own(discovery.pattern.folder() + "/x"))
        refuse("output", id, discovery.pattern.text(), among_records,
               loaded.workflow->position(graph.step(id).outputs[discovery.output].discover->place),
               "write the result to another path");
    for (const auto output : graph.outputs(id)) {
      const auto path = graph.path(output);
      const bool own = Workspace::is_own(path);
      const auto& parts = loaded.workflow->included();
      const bool is_part = std::any_of(parts.begin(), parts.end(),
                                       [&](const auto& part) { return part.file->file == path; });
      if (!own && !is_part && path != loaded.file_name) continue;
      std::optional<base::Position> place;
      if (const auto* declaration = graph.output_declaration(id, output))
        place = loaded.workflow->position(declaration->place);
      refuse("output", id, path,
             own       ? among_records
             : is_part ? "is a part of the pipeline itself"
                       : "is the pipeline itself",
             std::move(place), "write the result to another path");
    }
    for (const auto input : graph.inputs(id))
      if (const auto path = graph.path(input); Workspace::is_own(path))
        refuse("input", id, path, among_records, graph.input_position(id, input),
               "copy it to another path, or read it with 'provrun cat'");
  }
  if (!errors.empty()) throw base::ErrorList(std::move(errors));
}

std::string LoadedPipeline::name() const {
  if (!workflow->name().empty()) return workflow->name();
  return file_name.substr(0, file_name.find('.'));
}

hash::Digest LoadedPipeline::config_hash() const {
  return hash::sha256(workflow->configuration().canonical());
}

LoadedPipeline load_pipeline(const std::string& path,
                             const std::vector<pipeline::Override>& overrides,
                             const std::vector<std::string>& wanted) {
  auto full = os::absolute_path(path);
  auto stat = os::stat_file(full);
  auto shown = path;
  if (stat && stat->type == os::FileType::directory) {
    const auto inside = os::join_path(full, "pipeline.yaml");
    if (!os::stat_file(inside))
      throw base::Error(
          base::ErrorCode::invalid_input,
          base::format("{} is a directory without a pipeline.yaml", base::printable(path)))
          .hint("give the pipeline's file, or make one with 'provrun init'");
    full = inside;
    shown = os::join_path(path, "pipeline.yaml");
    stat = os::stat_file(full);
  }
  if (!stat && os::lstat_file(full))
    throw base::Error(
        base::ErrorCode::invalid_input,
        base::format("{} is a symbolic link that leads nowhere", base::printable(shown)))
        .hint("make what it points to, or replace the link by the pipeline's file");
  if (!stat) {
    std::vector<std::string> names;
    try {
      for (const auto& entry : os::list_directory(os::parent_path(full)))
        names.push_back(entry.name);
    } catch (const base::Error&) {
      names.clear();
    }
    const auto nearest = base::nearest(os::base_name(full), names);
    throw base::Error(base::ErrorCode::not_found,
                      base::format("no pipeline {}", base::printable(path)))
        .hint(nearest ? base::format("did you mean {}?", base::printable(*nearest))
                      : std::string("make one with 'provrun init', or give the path of one"));
  }
  LoadedPipeline loaded;
  loaded.directory = os::parent_path(full);
  loaded.file_name = os::base_name(full);
  loaded.watched.push_back({full, stat});
  if (stat->type != os::FileType::regular)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("{} is no regular file", base::printable(shown)))
        .hint("write the pipeline to a file: its content becomes part of the record");
  if (stat->size > pipeline::kMaxDocumentBytes)
    throw base::Error(
        base::ErrorCode::invalid_input,
        base::format("{} has {}, and a pipeline at most {}", base::printable(shown),
                     base::format_size(stat->size), base::format_size(pipeline::kMaxDocumentBytes)))
        .hint("put long tables into a file of their own: foreach: {csv: samples.csv}");
  try {
    loaded.text = os::read_file(full, pipeline::kMaxDocumentBytes);
  } catch (base::Error& error) {
    error.add_context("cannot use the pipeline");
    throw;
  }
  expand_into(loaded, shown, overrides, wanted);
  return loaded;
}

LoadedPipeline with_texts(const LoadedPipeline& pipeline,
                          const std::map<std::string, std::string>& texts,
                          const std::vector<pipeline::Override>& overrides) {
  LoadedPipeline loaded;
  loaded.directory = pipeline.directory;
  loaded.file_name = pipeline.file_name;
  const auto own = texts.find(pipeline.file_name);
  loaded.text = own != texts.end() ? own->second : pipeline.text;
  expand_into(loaded, loaded.file_name, overrides, pipeline.wanted, texts);
  return loaded;
}

std::string find_pipeline(const std::string& directory) {
  const auto here = os::join_path(directory, "pipeline.yaml");
  // Messages name the file as the user would: without the path of the folder he is in.
  if (os::lstat_file(here)) return directory == os::current_directory() ? "pipeline.yaml" : here;
  if (const auto workspace = Workspace::find_upwards(directory)) {
    const auto there = os::join_path(workspace->root(), "pipeline.yaml");
    if (os::stat_file(there)) return there;
  }
  throw base::Error(base::ErrorCode::not_found, "no pipeline.yaml here")
      .hint("give the path of one, or make one with 'provrun init'");
}

}  // namespace provrun::app
