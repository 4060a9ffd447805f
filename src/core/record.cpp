#include "provrun/core/record.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <tuple>
#include <utility>

#include "execution_json.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/zstd.hpp"
#include "provrun/core/links.hpp"

namespace provrun::core {

using codec::Json;

namespace {

template <typename Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<StepState, 5> kStepStates{{{StepState::executed, "executed"},
                                           {StepState::reused, "reused"},
                                           {StepState::up_to_date, "up_to_date"},
                                           {StepState::failed, "failed"},
                                           {StepState::skipped, "skipped"}}};
constexpr Names<RunState, 4> kRunStates{{{RunState::running, "running"},
                                         {RunState::completed, "completed"},
                                         {RunState::failed, "failed"},
                                         {RunState::interrupted, "interrupted"}}};
constexpr Names<TraceMode, 6> kTraceModes{{{TraceMode::automatic, "auto"},
                                           {TraceMode::off, "off"},
                                           {TraceMode::preload_notify, "preload+notify"},
                                           {TraceMode::notify, "notify"},
                                           {TraceMode::ptrace, "ptrace"},
                                           {TraceMode::preload, "preload"}}};
constexpr Names<Grade, 3> kGrades{
    {{Grade::traced, "traced"}, {Grade::partial, "partial"}, {Grade::declared, "declared"}}};

template <typename Enum, std::size_t N>
std::string_view find_name(const Names<Enum, N>& names, Enum value) {
  for (const auto& [candidate, name] : names)
    if (candidate == value) return name;
  return {};
}

template <typename Enum, std::size_t N>
std::optional<Enum> find_value(const Names<Enum, N>& names, std::string_view text) {
  for (const auto& [value, name] : names)
    if (name == text) return value;
  return std::nullopt;
}

template <typename Enum, std::size_t N>
Enum read_enum(const Names<Enum, N>& names, const Json& object, std::string_view member) {
  const auto& text = object.at(member).as_string();
  const auto value = find_value(names, text);
  if (!value)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("unknown {} '{}' in a record", member, base::printable(text)));
  return *value;
}

base::Timestamp read_time(const Json& object, std::string_view member) {
  const auto time = base::parse_timestamp(object.at(member).as_string());
  if (!time)
    throw base::Error(base::ErrorCode::invalid_input, base::format("'{}' is not a time", member));
  return *time;
}

hash::Digest read_digest(const Json& object, std::string_view member) {
  const auto digest = hash::parse_digest(object.at(member).as_string());
  if (!digest)
    throw base::Error(base::ErrorCode::invalid_input,
                      base::format("'{}' is not a SHA-256", member));
  return *digest;
}

base::Uuid read_uuid(const Json& object, std::string_view member) {
  const auto uuid = base::parse_uuid(object.at(member).as_string());
  if (!uuid)
    throw base::Error(base::ErrorCode::invalid_input, base::format("'{}' is not a UUID", member));
  return *uuid;
}

void check_schema(const Json& json, std::string_view expected) {
  const auto& schema = json.at("schema").as_string();
  if (schema != expected)
    throw base::Error(base::ErrorCode::unsupported,
                      base::format("this record has schema {}, known is {}", schema, expected))
        .hint("a newer provrun wrote it; update this one");
}

Json artifacts_to_json(std::span<const Artifact> artifacts) {
  Json array = Json::array();
  for (const auto& artifact : artifacts) array.push_back(to_json(artifact));
  return array;
}

std::vector<Artifact> artifacts_from_json(const Json& object, std::string_view member) {
  std::vector<Artifact> artifacts;
  if (const auto* array = object.find(member))
    for (const auto& element : array->as_array()) artifacts.push_back(artifact_from_json(element));
  return artifacts;
}

Json strings_to_json(const std::vector<std::string>& strings) {
  Json array = Json::array();
  for (const auto& text : strings) array.push_back(text);
  return array;
}

std::vector<std::string> strings_from_json(const Json& object, std::string_view member) {
  std::vector<std::string> strings;
  if (const auto* array = object.find(member))
    for (const auto& element : array->as_array()) strings.push_back(element.as_string());
  return strings;
}

// Microseconds are all that rusage gives; more digits would be noise in the record.
Json seconds(double value) {
  return std::round(value * 1e6) / 1e6;
}

Json to_json(const Attempt& attempt) {
  Json json = Json::object({{"started", attempt.started.to_rfc3339()},
                            {"ended", attempt.ended.to_rfc3339()},
                            {"duration_s", seconds(attempt.started.seconds_until(attempt.ended))},
                            {"exit_code", attempt.exit_code}});
  if (attempt.signal != 0) json.set("signal", attempt.signal);
  if (attempt.timed_out) json.set("timed_out", true);
  if (attempt.out_of_memory) json.set("out_of_memory", true);
  if (attempt.left_processes) json.set("left_processes", true);
  if (!attempt.start_error.empty()) json.set("start_error", attempt.start_error);
  json.set("cpu_user_s", seconds(attempt.cpu_user_s));
  json.set("cpu_system_s", seconds(attempt.cpu_system_s));
  if (attempt.max_rss_bytes > 0) json.set("max_rss_bytes", attempt.max_rss_bytes);
  if (attempt.memory_limit_bytes > 0)
    json.set("memory_limit", Json::object({{"bytes", attempt.memory_limit_bytes},
                                           {"by", attempt.memory_limit_by}}));
  return json;
}

Attempt attempt_from_json(const Json& json) {
  Attempt attempt;
  attempt.started = read_time(json, "started");
  attempt.ended = read_time(json, "ended");
  attempt.exit_code = static_cast<int>(json.at("exit_code").as_integer());
  attempt.signal = static_cast<int>(json.get_integer("signal"));
  attempt.timed_out = json.get_bool("timed_out");
  attempt.out_of_memory = json.get_bool("out_of_memory");
  attempt.left_processes = json.get_bool("left_processes");
  attempt.start_error = json.get_string("start_error");
  attempt.cpu_user_s = json.at("cpu_user_s").as_double();
  attempt.cpu_system_s = json.at("cpu_system_s").as_double();
  attempt.max_rss_bytes = static_cast<std::uint64_t>(json.get_integer("max_rss_bytes"));
  if (const auto* limit = json.find("memory_limit")) {
    attempt.memory_limit_bytes = static_cast<std::uint64_t>(limit->get_integer("bytes"));
    attempt.memory_limit_by = limit->get_string("by");
  }
  return attempt;
}

Json to_json(const Round& round) {
  Json json = Json::object({{"attempt", std::uint64_t{round.attempt}},
                            {"started", round.started.to_rfc3339()},
                            {"ended", round.ended.to_rfc3339()}});
  if (round.until) json.set("until", *round.until);
  json.set("outputs", artifacts_to_json(round.outputs));
  return json;
}

Round round_from_json(const Json& json) {
  Round round;
  round.attempt = static_cast<std::uint32_t>(json.at("attempt").as_integer());
  round.started = read_time(json, "started");
  round.ended = read_time(json, "ended");
  if (const auto* until = json.find("until")) round.until = static_cast<int>(until->as_integer());
  round.outputs = artifacts_from_json(json, "outputs");
  return round;
}

std::vector<std::string> paths_from_json(const Json& object, std::string_view member) {
  auto paths = strings_from_json(object, member);
  for (auto& path : paths) path = unescape_word(path);
  return paths;
}

void set_paths(Json& object, std::string_view member, const std::vector<std::string>& paths) {
  if (paths.empty()) return;
  Json array = Json::array();
  for (const auto& path : paths) array.push_back(escape_word(path));
  object.set(member, std::move(array));
}

Json to_json(const Observed& observed, std::size_t left_out) {
  Json json = Json::object({{"mechanism", observed.mechanism}});
  if (!observed.access_sets.empty()) {
    Json sets = Json::array();
    for (const auto& id : observed.access_sets) sets.push_back(id.digest.to_hex());
    json.set("access_sets", std::move(sets));
  }
  if (!observed.accesses.empty()) {
    Json lines = Json::array();
    for (const auto& access : observed.accesses) lines.push_back(line_of(access));
    json.set("accesses", std::move(lines));
  }
  if (left_out > 0)
    json.set(kInputsLeftOut, std::uint64_t{left_out});
  else
    set_paths(json, "undeclared_inputs", observed.undeclared_inputs);
  set_paths(json, "undeclared_outputs", observed.undeclared_outputs);
  set_paths(json, "unused_inputs", observed.unused_inputs);
  set_paths(json, "unused_outputs", observed.unused_outputs);
  if (!observed.processes.empty()) {
    Json processes = Json::array();
    for (const auto& process : observed.processes)
      processes.push_back(Json::object({{"id", std::uint64_t{process.id}},
                                        {"parent", std::uint64_t{process.parent}},
                                        {"program", escape_word(process.program)}}));
    json.set("processes", std::move(processes));
    json.set("process_count", observed.process_count);
  }
  set_paths(json, "network", observed.network);
  if (observed.search_path) json.set("search_path", escape_word(*observed.search_path));
  return json;
}

Observed observed_from_json(const Json& json) {
  Observed observed;
  observed.mechanism = json.at("mechanism").as_string();
  for (const auto& text : strings_from_json(json, "access_sets")) {
    const auto digest = hash::parse_digest(text);
    if (!digest)
      throw base::Error(base::ErrorCode::invalid_input, "'access_sets' has what is no SHA-256");
    observed.access_sets.push_back({*digest});
  }
  for (const auto& line : strings_from_json(json, "accesses"))
    observed.accesses.push_back(parse_access_line(line));
  observed.undeclared_inputs = paths_from_json(json, "undeclared_inputs");
  observed.undeclared_outputs = paths_from_json(json, "undeclared_outputs");
  observed.unused_inputs = paths_from_json(json, "unused_inputs");
  observed.unused_outputs = paths_from_json(json, "unused_outputs");
  if (const auto* processes = json.find("processes"))
    for (const auto& process : processes->as_array())
      observed.processes.push_back({static_cast<std::uint32_t>(process.at("id").as_integer()),
                                    static_cast<std::uint32_t>(process.at("parent").as_integer()),
                                    unescape_word(process.at("program").as_string())});
  observed.process_count = static_cast<std::uint64_t>(json.get_integer("process_count"));
  observed.network = paths_from_json(json, "network");
  if (const auto* path = json.find("search_path"))
    observed.search_path = unescape_word(path->as_string());
  return observed;
}

Evidence evidence(const Execution& execution, std::string_view path,
                  const std::vector<std::string>& undeclared,
                  const std::vector<std::string>& unused) {
  if (execution.observed.mechanism.empty()) return Evidence::declared;
  if (std::binary_search(undeclared.begin(), undeclared.end(), path)) return Evidence::observed;
  if (std::binary_search(unused.begin(), unused.end(), path)) return Evidence::declared;
  return Evidence::both;
}

}  // namespace

