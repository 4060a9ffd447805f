#include "no_op_memo.hpp"

#include <cstring>
#include <functional>
#include <set>
#include <thread>
#include <unordered_set>

#include "provrun/app/run_recorder.hpp"
#include "provrun/app/spool.hpp"
#include "provrun/app/version.hpp"
#include "provrun/base/error.hpp"
#include "provrun/catalog/state_file.hpp"
#include "provrun/engine/discovered_files.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/stat_many.hpp"

namespace provrun::app {

// The blob: numbers as 8 bytes little endian, texts as their length and bytes.
//   version "1", tool version, run id, workflow, steps,
//   n, n × (variable name, keyed hash of its value or "unset"),
//   n, n × (path, os::Expected, inode + device + size + mtime + ctime)   paths relative to the
//   workspace or absolute
namespace {

constexpr std::string_view kFormat = "noop-3";
// From this many files on a second thread is worth its start.
constexpr std::size_t kFilesPerThread = 4000;

class Writer {
 public:
  void number(std::uint64_t value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view value) {
    number(value.size());
    bytes.append(value);
  }
  std::string bytes;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    if (bytes_.size() < sizeof value) {
      good_ = false;
      return 0;
    }
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view text() {
    const auto size = number();
    if (!good_ || size > bytes_.size()) {
      good_ = false;
      return {};
    }
    const auto value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return value;
  }
  bool good() const { return good_; }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

std::string pipeline_path(const RunRequest& request) {
  auto path = os::absolute_path(request.pipeline);
  const auto stat = os::stat_file(path);
  if (stat && stat->type == os::FileType::directory) path = os::join_path(path, "pipeline.yaml");
  return path;
}

// A keyed hash: the memo must not hold what a secret is.
std::string variable_state(const engine::Variables& variables, const std::string& name,
                           const std::string& key) {
  const auto found = variables.find(name);
  if (found == variables.end()) return "unset";
  return hash::hmac_sha256({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()},
                           found->second)
      .to_hex();
}

}  // namespace

std::string NoOpMemo::question(const RunRequest& request) {
  if (request.force_all || !request.force_steps.empty() || !request.limits.empty()) return {};
  Writer writer;
  writer.text(pipeline_path(request));
  for (const auto* list : {&request.targets, &request.until}) {
    writer.number(list->size());
    for (const auto& text : *list) writer.text(text);
  }
  for (const auto& override : request.overrides) {
    writer.text(override.name);
    writer.text(override.value);
  }
  writer.text(request.repository.value_or(""));
  writer.text(os::environment_variable("PROVRUN_REPO").value_or(""));
  return "noop:" + hash::sha256(writer.bytes).to_hex();
}

std::optional<RunReport> NoOpMemo::answer(const RunRequest& request, const std::string& question) {
  if (question.empty()) return std::nullopt;
  const auto workspace = Workspace::at(os::parent_path(pipeline_path(request)));
  if (!workspace.exists() || count_spooled(workspace) > 0 || has_killed_runs(workspace))
    return std::nullopt;
  auto database = catalog::open_state_for_reading(workspace.state_database());
  if (!database) return std::nullopt;
  catalog::State state(*database);
  const auto blob = state.get_memo(question);
  if (!blob) return std::nullopt;

  Reader reader(*blob);
  if (reader.text() != kFormat || reader.text() != kVersion) return std::nullopt;
  RunReport report;
  report.run = reader.text();
  report.workflow = reader.text();
  report.outcome.counts.up_to_date = reader.number();
  report.nothing_to_do = true;
  const auto key = workspace.existing_hash_key();
  for (auto n = reader.number(); n > 0 && reader.good(); --n) {
    const std::string name(reader.text());
    if (reader.text() != variable_state(request.variables, name, key)) return std::nullopt;
  }
  const auto count = reader.number();
  std::vector<os::StatQuestion> questions;
  questions.reserve(reader.good() ? count : 0);
  for (std::uint64_t i = 0; i < count && reader.good(); ++i) {
    os::StatQuestion file;
    file.path = reader.text();
    file.expected = static_cast<os::Expected>(reader.number());
    file.inode = reader.number();
    file.device = reader.number();
    file.size = reader.number();
    file.mtime_ns = static_cast<std::int64_t>(reader.number());
    file.ctime_ns = static_cast<std::int64_t>(reader.number());
    questions.push_back(file);
  }
  if (!reader.good()) return std::nullopt;
  const int threads =
      questions.size() >= 2 * kFilesPerThread ? std::min(2, os::available_cores()) : 1;
  if (!os::all_unchanged(workspace.root(), questions, threads)) return std::nullopt;
  return report;
}

void NoOpMemo::remember(const RunRequest& request, const std::string& question,
                        const LoadedPipeline& loaded,
                        const std::vector<pipeline::InstanceId>& selection, CachedFiles& files,
                        Archive& archive, const RunReport& report) {
  if (question.empty() || !report.outcome.failure.empty()) return;
  const auto& graph = *loaded.graph;
  Writer writer;
  writer.text(kFormat);
  writer.text(kVersion);
  writer.text(report.run);
  writer.text(report.workflow);
  writer.number(selection.size());

  std::set<std::string> names{"PATH"};
  std::set<pipeline::StepId> seen_steps;
  for (const auto id : selection) {
    const auto& step = graph.step(id);
    if (step.always) return;
    if (!seen_steps.insert(graph.step_id(id)).second) continue;
    names.insert(step.environment->pass.begin(), step.environment->pass.end());
    names.insert(step.environment->secrets.begin(), step.environment->secrets.end());
    for (const auto& name : engine::software_search_variables()) names.insert(name);
  }
  const auto key = Workspace::at(loaded.directory).existing_hash_key();
  writer.number(names.size());
  for (const auto& name : names) {
    writer.text(name);
    writer.text(variable_state(request.variables, name, key));
  }

  Writer entries;
  std::uint64_t count = 0;
  bool trusted = true;
  const auto now = os::file_clock_now();
  const auto add = [&](std::string_view path, const os::FileStat& stat, bool directory,
                       os::Expected expected = os::Expected::same) {
    // A directory's times are never compared with its content elsewhere, so only here the rule of
    // racy times has to be asked; files have passed it when their contents were remembered.
    constexpr std::int64_t kSettled = 20'000'000;
    if (directory && now.nanoseconds - stat.ctime_ns < kSettled) trusted = false;
    entries.text(path);
    entries.number(static_cast<std::uint64_t>(expected));
    entries.number(stat.inode);
    entries.number(stat.device);
    entries.number(stat.size);
    entries.number(static_cast<std::uint64_t>(stat.mtime_ns));
    entries.number(static_cast<std::uint64_t>(stat.ctime_ns));
    ++count;
  };
  for (const auto& watched : loaded.watched) {
    if (!watched.stat) return;
    add(watched.path, *watched.stat, watched.stat->type == os::FileType::directory);
  }
  // A repository that is another one, or gone, has not got the results.
  const auto config = os::join_path(archive.repository().location(), "config.json");
  const auto config_stat = os::stat_file(config);
  if (!config_stat) return;
  add(config, *config_stat, false);
  const std::function<void(const std::string&)> add_tree = [&](const std::string& path) {
    const auto full = files.absolute(path);
    const auto stat = os::stat_file(full);
    if (!stat || stat->type != os::FileType::directory) {
      trusted = false;
      return;
    }
    add(path, *stat, true);
    for (const auto& entry : os::list_directory(full)) {
      const auto child = path + "/" + entry.name;
      const auto child_stat = os::lstat_file(files.absolute(child));
      if (child_stat && child_stat->type == os::FileType::directory)
        add_tree(child);
      else if (child_stat && child_stat->type == os::FileType::regular)
        add(child, *child_stat, false);
    }
  };
  std::vector<bool> seen_paths(graph.path_count());
  std::unordered_set<std::string> seen_names;
  // Whether a temporary file is there decides nothing.
  for (std::size_t i = 0; i < graph.instance_count(); ++i) {
    const auto id = pipeline::Graph::instance(i);
    const auto& declared = graph.step(id).outputs;
    if (std::none_of(declared.begin(), declared.end(), [](const auto& one) { return one.temp; }))
      continue;
    for (const auto path : graph.outputs(id)) {
      const auto* declaration = graph.output_declaration(id, path);
      if (declaration == nullptr || !declaration->temp) continue;
      seen_paths[pipeline::index_of(path)] = true;
      seen_names.emplace(graph.path(path));
    }
    for (const auto& discovery : graph.discoveries(id))
      if (declared[discovery.output].temp)
        for (const auto path : discovery.files) {
          seen_paths[pipeline::index_of(path)] = true;
          seen_names.emplace(graph.path(path));
        }
  }
  for (const auto id : selection)
    for (const auto& paths : {graph.inputs(id), graph.outputs(id)})
      for (const auto path : paths) {
        if (seen_paths[pipeline::index_of(path)]) continue;
        seen_paths[pipeline::index_of(path)] = true;
        const std::string name(graph.path(path));
        if (graph.is_directory(path)) {
          add_tree(name);
        } else {
          const auto* stat = files.stat_of(name);
          if (stat == nullptr || !files.settled(*stat)) return;
          add(name, *stat, false);
        }
        if (!trusted) return;
      }
  // What was discovered, and that there is no more of it.
  std::unordered_set<std::string> seen_folders;
  for (const auto id : selection)
    for (const auto& discovery : graph.discoveries(id)) {
      const bool is_temporary = graph.step(id).outputs[discovery.output].temp;
      for (const auto& path :
           engine::find_discovered(files, discovery.pattern, [&](const auto& at) {
             if (!seen_folders.insert(at).second) return;
             const auto stat = os::stat_file(at == "." ? files.root() : files.absolute(at));
             if (stat) add(at, *stat, true);
           })) {
        if (is_temporary || !seen_names.insert(path).second) continue;
        const auto found = graph.find_path(path);
        if (found && seen_paths[pipeline::index_of(*found)]) continue;
        const auto* stat = files.stat_of(path);
        if (stat == nullptr || !files.settled(*stat)) return;
        add(path, *stat, false);
      }
      if (!trusted) return;
    }
  // What the steps were observed to use, each path once: thousands of steps share most of it.
  WorkspaceHistory history(archive.state(), loaded.file_name);
  std::unordered_set<const core::AccessSet*> seen_sets;
  const auto add_file = [&](const std::string& path, const core::ContentId& content) {
    const auto sight = files.look(path, core::Look::content);
    const auto* stat = files.stat_of(path);
    if (sight.content != content || stat == nullptr || !files.settled(*stat)) return false;
    add(path, *stat, false);
    return true;
  };
  const auto add_place = [&](const std::string& path) {
    seen_names.insert(path);
    try {
      const auto stat = os::stat_file(files.absolute(path));
      if (stat && !files.settled(*stat)) return false;
      add(path, stat.value_or(os::FileStat{}), false,
          stat ? os::Expected::same : os::Expected::absent);
    } catch (const base::Error&) {  // a folder that is closed to us
    }
    return true;
  };
  const auto add_access = [&](const core::Access& access) {
    const auto need = engine::need_of(access);
    if (need == engine::Need::nothing || !seen_names.insert(access.path).second) return true;
    if (need == engine::Need::content) return add_file(access.path, *access.content);
    const auto full = access.path == "." ? files.root() : files.absolute(access.path);
    const bool itself = need == engine::Need::target || access.before == core::Presence::symlink;
    if (need == engine::Need::listing || itself) {
      const auto stat = itself ? os::lstat_file(full) : os::stat_file(full);
      if (stat)
        add(access.path, *stat, !itself, itself ? os::Expected::same_link : os::Expected::same);
      return stat.has_value() && trusted;
    }
    os::FileStat state;
    state.size = os::type_bits(full);
    const bool absent = state.size == 0;
    // One that is there all the same is made by a step that comes later.
    if (need == engine::Need::absence && !absent) return true;
    add(access.path, state, false, absent ? os::Expected::absent : os::Expected::present);
    return absent == (need == engine::Need::absence);
  };
  for (const auto id : selection) {
    const auto* last = history.last(std::string(graph.name(id)));
    if (last == nullptr) continue;
    for (const auto& output : last->outputs)
      if (!engine::declares_output(graph, id, output.path) &&
          seen_names.insert(output.path).second && !add_file(output.path, output.content))
        return;
    for (const auto& set : last->observed) {
      if (set->path_class == core::PathClass::noise || !seen_sets.insert(set.get()).second)
        continue;
      for (const auto& access : set->accesses)
        if (!add_access(access)) return;
    }
  }
  // Where their programs are looked for: PATH may lead to the same ones by other ways.
  engine::ProgramSearch programs(files);
  for (const auto id : selection) {
    const auto* last = history.last(std::string(graph.name(id)));
    if (last == nullptr) continue;
    const auto invocation = graph.invocation(id);
    const engine::SearchPaths paths{
        last->search_path,
        engine::search_path_of(
            engine::environment_of(graph.step(id), invocation, request.variables).process),
        invocation.directory};
    for (const auto& place : programs.places(paths, last->observed))
      if (!seen_names.contains(place) && !add_place(place)) return;
  }
  writer.number(count);
  writer.bytes += entries.bytes;
  archive.state()->put_memo(question, writer.bytes);
}

}  // namespace provrun::app
