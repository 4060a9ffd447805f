#include "execution_record.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <vector>

#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "resources.hpp"

namespace provrun::engine {

namespace {

std::string first_of(const std::vector<std::string>& paths) {
  constexpr std::size_t kNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < paths.size() && i < kNamed; ++i)
    text += (i > 0 ? ", " : "") + base::printable(paths[i]);
  if (paths.size() > kNamed) text += base::format(" and {} more", paths.size() - kNamed);
  return text;
}

}  // namespace

std::string describe_failure(const core::Attempt& attempt, const pipeline::Step& step,
                             std::uint32_t number) {
  if (!attempt.start_error.empty()) return attempt.start_error;
  if (attempt.timed_out)
    return "timed out after " +
           base::format_duration(
               time_limit_of(step.resources, number).value_or(std::chrono::nanoseconds{0}));
  if (attempt.out_of_memory)
    return base::format("needed more than the {} of memory it may have",
                        base::format_size(attempt.memory_limit_bytes));
  if (attempt.signal != 0) return base::format("was ended by signal {}", attempt.signal);
  return base::format("failed with exit code {}", attempt.exit_code);
}

std::string laid_out_failure(const base::Error& error) {
  std::string text = "cannot be laid out: ";
  if (const auto place = error.position()) text += place->to_string() + ": ";
  return text + error.message();
}

void take_observed(core::StoredResult& stored, core::Execution& execution) {
  if (stored.observed.mechanism.empty()) return;
  execution.grade = stored.grade;
  execution.grade_reason = std::move(stored.grade_reason);
  execution.observed = std::move(stored.observed);
  std::move(stored.inputs.begin(), stored.inputs.end(), std::back_inserter(execution.inputs));
}

void forget_observed(core::Execution& execution) {
  const auto undeclared = std::move(execution.observed.undeclared_inputs);
  std::erase_if(execution.inputs, [&](const auto& input) {
    return std::binary_search(undeclared.begin(), undeclared.end(), input.path);
  });
  execution.observed = {};
  execution.grade = core::Grade::declared;
  execution.grade_reason = std::string(kOnlyDeclared);
}

std::string undeclared_files(const core::Execution& execution, const pipeline::Step& step,
                             const std::function<bool(const std::string&)>& is_output) {
  const bool strict = step.undeclared == pipeline::Undeclared::error;
  std::string text;
  auto read = execution.observed.undeclared_inputs;
  std::erase_if(read, is_output);
  if (!read.empty() && (strict || !step.inputs.empty()))
    text = "reads without declaring it: " + first_of(read);
  if (const auto& paths = execution.observed.undeclared_outputs;
      !paths.empty() && (strict || !step.outputs.empty()))
    text += (text.empty() ? "" : "; ") + ("writes without declaring it: " + first_of(paths));
  return text;
}

}  // namespace provrun::engine