std::vector<Artifact> versions_made(const Execution& execution) {
  auto versions = execution.outputs;
  for (const auto& round : execution.rounds)
    versions.insert(versions.end(), round.outputs.begin(), round.outputs.end());
  const auto less = [](const Artifact& a, const Artifact& b) {
    return std::tie(a.path, a.content.digest.bytes) < std::tie(b.path, b.content.digest.bytes);
  };
  const auto same = [](const Artifact& a, const Artifact& b) {
    return a.path == b.path && a.content == b.content;
  };
  if (!std::is_sorted(versions.begin(), versions.end(), less))
    std::sort(versions.begin(), versions.end(), less);
  versions.erase(std::unique(versions.begin(), versions.end(), same), versions.end());
  return versions;
}

Evidence evidence_of_input(const Execution& execution, std::string_view path) {
  return evidence(execution, path, execution.observed.undeclared_inputs,
                  execution.observed.unused_inputs);
}
Evidence evidence_of_output(const Execution& execution, std::string_view path) {
  return evidence(execution, path, execution.observed.undeclared_outputs,
                  execution.observed.unused_outputs);
}

std::string_view name_of(StepState state) {
  return find_name(kStepStates, state);
}
std::optional<StepState> parse_step_state(std::string_view name) {
  return find_value(kStepStates, name);
}
std::string_view name_of(RunState state) {
  return find_name(kRunStates, state);
}
std::optional<RunState> parse_run_state(std::string_view name) {
  return find_value(kRunStates, name);
}
std::string_view name_of(TraceMode mode) {
  return find_name(kTraceModes, mode);
}
std::optional<TraceMode> parse_trace_mode(std::string_view name) {
  return find_value(kTraceModes, name);
}

