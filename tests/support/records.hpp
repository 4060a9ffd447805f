#pragma once

#include <string>
#include <utility>
#include <vector>

#include "provrun/core/record.hpp"

// Small records for tests of lineage and catalog.
namespace provrun::records {

inline core::ContentId content(const std::string& text) {
  return {hash::sha256(text)};
}

inline base::Uuid uuid(std::int64_t ms, std::uint8_t last) {
  return base::make_uuid_v7({ms * 1'000'000}, {0, 0, 0, 0, 0, 0, 0, 0, 0, last});
}

/// path and text of each artifact
using Files = std::vector<std::pair<std::string, std::string>>;

inline std::vector<core::Artifact> artifacts(const Files& files) {
  std::vector<core::Artifact> result;
  for (const auto& [path, text] : files) result.push_back({path, content(text), text.size(), 0644});
  return result;
}

inline core::Execution execution(std::uint8_t number, const std::string& step,
                                 std::int64_t started_ms, std::int64_t ended_ms,
                                 const Files& inputs, const Files& outputs) {
  core::Execution made;
  made.id.uuid = uuid(started_ms, number);
  made.step = step;
  made.step_key =
      hash::sha256(step + std::to_string(inputs.size()) + (inputs.empty() ? "" : inputs[0].second));
  core::Attempt attempt;
  attempt.started = {started_ms * 1'000'000};
  attempt.ended = {ended_ms * 1'000'000};
  made.attempts.push_back(attempt);
  made.inputs = artifacts(inputs);
  made.outputs = artifacts(outputs);
  return made;
}

inline core::RunRecord run(std::uint8_t number, std::int64_t started_ms,
                           const std::string& workflow = "flow") {
  core::RunRecord record;
  record.id.uuid = uuid(started_ms, number);
  record.workflow = workflow;
  record.state = core::RunState::completed;
  record.started = {started_ms * 1'000'000};
  record.ended = {(started_ms + 500) * 1'000'000};
  record.user = "ada";
  record.host = "lab1";
  record.git = codec::Json::object({{"commit", "abc123"}, {"dirty", true}});
  return record;
}

}  // namespace provrun::records
