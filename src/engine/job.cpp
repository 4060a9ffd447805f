#include "job.hpp"

namespace provrun::engine {

core::Job job_of(const pipeline::Graph& graph, pipeline::InstanceId id, const Variables& variables,
                 const Options& options) {
  const auto& step = graph.step(id);
  auto invocation = graph.invocation(id);
  core::Job job;
  job.token = static_cast<std::uint32_t>(pipeline::index_of(id));
  job.shell = *step.shell;
  job.plain_shell = step.shell_is_default;
  job.working_directory = invocation.directory == "."
                              ? options.workspace
                              : options.workspace + "/" + invocation.directory;
  job.environment = environment_of(step, invocation, variables).process;
  // Tells a provrun inside of the step where it is.
  job.environment.emplace_back(std::string(kWorkspaceVariable), options.workspace);
  // Stream paths are relative to the workspace, the job's to its working directory.
  const auto full = [&](const std::optional<pipeline::PathId>& path) {
    if (!path) return std::string();
    const std::string name(graph.path(*path));
    return name.starts_with('/') ? name : options.workspace + "/" + name;
  };
  job.stdin_path = full(invocation.standard_input);
  job.stdout_path = full(invocation.standard_output);
  job.stderr_path = full(invocation.standard_error);
  job.scripts = std::move(invocation.scripts);
  job.until = std::move(invocation.until);
  job.streams = options.streams;
  job.workspace = options.workspace;
  if (!step.traced) job.trace = core::TraceMode::off;
  return job;
}

}  // namespace provrun::engine
