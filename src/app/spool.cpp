#include "provrun/app/spool.hpp"

#include <cstdlib>
#include <unordered_map>

#include "kept_files.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/random.hpp"
#include "spool_names.hpp"

// The entry as files: `started`, what was kept, and last of all `ended`.
namespace provrun::app {

namespace {

using codec::Json;

Json writer_to_json(const SpoolWriter& writer) {
  Json json = Json::object({{"type", "writer"},
                            {"format", kSpoolFormat},
                            {"host", writer.host},
                            {"boot", writer.boot},
                            {"process", writer.process},
                            {"start_ticks", static_cast<std::int64_t>(writer.start_ticks)}});
  if (!writer.slurm_job.empty())
    json.set("slurm_job", writer.slurm_job).set("slurm_restart", writer.slurm_restart);
  if (!writer.group.empty()) json.set("group", writer.group);
  if (!writer.repository.empty()) json.set("repository", writer.repository);
  return json;
}

SpoolWriter writer_from_json(const Json& json) {
  if (json.get_string("format") != kSpoolFormat)
    throw base::Error(
        base::ErrorCode::unsupported,
        base::format("its format is '{}'", base::printable(json.get_string("format"))))
        .hint("a newer provrun reads it");
  SpoolWriter writer;
  writer.host = json.at("host").as_string();
  writer.boot = json.at("boot").as_string();
  writer.process = static_cast<int>(json.at("process").as_integer());
  writer.start_ticks = static_cast<unsigned long long>(json.at("start_ticks").as_integer());
  writer.slurm_job = json.get_string("slurm_job");
  writer.slurm_restart = static_cast<int>(json.get_integer("slurm_restart"));
  writer.group = json.get_string("group");
  writer.repository = json.get_string("repository");
  return writer;
}

std::string lines_of(const SpoolWriter& writer, const core::RunRecord& record,
                     const core::Execution& execution) {
  auto text = writer_to_json(writer).dump() + "\n" + core::to_json(record).dump() + "\n";
  for (const auto& set : execution.observed.bodies)
    text += Json::object({{"type", "access_set"}, {"text", core::text_of(*set)}}).dump() + "\n";
  return text + core::to_stored_json(execution).dump() + "\n";
}

}  // namespace

std::string ended_text(const SpoolWriter& writer, const core::RunRecord& record,
                       const core::Execution& execution, const RunRecorder::Extra& extra) {
  Json end = Json::object({{"type", "end"}});
  if (!extra.git_diff.empty()) end.set("git_diff", extra.git_diff);
  if (!extra.software.empty()) end.set("software", extra.software);
  auto whole = record;
  whole.environment = extra.environment;
  whole.git = extra.git;
  return lines_of(writer, whole, execution) + end.dump() + "\n";
}

SpoolEntry::SpoolEntry(const Workspace& workspace, SpoolWriter writer,
                       const core::RunRecord& record, const core::Execution& execution)
    : spool_(workspace.spool_directory()),
      directory_(spool_ + "/" + execution.id.to_string()),
      writer_(std::move(writer)) {
  os::make_directories(directory_, 0700);
  os::write_file_atomically(directory_ + "/" + std::string(kStartedFile),
                            lines_of(writer_, record, execution), os::Durability::synced);
  os::sync_directory(spool_);
}

void SpoolEntry::keep(const core::Artifact& artifact, const std::string& path) {
  try {
    os::make_directories(directory_, 0700);
    keep_copy_of(artifact, path, directory_ + "/" + kept_name(artifact.content));
  } catch (const base::Error& error) {
    if (error.code() == base::ErrorCode::no_space) throw;
    // Somebody has changed or removed it: its content stays known, its bytes do not.
  }
}

void SpoolEntry::keep_log(const std::string& text) {
  os::make_directories(directory_, 0700);
  os::write_file_atomically(directory_ + "/" + std::string(kLogFile), text, os::Durability::synced);
}

void SpoolEntry::end(const core::RunRecord& record, const core::Execution& execution,
                     const RunRecorder::Extra& extra) {
  const auto text = ended_text(writer_, record, execution, extra);
  os::make_directories(directory_, 0700);
  if (!os::create_if_absent(directory_ + "/" + std::string(kEndedFile), text,
                            os::Durability::synced, 0600)) {
    // Somebody has recorded already that it was lost. It was not: this is another entry.
    const auto again = spool_ + "/" + os::new_uuid().to_string();
    os::make_directories(again, 0700);
    for (const auto& entry : os::list_directory(directory_))
      if (entry.name != kStartedFile && entry.name != kEndedFile)
        os::rename_file(os::join_path(directory_, entry.name), os::join_path(again, entry.name));
    os::create_if_absent(again + "/" + std::string(kEndedFile), text, os::Durability::synced, 0600);
  }
  os::sync_directory(spool_);
}

std::string spooled_bytes(const std::string& entry, const core::Artifact& artifact) {
  auto path = entry + "/" + kept_name(artifact.content);
  return os::lstat_file(path) ? path : std::string();
}

SpooledExecution parse_spooled(std::string_view text) {
  SpooledExecution result;
  std::unordered_map<core::ContentId, core::AccessSetPtr> sets;
  bool written = false;
  bool headed = false;
  bool told = false;
  for (const auto line : base::split(text, '\n')) {
    if (line.empty()) continue;
    const auto json = codec::parse_json(line);
    const auto type = json.get_string("type");
    if (type == "writer") {
      result.writer = writer_from_json(json);
      written = true;
    } else if (type == "run") {
      result.record = core::run_record_from_json(json);
      result.extra.environment = std::exchange(result.record.environment, {});
      result.extra.git = std::exchange(result.record.git, {});
      headed = true;
    } else if (type == "access_set") {
      auto set = std::make_shared<core::AccessSet>(core::parse_access_set(json.get_string("text")));
      sets.emplace(set->id, std::move(set));
    } else if (type == "end") {
      result.extra.git_diff = json.get_string("git_diff");
      result.extra.software = json.get_string("software");
    } else {
      const auto body = [&](const core::ContentId& id) {
        const auto found = sets.find(id);
        return found != sets.end() ? found->second : nullptr;
      };
      result.execution = core::execution_from_stored_json(json, body);
      for (const auto& id : result.execution.observed.access_sets)
        if (const auto set = body(id)) result.execution.observed.bodies.push_back(set);
      told = true;
    }
  }
  if (!written || !headed || !told)
    throw base::Error(base::ErrorCode::invalid_input, "it is not complete");
  return result;
}

std::size_t count_spooled(const Workspace& workspace) {
  const auto spool = workspace.spool_directory();
  std::size_t count = 0;
  if (!os::lstat_file(spool)) return count;
  for (const auto& entry : os::list_directory(spool))
    if (base::parse_uuid(entry.name) &&
        os::lstat_file(os::join_path(os::join_path(spool, entry.name), kEndedFile)))
      ++count;
  return count;
}

SpoolWriter this_spool_writer(const engine::Variables& variables) {
  const auto value = [&](const char* name) {
    const auto found = variables.find(name);
    return found != variables.end() ? found->second : std::string();
  };
  SpoolWriter writer;
  writer.host = os::host_name();
  writer.boot = os::boot_id();
  writer.process = os::process_id();
  writer.start_ticks = os::process_start_ticks(writer.process).value_or(0);
  writer.slurm_job = value("SLURM_JOB_ID");
  if (writer.slurm_job.empty()) return writer;
  writer.slurm_restart = std::atoi(value("SLURM_RESTART_COUNT").c_str());
  auto whole = value("SLURM_ARRAY_JOB_ID");
  if (whole.empty()) whole = writer.slurm_job;
  writer.group = "slurm:" + value("SLURM_CLUSTER_NAME") + ":" + whole;
  return writer;
}

}  // namespace provrun::app