std::string_view name_of(Grade grade) {
  return find_name(kGrades, grade);
}
std::optional<Grade> parse_grade(std::string_view name) {
  return find_value(kGrades, name);
}

std::optional<ContentId> parse_content_id(std::string_view text) {
  const auto colon = text.find(':');
  const auto kind = text.substr(0, colon == std::string_view::npos ? 0 : colon + 1);
  const bool keyed = kind == "hmac-sha256:";
  if (!kind.empty() && !keyed && kind != "sha256:") return std::nullopt;
  const auto digest = hash::parse_digest(text.substr(kind.size()));
  if (!digest) return std::nullopt;
  return ContentId{*digest, keyed};
}

void set_path(Json& object, std::string_view path) {
  object.set("path", Json(path));
  if (!base::is_valid_utf8(path)) object.set("path_base64", codec::to_base64(path));
}

std::string get_path(const Json& object) {
  if (const auto* bytes = object.find("path_base64")) return codec::from_base64(bytes->as_string());
  return object.at("path").as_string();
}

Json to_json(const Artifact& artifact) {
  Json json = Json::object();
  set_path(json, artifact.path);
  json.set("content", artifact.content.to_string());
  json.set("size", artifact.size);
  json.set("mode", base::format("{:04o}", artifact.mode & kPermissionBits));
  if (is_link(artifact)) json.set("link", true);
  return json;
}

