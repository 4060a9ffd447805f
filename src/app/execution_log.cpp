#include "execution_log.hpp"

#include <algorithm>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/hash/sha256.hpp"
#include "provrun/os/file.hpp"

namespace provrun::app {

std::string take_outputs(const core::Execution& execution,
                         const std::vector<std::string>& attempt_logs) {
  const auto title_of = [&](std::size_t i) {
    if (i >= execution.rounds.size()) return base::format("--- attempt {} ---\n", i + 1);
    const auto attempt = execution.rounds[i].attempt;
    std::size_t number = 0;
    for (std::size_t at = 0; at <= i; ++at)
      if (execution.rounds[at].attempt == attempt) ++number;
    return execution.attempts.size() > 1
               ? base::format("--- attempt {}, round {} ---\n", attempt, number)
               : base::format("--- round {} ---\n", number);
  };
  std::string text;
  for (std::size_t i = 0; i < attempt_logs.size(); ++i) {
    if (attempt_logs[i].empty()) continue;
    if (attempt_logs.size() > 1) text += title_of(i);
    text += os::read_file(attempt_logs[i]);
    os::remove_file(attempt_logs[i]);
  }
  return text;
}

std::vector<std::string> system_files_in(
    const std::unordered_map<core::ContentId, core::AccessSetPtr>& sets) {
  std::vector<std::string> paths;
  for (const auto& [id, set] : sets)
    if (set->path_class == core::PathClass::system)
      for (const auto& access : set->accesses)
        if (access.content && access.before == core::Presence::file) paths.push_back(access.path);
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

core::Execution head_of(const core::Execution& execution) {
  core::Execution head;
  head.id = execution.id;
  head.step = execution.step;
  head.state = execution.state;
  head.step_key = execution.step_key;
  head.reason = execution.reason;
  head.grade = execution.grade;
  head.grade_reason = execution.grade_reason;
  return head;
}

std::string without_up_to_date(const std::string& lines, const std::string& step) {
  std::string kept;
  for (const auto line : base::split(lines, '\n')) {
    if (line.empty()) continue;
    const auto json = codec::parse_json(line);
    if (json.get_string("step") == step &&
        json.get_string("state") == core::name_of(core::StepState::up_to_date))
      continue;
    kept.append(line) += '\n';
  }
  return kept;
}

}  // namespace provrun::app
