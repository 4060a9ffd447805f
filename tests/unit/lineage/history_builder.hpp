#pragma once

#include <string>
#include <utility>
#include <vector>

#include "provrun/base/format.hpp"
#include "provrun/lineage/memory_edges.hpp"
#include "provrun/lineage/query.hpp"

namespace provrun::test {

using Files = std::vector<std::pair<std::string, std::string>>;  ///< path and its bytes

inline core::ContentId content(std::string_view bytes) {
  return core::ContentId{hash::sha256(bytes)};
}

inline core::Artifact artifact(const std::string& path, const std::string& bytes) {
  return {path, content(bytes), bytes.size(), 0644};
}

template <typename Id>
Id id_of(int number) {
  Id id;
  id.uuid.bytes[14] = static_cast<std::uint8_t>(number >> 8);
  id.uuid.bytes[15] = static_cast<std::uint8_t>(number);
  return id;
}

inline core::ExecutionId execution_id(int number) {
  return id_of<core::ExecutionId>(number);
}

inline core::RunId run_id(int number) {
  return id_of<core::RunId>(number + 0x4000);
}

/// An execution that lasts from `start` to `end`, in seconds.
inline core::Execution execution(int number, const std::string& step, int start, int end,
                                 const Files& inputs, const Files& outputs) {
  core::Execution made;
  made.id = execution_id(number);
  made.step = step;
  core::Attempt attempt;
  attempt.started.nanoseconds = start * 1'000'000'000LL;
  attempt.ended.nanoseconds = end * 1'000'000'000LL;
  made.attempts.push_back(attempt);
  for (const auto& [path, bytes] : inputs) made.inputs.push_back(artifact(path, bytes));
  for (const auto& [path, bytes] : outputs) made.outputs.push_back(artifact(path, bytes));
  return made;
}

/// "1 fit used data.csv", one per edge; the number is the depth.
inline std::vector<std::string> as_text(const std::vector<lineage::Edge>& edges) {
  std::vector<std::string> lines;
  for (const auto& edge : edges) {
    auto what = edge.path;
    if (edge.source) what += " from " + edge.source->path;
    if (edge.earlier) what = base::format("{}", static_cast<int>(edge.earlier->uuid.bytes[15]));
    lines.push_back(
        base::format("{} {} {} {}", edge.depth, edge.step, lineage::name_of(edge.relation), what));
  }
  return lines;
}

}  // namespace provrun::test