Artifact artifact_from_json(const Json& json) {
  Artifact artifact;
  artifact.path = get_path(json);
  const auto content = parse_content_id(json.at("content").as_string());
  if (!content) throw base::Error(base::ErrorCode::invalid_input, "'content' is not a content id");
  artifact.content = *content;
  artifact.size = static_cast<std::uint64_t>(json.at("size").as_integer());
  artifact.mode = 0;
  for (const char digit : json.at("mode").as_string()) {
    if (digit < '0' || digit > '7')
      throw base::Error(base::ErrorCode::invalid_input, "'mode' is not octal");
    artifact.mode = (artifact.mode * 8 + static_cast<std::uint32_t>(digit - '0')) & kPermissionBits;
  }
  if (const auto* link = json.find("link"); link != nullptr && link->as_bool())
    artifact.mode |= kLinkMode;
  return artifact;
}

Json to_json(const Reason& reason) {
  Json json = Json::object({{"kind", reason.kind}, {"what", reason.what}});
  if (!reason.before.empty()) json.set("before", reason.before);
  if (!reason.after.empty()) json.set("after", reason.after);
  return json;
}

Reason reason_from_json(const Json& json) {
  return {json.get_string("kind"), json.get_string("what"), json.get_string("before"),
          json.get_string("after")};
}

Json to_json(const Execution& execution) {
  return execution_json(execution, 0);
}

Json execution_json(const Execution& execution, std::size_t left_out) {
  Json json = Json::object({{"type", "execution"},
                            {"schema", kExecutionSchema},
                            {"id", execution.id.to_string()},
                            {"step", execution.step},
                            {"state", name_of(execution.state)},
                            {"step_key", execution.step_key.to_hex()}});
  if (!execution.key.is_null()) json.set("key", execution.key);
  if (!execution.reason.kind.empty()) json.set("reason", to_json(execution.reason));
  if (!execution.attempts.empty()) {
    Json attempts = Json::array();
    for (const auto& attempt : execution.attempts) attempts.push_back(to_json(attempt));
    json.set("attempts", std::move(attempts));
  }
  if (!execution.rounds.empty()) {
    Json rounds = Json::array();
    for (const auto& round : execution.rounds) rounds.push_back(to_json(round));
    json.set("rounds", std::move(rounds));
  }
  json.set("inputs", artifacts_to_json(
                         std::span(execution.inputs).first(execution.inputs.size() - left_out)));
  json.set("outputs", artifacts_to_json(execution.outputs));
  if (execution.reused_from) json.set("reused_from", execution.reused_from->to_string());
  if (execution.log) json.set("log", to_json(*execution.log));
  json.set("grade", name_of(execution.grade));
  if (!execution.grade_reason.empty()) json.set("grade_reason", execution.grade_reason);
  if (!execution.observed.mechanism.empty())
    json.set("observation", to_json(execution.observed, left_out));
  if (!execution.inputs_changed.empty())
    json.set("inputs_changed_during_run", strings_to_json(execution.inputs_changed));
  if (!execution.failure.empty()) json.set("failure", execution.failure);
  return json;
}

