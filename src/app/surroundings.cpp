#include "surroundings.hpp"

#include "owners.hpp"

#include <set>
#include <thread>

#include "provrun/base/cancellation.hpp"
#include "provrun/base/error.hpp"
#include "provrun/capture/git.hpp"
#include "provrun/capture/interpreter_packages.hpp"
#include "provrun/capture/package_database.hpp"
#include "provrun/capture/program_identity.hpp"
#include "provrun/capture/script.hpp"
#include "provrun/capture/system.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/process.hpp"

namespace provrun::app {

namespace {

capture::ProgramOutput run_program(const capture::ProgramCall& call) {
  capture::ProgramOutput output;
  auto environment = os::environment_variables();
  for (const auto& [name, value] : call.environment) {
    std::erase_if(environment,
                  [&name = name](const auto& variable) { return variable.first == name; });
    environment.emplace_back(name, value);
  }
  try {
    auto result = os::run_program(call.argv, environment, call.timeout, call.max_output_bytes + 1);
    output.exit_code = result.signal != 0 ? 128 + result.signal : result.exit_code;
    output.timed_out = result.timed_out;
    output.truncated = result.standard_output.size() > call.max_output_bytes;
    output.out = std::move(result.standard_output);
    output.error_output = result.standard_error.substr(0, 4096);
  } catch (const base::Error& error) {
    output.start_error = error.message();
  }
  return output;
}

std::optional<core::ContentId> hash_file(const std::string& path) {
  try {
    const auto file = os::open_for_reading(path);
    std::vector<std::uint8_t> buffer(1 << 18);
    hash::Sha256 hasher;
    while (const auto n = os::read_some(file, buffer, path))
      hasher.update(std::span(buffer.data(), n));
    return core::ContentId{hasher.finish()};
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

}  // namespace

struct Surroundings::State {
  std::string root;
  std::set<std::string> scripts;  // distinct run items as declared, templates unexpanded
  std::vector<std::string> programs;
  std::vector<std::string> inputs;
  engine::Variables variables;
  const policy::Redactor* redactor = nullptr;
  const policy::FileScreen* screen = nullptr;
  Owners owners{run_program, os::join_path(os::cache_directory(), "packages")};
  base::Cancellation cancellation;
  std::exception_ptr problem;
  std::thread thread;
  RunRecorder::Extra result;

  void gather() {
    auto environment = capture::system_environment();
    std::set<std::string> names(programs.begin(), programs.end());
    for (const auto& script : scripts)
      for (auto& name : capture::programs_of_script(script)) names.insert(std::move(name));
    auto& packages = owners.packages();
    codec::Json program_list = codec::Json::array();
    codec::Json interpreters = codec::Json::array();
    std::set<std::string> asked;
    for (const auto& name : names) {
      const bool relative = name.find('/') != std::string::npos && !name.starts_with('/');
      const auto path = relative ? os::join_path(root, name) : name;
      const auto identity = capture::program_identity(path, hash_file, packages);
      program_list.push_back(capture::to_json(identity));
      for (const auto* program = &identity; program != nullptr;
           program = program->interpreter.get()) {
        const auto kind = capture::interpreter_kind(program->path);
        if (!kind || program->resolved.empty() || !asked.insert(program->resolved).second) continue;
        capture::InterpreterQuery query;
        query.program = program->path;
        query.working_directory = root;
        query.kept = os::join_path(os::cache_directory(), "interpreters");
        for (const auto* variable : {"CONDA_PREFIX", "PYTHONPATH", "VIRTUAL_ENV", "R_LIBS",
                                     "R_LIBS_USER", "JULIA_PROJECT"})
          if (const auto found = variables.find(variable); found != variables.end())
            query.environment.push_back(*found);
        interpreters.push_back(
            capture::to_json(capture::interpreter_packages(*kind, query, run_program)));
      }
    }
    environment.set("programs", std::move(program_list));
    environment.set("interpreters", std::move(interpreters));
    result.environment = redactor->redact_json(environment).json;

    capture::GitOptions options;
    options.inputs = inputs;
    options.cancellation = &cancellation;
    options.holds_secret = [this](std::string_view bytes) {
      return redactor->redact(bytes).count > 0 ||
             screen->find(bytes, policy::FileScreen::For::all).has_value();
    };
    if (const auto git = capture::git_state(root, options)) {
      capture::exclude_from_git(root);  // the repository may be younger than the workspace
      result.git = redactor->redact_json(capture::to_json(*git)).json;
      result.git_diff = redactor->redact(git->diff).text;
    }
  }
};

Surroundings::Surroundings(std::string workspace_root, const pipeline::Graph& graph,
                           const std::vector<pipeline::InstanceId>& selection,
                           const std::vector<pipeline::StepId>& deferred,
                           engine::Variables variables, const policy::Redactor& redactor,
                           const policy::FileScreen& screen)
    : state_(std::make_unique<State>()) {
  state_->root = std::move(workspace_root);
  state_->variables = std::move(variables);
  state_->redactor = &redactor;
  state_->screen = &screen;
  std::vector<bool> seen_path(graph.path_count());
  std::set<pipeline::StepId> seen_step;
  for (const auto id : selection) {
    // The instances of one step run the same programs: its first one stands for all.
    if (seen_step.insert(graph.step_id(id)).second) {
      for (auto& script : graph.invocation(id).scripts) state_->scripts.insert(std::move(script));
      state_->scripts.insert(graph.step(id).shell->at(0));
    }
    for (const auto path : graph.inputs(id)) {
      if (seen_path[pipeline::index_of(path)] || graph.maker(path)) continue;
      seen_path[pipeline::index_of(path)] = true;
      state_->inputs.emplace_back(graph.path(path));
    }
  }
  // Of steps whose instances come later: the same programs, whatever the values will be.
  for (const auto id : deferred) {
    const auto& step = graph.workflow().step(id);
    for (const auto& run : step.run) {
      std::string script;
      for (const auto& piece : run.pieces)
        script += piece.what == pipeline::Template::What::literal ? piece.text : "x";
      state_->scripts.insert(std::move(script));
    }
    state_->scripts.insert(step.shell->at(0));
  }
}

Surroundings::Surroundings(std::string workspace_root, std::vector<std::string> programs,
                           std::vector<std::string> inputs, engine::Variables variables,
                           const policy::Redactor& redactor, const policy::FileScreen& screen)
    : state_(std::make_unique<State>()) {
  state_->root = std::move(workspace_root);
  state_->programs = std::move(programs);
  state_->inputs = std::move(inputs);
  state_->variables = std::move(variables);
  state_->redactor = &redactor;
  state_->screen = &screen;
}

Surroundings::~Surroundings() {
  state_->cancellation.request();
  if (state_->thread.joinable()) state_->thread.join();
}

void Surroundings::start() {
  state_->thread = std::thread([state = state_.get()] {
    try {
      state->gather();
    } catch (const base::Error& error) {
      // The steps' results are true without it; what is missing is said in the record.
      state->result.environment.set("note", "not complete: " + error.message());
    } catch (...) {
      state->problem = std::current_exception();
    }
  });
}

RunRecorder::Extra Surroundings::finish(const std::vector<std::string>& software_used) {
  auto extra = finish();
  if (!software_used.empty())
    extra.software = software_text(state_->owners.owners_of(software_used));
  return extra;
}

RunRecorder::Extra Surroundings::finish() {
  if (state_->thread.joinable()) state_->thread.join();
  if (state_->problem) std::rethrow_exception(state_->problem);
  return std::move(state_->result);
}

}  // namespace provrun::app
