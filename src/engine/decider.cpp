#include "provrun/engine/decider.hpp"

#include <algorithm>
#include <array>

#include "output_files.hpp"
#include "output_rules.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::engine {

using pipeline::InstanceId;
using pipeline::PathId;

namespace {

// Every process needs these, and no result should depend on them: passed, not in the key.
constexpr std::array<std::string_view, 10> kBasics{
    "HOME", "LOGNAME", "PATH", "SHELL",           "TERM",
    "TMP",  "TMPDIR",  "USER", "XDG_RUNTIME_DIR", "HOSTNAME"};

// These choose which software is found. They are passed where they are set, and count.
constexpr std::array<std::string_view, 16> kSoftwareSearch{
    "CLASSPATH",       "CONDA_PREFIX",  "GOPATH",          "JULIA_DEPOT_PATH",
    "JULIA_LOAD_PATH", "JULIA_PROJECT", "LD_LIBRARY_PATH", "LD_PRELOAD",
    "NODE_PATH",       "PERL5LIB",      "PYTHONHOME",      "PYTHONPATH",
    "RUBYLIB",         "R_LIBS",        "R_LIBS_USER",     "VIRTUAL_ENV"};

template <typename Range>
void sort_by_name(Range& pairs) {
  std::sort(pairs.begin(), pairs.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
}

bool same_file(const core::Artifact& a, const core::Artifact& b) {
  constexpr std::uint32_t kRunnable = 0100;  // what git calls a file's mode
  return a.path == b.path && a.content == b.content && ((a.mode ^ b.mode) & kRunnable) == 0;
}

bool same_files(const std::vector<core::Artifact>& a, const std::vector<core::Artifact>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_file);
}

std::string mode_text(std::uint32_t mode) {
  return base::format("mode {:04o}", mode & 07777U);
}

void sort_by_path(std::vector<core::Artifact>& artifacts) {
  std::sort(artifacts.begin(), artifacts.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
}

}  // namespace

std::vector<std::string> software_search_variables() {
  return {kSoftwareSearch.begin(), kSoftwareSearch.end()};
}

StepEnvironment environment_of(const pipeline::Step& step, const pipeline::Invocation& invocation,
                               const Variables& variables) {
  StepEnvironment environment;
  std::map<std::string, std::string> process;
  std::map<std::string, std::optional<std::string>> counting;
  for (const auto name : kBasics)
    if (const auto found = variables.find(std::string(name)); found != variables.end())
      process.insert(*found);
  for (const auto name : kSoftwareSearch)
    if (const auto found = variables.find(std::string(name)); found != variables.end()) {
      process.insert(*found);
      counting[found->first] = found->second;
    }
  for (const auto& name : step.environment->pass) {
    const auto found = variables.find(name);
    if (found != variables.end()) process.insert(*found);
    counting[name] = found != variables.end() ? std::optional(found->second) : std::nullopt;
  }
  for (const auto& name : step.environment->secrets) {
    const auto found = variables.find(name);
    if (found != variables.end()) process.insert(*found);
    environment.secrets.emplace_back(
        name, found != variables.end() ? std::optional(found->second) : std::nullopt);
  }
  for (const auto& [name, value] : invocation.environment) {
    process[name] = value;
    counting[name] = value;
  }
  environment.process.assign(process.begin(), process.end());
  environment.counting.assign(counting.begin(), counting.end());
  return environment;
}

struct Decider::Outputs {
  std::vector<core::Artifact> present;  // sorted by path
  std::string first_missing;            // a declared path that is not there; empty if all are
  std::string first_wrong;              // one that is not what `ensure` asks for
  std::vector<std::string> removed;     // temporary ones among `present` that are there no more
};

Decider::Decider(const pipeline::Graph& graph, core::WorkspaceFiles& files, core::Results& results,
                 core::History& history, Variables variables, Redaction redaction, Forcing forcing)
    : graph_(graph),
      files_(files),
      results_(results),
      history_(history),
      dependencies_(graph, files, history),
      variables_(std::move(variables)),
      redaction_(std::move(redaction)),
      forcing_(std::move(forcing)) {}

core::PathKind Decider::kind_of(const pipeline::Graph& graph, PathId path) {
  return graph.is_directory(path) ? core::PathKind::directory : core::PathKind::file;
}

bool Decider::forced(InstanceId id) const {
  return forcing_.all || forcing_.steps.contains(graph_.step(id).name) ||
         forcing_.steps.contains(graph_.name(id));
}

bool declares_output(const pipeline::Graph& graph, InstanceId id, std::string_view path) {
  const auto discoveries = graph.discoveries(id);
  if (std::any_of(discoveries.begin(), discoveries.end(),
                  [&](const auto& discovery) { return discovery.pattern.match(path); }))
    return true;
  const auto outputs = graph.outputs(id);
  return std::any_of(outputs.begin(), outputs.end(), [&](PathId output) {
    const auto declared = graph.path(output);
    return path == declared || (graph.is_directory(output) && path.size() > declared.size() &&
                                path.starts_with(declared) && path[declared.size()] == '/');
  });
}

// Files that an execution was only observed to make are its outputs like the declared ones.
void Decider::add_observed_outputs(InstanceId id, const std::vector<core::Artifact>& expected,
                                   Outputs& outputs) {
  for (const auto& output : expected) {
    if (declares_output(graph_, id, output.path)) continue;
    const auto sight = files_.look(output.path, core::Look::content);
    if (!sight.content) {
      if (outputs.first_missing.empty()) outputs.first_missing = output.path;
      continue;
    }
    outputs.present.push_back({output.path, *sight.content, output.size, output.mode});
  }
  sort_by_path(outputs.present);
}

Decider::Outputs Decider::identify_outputs(InstanceId id, const core::LastExecution* last) {
  Outputs outputs;
  for (OutputWalk walk(graph_, id); walk.next();)
    identify_output(std::string(graph_.path(walk.path())), kind_of(graph_, walk.path()),
                    walk.rules(), last, outputs);
  for (const auto& discovery : graph_.discoveries(id)) {
    const auto& rules = graph_.step(id).outputs[discovery.output];
    auto paths = find_discovered(files_, discovery.pattern);
    if (rules.temp && last != nullptr) {
      for (const auto& made : last->outputs)
        if (discovery.pattern.match(made.path)) paths.push_back(made.path);
      std::sort(paths.begin(), paths.end());
      paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    }
    if (paths.empty() && !rules.optional && outputs.first_missing.empty())
      outputs.first_missing = discovery.pattern.text();
    for (const auto& path : paths)
      identify_output(path, core::PathKind::file, rules, last, outputs);
  }
  if (last != nullptr) add_observed_outputs(id, last->outputs, outputs);
  sort_by_path(outputs.present);
  return outputs;
}

void Decider::identify_output(const std::string& name, core::PathKind kind,
                              const pipeline::OutputDeclaration& rules,
                              const core::LastExecution* last, Outputs& outputs) {
  std::optional<core::PathState> state;
  try {
    state = files_.identify(name, kind);
  } catch (const base::Error&) {
    state.reset();  // of another kind, or not to be read: no result that one could use
  }
  if (!state && rules.temp && last != nullptr) {
    const auto made = std::find_if(last->outputs.begin(), last->outputs.end(),
                                   [&](const auto& artifact) { return artifact.path == name; });
    if (made != last->outputs.end()) {
      outputs.present.push_back(*made);
      outputs.removed.push_back(name);
      return;
    }
  }
  if (!state && rules.optional) return;
  if (!state) {
    if (outputs.first_missing.empty()) outputs.first_missing = name;
    return;
  }
  if (outputs.first_wrong.empty() && !ensure_problem(rules, *state, name).empty())
    outputs.first_wrong = name;
  std::move(state->files.begin(), state->files.end(), std::back_inserter(outputs.present));
}

bool Decider::frozen(InstanceId id) const {
  return graph_.step(id).frozen && !forcing_.steps.contains(graph_.step(id).name) &&
         !forcing_.steps.contains(graph_.name(id));
}

std::string Decider::missing_output(InstanceId id) {
  return identify_outputs(id, history_.last(std::string(graph_.name(id)))).first_missing;
}

std::string frozen_without(const std::string& output, std::string_view instance) {
  return base::format("is frozen, and its output {} is not there; --force {} runs it",
                      base::printable(output), instance);
}

// An instance that updates a file would meet its own result as a new input for ever. Where nothing
// else has changed its result is the one of the input before; where something has, it goes on from
// the file as it is.
Decision Decider::decide(InstanceId id) {
  bool found_own = false;
  auto decision = decide_by(id, true, found_own);
  if (!found_own || decision.action != Action::execute) return decision;
  auto reason = std::move(decision.reason);
  decision = decide_by(id, false, found_own);
  decision.reason = std::move(reason);
  return decision;
}

std::optional<core::ContentId> Decider::before_own(InstanceId id, const std::string& name,
                                                   const std::optional<core::PathState>& now) {
  const std::string step(graph_.name(id));
  const auto* last = history_.last(step);
  if (last == nullptr) return std::nullopt;
  if (now) {
    std::vector<core::Artifact> left;
    for (const auto& output : last->outputs)
      if (output.path == name || output.path.starts_with(name + "/")) left.push_back(output);
    sort_by_path(left);
    auto files = now->files;
    sort_by_path(files);
    if (!same_files(files, left)) return std::nullopt;
  }
  const auto key = history_.last_key(step);
  const auto* inputs = key.is_null() ? nullptr : key.find("inputs");
  if (inputs == nullptr) return std::nullopt;
  for (const auto& input : inputs->as_array()) {
    auto path = core::get_path(input);
    if (path.ends_with('/')) path.pop_back();
    if (path != name) continue;
    return core::parse_content_id(input.get_string("content"));
  }
  return std::nullopt;
}

Decision Decider::decide_by(InstanceId id, bool own_results, bool& found_own) {
  Decision decision;
  const auto& step = graph_.step(id);
  const auto again = again_.find(id);
  const bool is_again = again != again_.end();
  const bool is_frozen = frozen(id);
  if (is_frozen) {
    // Whatever has become of its inputs.
    const auto* last = history_.last(std::string(graph_.name(id)));
    auto outputs = identify_outputs(id, last);
    if (outputs.first_missing.empty() && !is_again) {
      decision.outputs = std::move(outputs.present);
      if (last != nullptr) decision.execution = last->execution;
      return decision;
    }
  }
  const auto invocation = graph_.invocation(id);

  KeyParts parts;
  for (const auto path : graph_.inputs(id)) {
    const std::string name(graph_.path(path));
    const auto kind = kind_of(graph_, path);
    std::optional<core::PathState> state;
    try {
      state = files_.identify(name, kind);
    } catch (const base::Error& error) {
      decision.action = Action::impossible;
      decision.problem = "cannot use its input: " + error.message();
      return decision;
    }
    if (own_results && updates_in_place(graph_, id, path))
      if (const auto before = before_own(id, name, state)) {
        found_own = found_own || state.has_value();
        parts.inputs.emplace_back(kind == core::PathKind::directory ? name + "/" : name, *before);
        continue;
      }
    if (!state) {
      state = removed_input(path);
      if (state) decision.removed_inputs.push_back(path);
    }
    if (!state)
      if (const auto maker = graph_.producer(path);
          maker && rules_of(graph_, *maker, path).optional)
        continue;
    if (!state) {
      decision.action = Action::impossible;
      decision.problem = base::format("lacks its input {}", base::printable(name));
      return decision;
    }
    parts.inputs.emplace_back(kind == core::PathKind::directory ? name + "/" : name,
                              state->content);
    std::move(state->files.begin(), state->files.end(), std::back_inserter(decision.inputs));
  }
  for (const auto& script : invocation.scripts) parts.run.push_back(script);
  parts.until = invocation.until;
  parts.shell = *step.shell;
  parts.directory = invocation.directory;
  const auto path_text = [&](const std::optional<PathId>& path) {
    return path ? std::string(graph_.path(*path)) : std::string();
  };
  parts.stdin_path = path_text(invocation.standard_input);
  parts.stdout_path = path_text(invocation.standard_output);
  parts.stderr_path = path_text(invocation.standard_error);
  for (const auto path : graph_.outputs(id))
    parts.outputs.push_back(std::string(graph_.path(path)) +
                            (graph_.is_directory(path) ? "/" : ""));
  for (const auto& discovery : graph_.discoveries(id))
    parts.discovered.push_back(discovery.pattern.text());
  parts.parameters = *step.parameters;
  auto environment = environment_of(step, invocation, variables_);
  SearchPaths search{{}, search_path_of(environment.process), invocation.directory};
  parts.environment = std::move(environment.counting);
  for (auto& [name, value] : environment.secrets)
    parts.environment.emplace_back(name,
                                   value ? std::optional(redaction_.secret(*value)) : std::nullopt);
  decision.key = redaction_.document(key_document(parts));
  decision.step_key = step_key(decision.key);

  const auto* last = history_.last(std::string(graph_.name(id)));
  // What lies there says nothing where nobody knows how it came to be.
  Outputs outputs;
  if (last != nullptr || is_again || is_frozen) outputs = identify_outputs(id, last);
  if (is_again && outputs.first_missing.empty()) outputs.first_missing = graph_.path(again->second);
  const bool outputs_good = last != nullptr && outputs.first_missing.empty() &&
                            outputs.first_wrong.empty() &&
                            same_files(outputs.present, last->outputs);
  const bool same_key = last != nullptr && last->step_key == decision.step_key;

  const bool at_liberty = is_frozen || (!step.always && !forced(id) && !is_again);
  std::optional<core::Reason> changed;
  if (same_key && at_liberty) {
    search.then = last->search_path;
    changed = dependencies_.first_change(id, last->observed, search, false);
  }
  if (same_key && outputs_good && at_liberty && !changed) {
    decision.outputs = last->outputs;
    std::erase_if(decision.outputs, [&](const auto& artifact) {
      return std::find(outputs.removed.begin(), outputs.removed.end(), artifact.path) !=
             outputs.removed.end();
    });
    decision.execution = last->execution;
    decision.key = {};
    return decision;
  }
  if (changed && name_software_) name_software_(*changed, last->execution);
  decision.reason = changed ? *changed : reason_to_run(id, last, decision, outputs);
  if (!at_liberty) {
    must_execute(id, decision);
    return decision;
  }
  const bool reusable =
      outputs.first_wrong.empty() &&
      std::all_of(step.outputs.begin(), step.outputs.end(),
                  [](const auto& output) { return output.cache && !output.persist; });
  bool present = false;
  const auto fits = [&](const core::StoredResult& result) {
    // Another checkout, or a state that was deleted: the files may be the stored ones already.
    auto here = identify_outputs(id, nullptr);
    add_observed_outputs(id, result.outputs, here);
    auto expected = result.outputs;
    sort_by_path(expected);
    present = here.first_missing.empty() && same_files(here.present, expected);
    if (!here.first_wrong.empty() || (!present && !result.restorable)) return false;
    std::vector<core::AccessSetPtr> observed = result.observed.bodies;
    if (!result.observed.accesses.empty()) {
      auto own = std::make_shared<core::AccessSet>();
      own->accesses = result.observed.accesses;
      observed.push_back(std::move(own));
    }
    search.then = result.observed.search_path;
    return !dependencies_.first_change(id, observed, search, !present);
  };
  if (auto stored = reusable && !is_again ? results_.find(decision.step_key, fits) : std::nullopt) {
    sort_by_path(stored->outputs);
    if (present) {
      decision.reason = {};
      decision.outputs = stored->outputs;
      decision.execution = stored->execution;
      decision.stored = std::move(*stored);
      return decision;
    }
    decision.action = Action::reuse;
    decision.outputs = stored->outputs;
    decision.execution = stored->execution;
    decision.stored = std::move(*stored);
    refuse_protected(id, decision);
    return decision;
  }
  if (is_frozen) {
    decision.action = Action::impossible;
    decision.problem = frozen_without(outputs.first_missing, graph_.name(id));
    return decision;
  }
  must_execute(id, decision);
  return decision;
}

void Decider::must_execute(InstanceId id, Decision& decision) {
  decision.action = Action::execute;
  refuse_protected(id, decision);
  auto& removed = decision.removed_inputs;
  for (const auto path : dependencies_.temporary_reads(id)) {
    if (std::find(removed.begin(), removed.end(), path) != removed.end()) continue;
    const auto sight = files_.look(std::string(graph_.path(path)), core::Look::presence);
    if (sight.presence == core::Presence::absent && removed_input(path)) removed.push_back(path);
  }
}

std::optional<core::PathState> Decider::removed_input(PathId path) {
  const auto maker = graph_.producer(path);
  if (!maker || !rules_of(graph_, *maker, path).temp) return std::nullopt;
  const auto* last = history_.last(std::string(graph_.name(*maker)));
  if (last == nullptr) return std::nullopt;
  for (const auto& artifact : last->outputs)
    if (artifact.path == graph_.path(path)) return core::PathState{artifact.content, {artifact}};
  return std::nullopt;
}

// What is protected is replaced only by who asks for it.
void Decider::refuse_protected(InstanceId id, Decision& decision) {
  if (forced(id)) return;
  const auto refuse = [&](const std::string& name) {
    decision.action = Action::impossible;
    decision.problem = base::format("would overwrite its protected output {}; --force {} does",
                                    base::printable(name), graph_.name(id));
  };
  for (OutputWalk walk(graph_, id); walk.next();) {
    if (!walk.rules().is_protected) continue;
    const auto path = walk.path();
    const std::string name(graph_.path(path));
    if (files_.look(name, core::Look::presence).presence == core::Presence::absent) continue;
    return refuse(name);
  }
  for (const auto& discovery : graph_.discoveries(id)) {
    if (!graph_.step(id).outputs[discovery.output].is_protected) continue;
    const auto there = find_discovered(files_, discovery.pattern);
    if (!there.empty()) return refuse(there.front());
  }
}

core::Reason Decider::reason_to_run(InstanceId id, const core::LastExecution* last,
                                    const Decision& decision, const Outputs& outputs) {
  if (forced(id) && !frozen(id)) return {"forced", std::string(graph_.name(id)), "", ""};
  if (last == nullptr) return {"first_run", std::string(graph_.name(id)), "", ""};
  if (last->step_key != decision.step_key) {
    const auto before = history_.last_key(std::string(graph_.name(id)));
    if (before.is_null()) return {"record_lost", std::string(graph_.name(id)), "", ""};
    return explain_difference(before, decision.key);
  }
  if (!outputs.first_missing.empty()) return {"output_missing", outputs.first_missing, "", ""};
  if (!outputs.first_wrong.empty()) return {"output_declared", outputs.first_wrong, "", "ensure"};
  if (!same_files(outputs.present, last->outputs)) {
    for (const auto& old : last->outputs) {
      const auto now =
          std::find_if(outputs.present.begin(), outputs.present.end(),
                       [&](const auto& artifact) { return artifact.path == old.path; });
      if (now == outputs.present.end())
        return {"output_missing", old.path, old.content.to_string(), ""};
      if (now->content != old.content)
        return {"output_altered", old.path, old.content.to_string(), now->content.to_string()};
      if (!same_file(old, *now))
        return {"output_altered", old.path, mode_text(old.mode), mode_text(now->mode)};
    }
    for (const auto& now : outputs.present)
      if (std::none_of(last->outputs.begin(), last->outputs.end(),
                       [&](const auto& old) { return old.path == now.path; }))
        return {"output_altered", now.path, "(absent)", now.content.to_string()};
  }
  return {"always", std::string(graph_.name(id)), "", ""};
}

void require_sources(const pipeline::Graph& graph, const std::vector<InstanceId>& selection,
                     const std::function<bool(const std::string&)>& exists,
                     const std::function<std::vector<std::string>(const std::string&)>& list) {
  // A pipeline that misses a whole folder would print thousands: the first ones tell enough.
  constexpr std::size_t kMaxErrors = 20;
  std::vector<base::Error> errors;
  std::vector<bool> checked(graph.path_count());
  for (const auto id : selection)
    for (const auto path : graph.inputs(id)) {
      if (checked[pipeline::index_of(path)]) continue;
      checked[pipeline::index_of(path)] = true;
      if (graph.maker(path)) continue;
      const std::string name(graph.path(path));
      if (errors.size() >= kMaxErrors) continue;
      try {
        if (exists(name)) continue;
      } catch (const base::Error& error) {
        errors.push_back(
            base::Error(error.code(), base::format("step '{}' cannot use its input: {}",
                                                   graph.name(id), error.message()))
                .at(graph.input_position(id, path)));
        continue;
      }
      if (const auto off = graph.switched_off_maker(name)) {
        errors.push_back(
            base::Error(base::ErrorCode::invalid_input,
                        base::format("step '{}' needs {}, which is not there; step '{}' would make "
                                     "it, but its 'when' is false",
                                     graph.name(id), base::printable(name), off->step->name))
                .at(graph.input_position(id, path))
                .hint(base::format("its 'when' stands in line {}; give step '{}' the same one, or "
                                   "make the file",
                                   off->when.line, graph.step(id).name)));
        continue;
      }
      const auto slash = name.rfind('/');
      std::vector<std::string> neighbours;
      const std::string directory = slash == std::string::npos ? "." : name.substr(0, slash);
      for (const auto& entry : list(directory))
        neighbours.push_back(slash == std::string::npos ? entry : directory + "/" + entry);
      const auto nearest = graph.nearest_path(name, neighbours);
      auto error =
          base::Error(base::ErrorCode::invalid_input,
                      base::format("step '{}' needs {}, which is not there and which no step makes",
                                   graph.name(id), base::printable(name)))
              .at(graph.input_position(id, path));
      errors.push_back(
          nearest && *nearest != name
              ? std::move(error).hint(base::format("did you mean {}?", base::printable(*nearest)))
              : std::move(error).hint("make the file, or declare the step that makes it"));
    }
  if (!errors.empty()) throw base::ErrorList(std::move(errors));
}

}  // namespace provrun::engine
