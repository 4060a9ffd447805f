#include "provrun/app/reproduce.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "output_links.hpp"
#include "provrun/app/cached_files.hpp"
#include "provrun/app/keyed_ids.hpp"
#include "provrun/app/pipeline_file.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/exec/local_executor.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/restorer.hpp"
#include "provrun/snapshot/tree_reader.hpp"

namespace provrun::app {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::identical:
      return "identical";
    case Verdict::equivalent:
      return "equivalent";
    case Verdict::withheld:
      return "withheld";
    case Verdict::different:
      return "different";
    case Verdict::missing:
      return "missing";
    case Verdict::extra:
      return "extra";
  }
  return "";
}

Verdict ReproduceReport::verdict() const {
  if (!failure.empty()) return Verdict::different;
  auto worst = Verdict::identical;
  for (const auto& output : outputs) worst = std::max(worst, output.verdict);
  return std::min(worst, Verdict::different);
}

namespace {

class Reproduction {
 public:
  Reproduction(const ReproduceRequest& request, RunObserver& observer,
               const std::function<int()>& interrupts)
      : request_(request), observer_(observer), interrupts_(interrupts) {}

  ReproduceReport run() {
    const auto workspace = Workspace::find_upwards(os::current_directory());
    archive_ = Archive::open(locate_repository(request_.repository, workspace), workspace,
                             Archive::Mode::look);
    stored_ = archive_->load_run_resolved(request_.run);
    report_.run = stored_.record.id.to_string();
    if (std::none_of(stored_.executions.begin(), stored_.executions.end(),
                     [](const auto& execution) {
                       return execution.state != core::StepState::failed &&
                              execution.state != core::StepState::skipped;
                     }))
      throw base::Error(
          base::ErrorCode::not_found,
          base::format("run {} has no result to reproduce: no step succeeded", report_.run));
    make_directory();
    enter_workspace();
    try {
      restore_sources();
      if (stored_.record.pipeline)
        run_pipeline();
      else
        run_recorded_command();
      compare();
    } catch (...) {
      if (!request_.into) os::remove_tree(scratch_);
      throw;
    }
    report_.directory = directory_;
    if (!request_.into && report_.verdict() == Verdict::identical) {
      os::remove_tree(scratch_);
      report_.directory.clear();
    }
    return std::move(report_);
  }

 private:
  void make_directory() {
    if (!request_.into) {
      const auto place = os::environment_variable("TMPDIR").value_or("/tmp");
      try {
        directory_ = os::resolve_path(os::make_temporary_directory(place + "/provrun-reproduce-"));
      } catch (const base::Error& error) {
        const bool lasting = error.code() == base::ErrorCode::not_found ||
                             error.code() == base::ErrorCode::refused ||
                             error.code() == base::ErrorCode::failed;
        throw base::Error(lasting ? base::ErrorCode::invalid_input : error.code(),
                          "no scratch folder: " + error.message())
            .hint("set TMPDIR to a folder that can be written to, or give one with --into DIR");
      }
      return;
    }
    directory_ = os::absolute_path(*request_.into);
    if (os::lstat_file(directory_) && !os::list_directory(directory_).empty())
      throw base::Error(base::ErrorCode::conflict,
                        base::format("{} is not empty", base::printable(*request_.into)))
          .hint("give a folder that is new or empty");
    os::make_directories(directory_);
  }

  // The workspace lies as deep in the scratch folder as its inputs reach out of it ("../lib/x"), so
  // that these have a place there too.
  void enter_workspace() {
    std::size_t depth = 0;
    for (const auto& execution : stored_.executions)
      for (const auto& input : execution.inputs) {
        std::string_view path = input.path;
        std::size_t up = 0;
        for (; path.starts_with("../"); path.remove_prefix(3)) ++up;
        depth = std::max(depth, up);
      }
    scratch_ = directory_;
    for (std::size_t i = 0; i < depth; ++i) directory_ += i + 1 == depth ? "/workspace" : "/above";
    os::make_directories(directory_);
  }

