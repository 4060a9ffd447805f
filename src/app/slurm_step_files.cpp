#include "slurm_step_files.hpp"

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/json.hpp"

namespace provrun::app {

namespace {

using codec::Json;

// Bytes that are not UTF-8 stay what they are.
Json words_to_json(const std::vector<std::string>& words) {
  Json list = Json::array();
  for (const auto& word : words) list.push_back(core::escape_word(word));
  return list;
}

std::vector<std::string> words_from_json(const Json& json) {
  std::vector<std::string> words;
  for (const auto& word : json.as_array()) words.push_back(core::unescape_word(word.as_string()));
  return words;
}

}  // namespace

std::string job_text(const core::Job& job) {
  std::vector<std::string> names;
  for (const auto& [name, value] : job.environment) names.push_back(name);
  Json json = Json::object({{"scripts", words_to_json(job.scripts)},
                            {"shell", words_to_json(job.shell)},
                            {"plain_shell", job.plain_shell},
                            {"until", core::escape_word(job.until)},
                            {"arguments", words_to_json(job.arguments)},
                            {"directory", core::escape_word(job.working_directory)},
                            {"workspace", core::escape_word(job.workspace)},
                            {"stdin", core::escape_word(job.stdin_path)},
                            {"stdout", core::escape_word(job.stdout_path)},
                            {"stderr", core::escape_word(job.stderr_path)},
                            {"trace", core::name_of(job.trace)},
                            {"environment", words_to_json(names)}});
  if (job.time_limit) json.set("time_limit_ns", static_cast<std::int64_t>(job.time_limit->count()));
  if (job.memory_limit) json.set("memory_limit", *job.memory_limit);
  return json.dump() + "\n";
}

core::Job parse_job(std::string_view text) {
  const auto json = codec::parse_json(text);
  const auto word = [&](std::string_view name) {
    return core::unescape_word(json.at(name).as_string());
  };
  core::Job job;
  job.scripts = words_from_json(json.at("scripts"));
  job.shell = words_from_json(json.at("shell"));
  job.plain_shell = json.at("plain_shell").as_bool();
  job.until = word("until");
  job.arguments = words_from_json(json.at("arguments"));
  job.working_directory = word("directory");
  job.workspace = word("workspace");
  job.stdin_path = word("stdin");
  job.stdout_path = word("stdout");
  job.stderr_path = word("stderr");
  const auto mode = core::parse_trace_mode(json.at("trace").as_string());
  if (!mode) throw base::Error(base::ErrorCode::invalid_input, "an unknown way to observe");
  job.trace = *mode;
  for (auto& name : words_from_json(json.at("environment")))
    job.environment.emplace_back(std::move(name), std::string());
  if (const auto* limit = json.find("time_limit_ns"))
    job.time_limit = std::chrono::nanoseconds(limit->as_integer());
  if (const auto* limit = json.find("memory_limit"))
    job.memory_limit = static_cast<std::uint64_t>(limit->as_integer());
  return job;
}

// An execution's record has all that is to be told of an attempt.
std::string result_text(const core::JobResult& result) {
  core::Execution execution;
  execution.step = "step";
  execution.state =
      result.attempt.succeeded() ? core::StepState::executed : core::StepState::failed;
  execution.key = Json::object();
  execution.attempts = {result.attempt};
  execution.grade = result.observation.grade;
  execution.grade_reason = result.observation.reason;
  execution.observed.mechanism = result.observation.mechanism;
  execution.observed.accesses = result.observation.accesses;
  execution.observed.processes = result.observation.processes;
  execution.observed.process_count = result.observation.processes.size();
  execution.observed.network = result.observation.network;
  Json json = Json::object({{"execution", core::to_json(execution)}});
  if (result.until) json.set("until", *result.until);
  return json.dump() + "\n";
}

core::JobResult parse_result(std::string_view text) {
  const auto json = codec::parse_json(text);
  auto execution = core::execution_from_json(json.at("execution"));
  if (execution.attempts.size() != 1)
    throw base::Error(base::ErrorCode::invalid_input, "it tells of no attempt");
  core::JobResult result;
  result.attempt = std::move(execution.attempts[0]);
  if (const auto* until = json.find("until")) result.until = static_cast<int>(until->as_integer());
  auto& seen = result.observation;
  seen.grade = execution.grade;
  seen.reason = std::move(execution.grade_reason);
  seen.mechanism = std::move(execution.observed.mechanism);
  seen.accesses = std::move(execution.observed.accesses);
  seen.processes = std::move(execution.observed.processes);
  seen.network = std::move(execution.observed.network);
  return result;
}

}  // namespace provrun::app