Execution execution_from_json(const Json& json) {
  check_schema(json, kExecutionSchema);
  Execution execution;
  execution.id.uuid = read_uuid(json, "id");
  execution.step = json.at("step").as_string();
  execution.state = read_enum(kStepStates, json, "state");
  execution.step_key = read_digest(json, "step_key");
  if (const auto* key = json.find("key")) execution.key = *key;
  if (const auto* reason = json.find("reason")) execution.reason = reason_from_json(*reason);
  if (const auto* attempts = json.find("attempts"))
    for (const auto& attempt : attempts->as_array())
      execution.attempts.push_back(attempt_from_json(attempt));
  if (const auto* rounds = json.find("rounds"))
    for (const auto& round : rounds->as_array()) execution.rounds.push_back(round_from_json(round));
  execution.inputs = artifacts_from_json(json, "inputs");
  execution.outputs = artifacts_from_json(json, "outputs");
  if (json.find("reused_from") != nullptr)
    execution.reused_from = ExecutionId{read_uuid(json, "reused_from")};
  if (const auto* log = json.find("log")) execution.log = artifact_from_json(*log);
  execution.grade = read_enum(kGrades, json, "grade");
  execution.grade_reason = json.get_string("grade_reason");
  if (const auto* observation = json.find("observation"))
    execution.observed = observed_from_json(*observation);
  execution.inputs_changed = strings_from_json(json, "inputs_changed_during_run");
  execution.failure = json.get_string("failure");
  return execution;
}

void StepCounts::add(StepState state) {
  switch (state) {
    case StepState::executed:
      ++executed;
      break;
    case StepState::reused:
      ++reused;
      break;
    case StepState::up_to_date:
      ++up_to_date;
      break;
    case StepState::failed:
      ++failed;
      break;
    case StepState::skipped:
      ++skipped;
      break;
  }
}

Json to_json(const RunRecord& record) {
  Json json = Json::object({{"type", "run"},
                            {"schema", kRunSchema},
                            {"run", record.id.to_string()},
                            {"workflow", record.workflow},
                            {"state", name_of(record.state)},
                            {"started", record.started.to_rfc3339()},
                            {"ended", record.ended.to_rfc3339()},
                            {"user", record.user},
                            {"host", record.host},
                            {"trigger", strings_to_json(record.trigger)}});
  if (record.pipeline) json.set("pipeline", to_json(*record.pipeline));
  json.set("configuration", artifacts_to_json(record.configuration));
  json.set("targets", strings_to_json(record.targets));
  json.set("overrides", strings_to_json(record.overrides));
  json.set("parameters", record.parameters);
  json.set("config_hash", record.config_hash.to_hex());
  json.set("environment", record.environment);
  json.set("git", record.git);
  json.set("counts", Json::object({{"executed", record.counts.executed},
                                   {"reused", record.counts.reused},
                                   {"up_to_date", record.counts.up_to_date},
                                   {"failed", record.counts.failed},
                                   {"skipped", record.counts.skipped}}));
  if (!record.withheld.empty()) {
    Json files = Json::array();
    for (const auto& one : record.withheld) {
      Json file = to_json(one.file);
      file.set("holds", one.holds);
      files.push_back(std::move(file));
    }
    json.set("withheld", std::move(files));
  }
  if (!record.failure.empty()) json.set("failure", record.failure);
  json.set("tool_version", record.tool_version);
  return json;
}

RunRecord run_record_from_json(const Json& json) {
  check_schema(json, kRunSchema);
  RunRecord record;
  record.id.uuid = read_uuid(json, "run");
  record.workflow = json.at("workflow").as_string();
  record.state = read_enum(kRunStates, json, "state");
  record.started = read_time(json, "started");
  record.ended = read_time(json, "ended");
  record.user = json.get_string("user");
  record.host = json.get_string("host");
  record.trigger = strings_from_json(json, "trigger");
  if (const auto* pipeline = json.find("pipeline")) record.pipeline = artifact_from_json(*pipeline);
  record.configuration = artifacts_from_json(json, "configuration");
  record.targets = strings_from_json(json, "targets");
  record.overrides = strings_from_json(json, "overrides");
  record.parameters = json.at("parameters");
  record.config_hash = read_digest(json, "config_hash");
  record.environment = json.at("environment");
  record.git = json.at("git");
  const auto& counts = json.at("counts");
  const auto count = [&](std::string_view name) {
    return static_cast<std::uint64_t>(counts.at(name).as_integer());
  };
  record.counts = {count("executed"), count("reused"), count("up_to_date"), count("failed"),
                   count("skipped")};
  if (const auto* files = json.find("withheld"))
    for (const auto& file : files->as_array())
      record.withheld.push_back({artifact_from_json(file), file.get_string("holds")});
  record.failure = json.get_string("failure");
  record.tool_version = json.get_string("tool_version");
  return record;
}

}  // namespace provrun::core