  // Everything that no step of the run made: the pipeline, what shaped it, inputs and scripts.
  void restore_sources() {
    std::set<std::string> made;
    for (const auto& execution : stored_.executions)
      for (const auto& output : execution.outputs) made.insert(output.path);
    std::map<std::string, core::Artifact> sources;
    const auto add = [&](const core::Artifact& artifact) {
      if (!made.contains(artifact.path)) sources.emplace(artifact.path, artifact);
    };
    if (stored_.record.pipeline) add(*stored_.record.pipeline);
    for (const auto& file : stored_.record.configuration) add(file);
    for (const auto& execution : stored_.executions)
      for (const auto& input : execution.inputs) add(input);
    const auto root = root_of_then();
    for (const auto& [path, artifact] : sources) {
      const auto in_snapshot = path_in_snapshot(root, path);
      const auto entry =
          snapshot::find_entry(archive_->repository(), stored_.manifest.root, in_snapshot);
      const bool folder = core::is_empty_directory(artifact) && !path.starts_with('/') && entry &&
                          entry->type == snapshot::EntryType::directory;
      if (!folder && (!entry || entry->content.id != artifact.content)) {
        say_missing(artifact);
        continue;
      }
      if (path.starts_with('/')) {
        check_outside(path, artifact);
        continue;
      }
      // A recorded path is foreign data: it may not lead out of the folder.
      const auto target = os::normalize_path(os::join_path(directory_, path));
      if (!target.starts_with(scratch_ + "/"))
        throw base::Error(
            base::ErrorCode::corruption,
            base::format("the record names {}, outside of its workspace", base::printable(path)));
      os::make_directories(folder ? target : os::parent_path(target));
      if (folder) continue;
      snapshot::restore_file(archive_->repository(), *entry, target, snapshot::Overwrite::no,
                             os::Durability::cached);
    }
  }

  // Without a declared input nothing can run; one that was only observed may not be needed.
  void say_missing(const core::Artifact& artifact) {
    const auto& files = stored_.record.withheld;
    const auto withheld = std::find_if(files.begin(), files.end(), [&](const auto& one) {
      return one.file.content == artifact.content;
    });
    if (withheld == files.end()) {
      report_.notices.push_back(
          base::format("{} is not in the repository", base::printable(artifact.path)));
      return;
    }
    auto text = base::format("{} was not stored: it holds {}", base::printable(artifact.path),
                             withheld->holds);
    const bool declared =
        std::any_of(stored_.executions.begin(), stored_.executions.end(), [&](const auto& one) {
          return std::any_of(one.inputs.begin(), one.inputs.end(),
                             [&](const auto& input) { return input.path == artifact.path; }) &&
                 core::evidence_of_input(one, artifact.path) != core::Evidence::observed;
        });
    if (declared)
      throw base::Error(base::ErrorCode::not_found, "this run cannot be reproduced: " + text)
          .hint("'provrun help run' says how to have such files stored");
    report_.notices.push_back(std::move(text));
  }

  // A file outside of the workspace stays where it is: it must still be what it was.
  void check_outside(const std::string& path, const core::Artifact& artifact) {
    const auto full = os::join_path(directory_, path);
    const auto stat = os::stat_file(full);
    CachedFiles files(directory_, nullptr, ".provrun/aside", [](const std::string&) {});
    if (!stat || stat->type != os::FileType::regular)
      report_.notices.push_back(base::format("{}, an input outside of the workspace, is not there",
                                             base::printable(path)));
    else if (files.content_of(full, *stat) != artifact.content)
      report_.notices.push_back(base::format(
          "{}, an input outside of the workspace, is not what it was", base::printable(path)));
  }

  // The variables that counted then, with their values of then.
  engine::Variables variables_of_then() const {
    auto variables = request_.variables;
    for (const auto& execution : stored_.executions) {
      const auto* environment = execution.key.find("environment");
      if (environment == nullptr) continue;
      for (const auto& [name, value] : environment->as_object()) {
        if (value.is_null()) variables.erase(name);
        if (value.is_string() && value.as_string().find("[redacted:") == std::string::npos)
          variables[name] = value.as_string();
      }
    }
    return variables;
  }

  void run_pipeline() {
    RunRequest run;
    run.pipeline = os::join_path(directory_, stored_.record.pipeline->path);
    run.targets = stored_.record.targets;
    run.overrides = overrides_of_then();
    run.own_repository = true;
    run.jobs = request_.jobs;
    run.keep_going = 0;
    run.trigger = request_.trigger;
    run.reuse = false;
    run.variables = variables_of_then();
    run.every_step_reported = true;
    run.tracing = request_.tracing;
    const auto done = run_workflow(run, observer_, interrupts_);
    if (done.outcome.state == core::RunState::interrupted)
      throw base::Error(base::ErrorCode::cancelled, "interrupted");
    report_.failure = done.outcome.failure;
    report_.refusal = done.refusal;
  }

  void run_recorded_command() {
    for (const auto& execution : stored_.executions) {
      const auto* scripts = execution.key.find("run");
      if (scripts == nullptr) continue;
      os::make_directories(os::join_path(directory_, ".provrun"));
      exec::LocalExecutor processes(os::join_path(directory_, ".provrun"));
      TracingExecutor executor(processes, request_.tracing);
      core::Job job;
      for (const auto& script : scripts->as_array()) job.scripts.push_back(script.as_string());
      job.shell = {"bash", "-euo", "pipefail", "-c"};
      job.workspace = directory_;
      job.working_directory =
          os::normalize_path(os::join_path(directory_, execution.key.get_string("directory", ".")));
      os::make_directories(job.working_directory);
      const auto variables = variables_of_then();
      job.environment.assign(variables.begin(), variables.end());
      executor.start(std::move(job));
      std::vector<core::JobResult> results;
      while (results.empty()) results = executor.wait(std::chrono::seconds(1));
      if (report_.refusal.empty())
        report_.refusal = executor.unmet([&](std::uint32_t) { return execution.step; });
      if (!results[0].attempt.succeeded())
        report_.failure = base::format("{} failed with exit code {}", execution.step,
                                       results[0].attempt.exit_code);
    }
  }

  void compare() {
    CachedFiles files(directory_, nullptr, ".provrun/aside", [](const std::string&) {});
    std::set<std::string> known;
    for (const auto& execution : stored_.executions) {
      if (execution.state == core::StepState::failed || execution.state == core::StepState::skipped)
        continue;
      for (const auto& output : execution.outputs) {
        known.insert(output.path);
        OutputVerdict verdict{output.path,    execution.step, Verdict::missing,
                              output.content, std::nullopt,   {}};
        if (core::is_empty_directory(output)) {
          const auto path = output.path.substr(0, output.path.size() - 1);
          const auto stat = os::lstat_file(files.absolute(path));
          if (stat && stat->type == os::FileType::directory) {
            const auto now = files.identify(path, core::PathKind::directory);
            const bool empty =
                now && now->files.size() == 1 && core::is_empty_directory(now->files[0]);
            verdict.verdict = empty ? Verdict::identical : Verdict::different;
            if (empty) verdict.reproduced = output.content;
          }
          report_.outputs.push_back(std::move(verdict));
          continue;
        }
        const auto target = link_target(output, files.absolute(output.path));
        if (target && is_bare_link(output, *target)) {
          verdict.reproduced = output.content;
          verdict.verdict = Verdict::identical;
        } else if (auto state = files.identify(output.path, core::PathKind::file)) {
          verdict.reproduced = state->content;
          verdict.verdict = Verdict::identical;
          if (state->content != output.content) compare_by_meaning(execution, output, verdict);
        }
        report_.outputs.push_back(std::move(verdict));
      }
    }
    for (const auto& execution : stored_.executions) {
      find_extra(execution, files, known);
      const auto* declared = execution.key.find("outputs");
      if (declared == nullptr) continue;
      for (const auto& output : declared->as_array()) {
        auto path = output.as_string();
        if (!path.ends_with('/')) continue;
        path.pop_back();
        const auto state = files.identify(path, core::PathKind::directory);
        if (!state) continue;
        for (const auto& file : state->files)
          if (known.insert(file.path).second)
            report_.outputs.push_back(
                {file.path, execution.step, Verdict::extra, std::nullopt, file.content, {}});
      }
    }
  }

  // What was discovered now and not then.
  void find_extra(const core::Execution& execution, CachedFiles& files,
                  std::set<std::string>& known) {
    const auto* patterns = execution.key.find("discover");
    if (patterns == nullptr) return;
    for (const auto& pattern : patterns->as_array()) {
      std::string glob;
      for (bool named = false; const char c : pattern.as_string()) {
        if (c == '{') glob += '*';
        named = c == '{' || (named && c != '}');
        if (!named && c != '}') glob += c;
      }
      const auto folder = glob.substr(0, std::min(glob.rfind('/', glob.find('*')), glob.size()));
      if (folder.find('*') != std::string::npos || folder.starts_with('/') ||
          os::normalize_path(folder).starts_with(".."))
        continue;  // in the workspace itself, beside everything else; or a foreign record
      const auto state = files.identify(folder, core::PathKind::directory);
      if (!state) continue;
      for (const auto& file : state->files)
        if (snapshot::pattern_selects(glob, file.path) && known.insert(file.path).second)
          report_.outputs.push_back(
              {file.path, execution.step, Verdict::extra, std::nullopt, file.content, {}});
    }
  }

  // Two versions of an output, by the step's own rule or by their format.
  void compare_by_meaning(const core::Execution& execution, const core::Artifact& output,
                          OutputVerdict& verdict) {
    if (output.content.keyed) {
      const auto now = keyed_.of(*verdict.reproduced);
      verdict.reproduced = std::nullopt;
      if (!keyed_.has_key() || (now != output.content && !is_of_this_workspace())) {
        verdict.verdict = Verdict::withheld;
        return;
      }
      verdict.reproduced = now;
      if (now == output.content) return;
      verdict.verdict = Verdict::different;
      verdict.comparison.method = "keyed hash, as it was not stored";
      return;
    }
    verdict.verdict = Verdict::different;
    const auto path = os::join_path(directory_, output.path);
    const auto stat = os::stat_file(path);
    const auto entry = snapshot::find_entry(archive_->repository(), stored_.manifest.root,
                                            path_in_snapshot(root_of_then(), output.path));
    if (!stat || std::max(stat->size, output.size) > kMaxCompared || !entry ||
        entry->content.id != output.content) {
      verdict.comparison.method = "bytes";
      return;
    }
    verdict.comparison = compare::compare(
        output.path, archive_->repository().read_content(entry->content, kMaxCompared),
        os::read_file(path, kMaxCompared), rule_for(execution.step, output.path));
    if (verdict.comparison.equivalent) verdict.verdict = Verdict::equivalent;
  }

  core::CompareRule rule_for(std::string_view step, const std::string& path) {
    if (!pipeline_ && stored_.record.pipeline)
      pipeline_ = load_pipeline(os::join_path(directory_, stored_.record.pipeline->path),
                                overrides_of_then());
    if (!pipeline_) return {};
    const auto& workflow = *pipeline_->workflow;
    const auto id = workflow.find_step(step.substr(0, step.find('@')));
    if (!id) return {};
    for (const auto& rule : workflow.step(*id).compare) {
      const bool by_name = rule.pattern.find('/') == std::string::npos;
      if (snapshot::pattern_selects(rule.pattern, by_name ? os::base_name(path) : path))
        return rule;
    }
    return {};
  }

  std::vector<pipeline::Override> overrides_of_then() const {
    std::vector<pipeline::Override> overrides;
    for (const auto& override : stored_.record.overrides) {
      const auto equals = override.find('=');
      overrides.push_back({override.substr(0, equals), override.substr(equals + 1)});
    }
    return overrides;
  }

  // The key that its keyed hashes were made with is ours.
  bool is_of_this_workspace() const {
    const auto workspace = Workspace::find_upwards(os::current_directory());
    return workspace && workspace->root() == root_of_then();
  }

  std::string root_of_then() const {
    return stored_.manifest.paths.empty() ? "/" : stored_.manifest.paths[0];
  }

  // Larger files are compared by content id alone: comparing by meaning holds both in memory.
  static constexpr std::uint64_t kMaxCompared = std::uint64_t{256} << 20U;

  const ReproduceRequest& request_;
  RunObserver& observer_;
  const std::function<int()>& interrupts_;
  std::unique_ptr<Archive> archive_;
  StoredRun stored_;
  std::optional<LoadedPipeline> pipeline_;  // read when a rule is asked for
  std::string scratch_;                     // holds all that is restored
  std::string directory_;                   // the workspace in it
  KeyedIds keyed_ = KeyedIds::here();
  ReproduceReport report_;
};

}  // namespace

ReproduceReport reproduce(const ReproduceRequest& request, RunObserver& observer,
                          const std::function<int()>& interrupts) {
  return Reproduction(request, observer, interrupts).run();
}

}  // namespace provrun::app
