#include "run_view.hpp"

#include <algorithm>

#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/base/width.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/file.hpp"
#include "provrun/os/process.hpp"
#include "provrun/os/terminal.hpp"

namespace provrun::cli {

namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};
// Enough to see an error's cause, little enough to see which step it was.
constexpr std::size_t kShownLogLines = 20;
constexpr std::size_t kShownLogBytes = 16384;
// What the current rate of steps is taken from.
constexpr std::size_t kRecentSteps = 32;

std::string shortened(std::string text, std::size_t limit) {
  text = base::printable(text);
  if (base::display_width(text) <= limit) return text;
  return std::string(base::cut_to_width(text, limit - 1)) + "…";
}

std::vector<std::string> last_lines(const std::string& path) {
  const auto file = os::open_for_reading(path);
  const auto size = os::stat_of(file, path).size;
  const auto from = size > kShownLogBytes ? size - kShownLogBytes : 0;
  std::string text(static_cast<std::size_t>(size - from), '\0');
  const auto n = os::read_at(
      file, from, std::span(reinterpret_cast<std::uint8_t*>(text.data()), text.size()), path);
  text.resize(n);
  std::vector<std::string> lines;
  for (const auto line : base::split(base::trim(text), '\n'))
    lines.push_back(base::printable(line));
  if (lines.size() > kShownLogLines)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kShownLogLines));
  return lines;
}

}  // namespace

namespace {

// How a path of the workspace is spelled in one of its directories.
std::string seen_from(const std::string& directory, const std::string& path) {
  if (directory == "." || path.starts_with('/')) return path;
  const auto from = base::split(directory, '/');
  const auto to = base::split(path, '/');
  std::size_t common = 0;
  while (common < from.size() && common + 1 < to.size() && from[common] == to[common]) ++common;
  std::string spelled;
  for (auto i = common; i < from.size(); ++i) spelled += "../";
  for (auto i = common; i < to.size(); ++i) spelled.append(i > common ? "/" : "").append(to[i]);
  return spelled;
}

}  // namespace

std::string describe(const core::Reason& reason) {
  const auto what = base::printable(reason.what);
  // Ids say nothing to people, and that of a file with a secret is for nobody to see.
  const auto is_id = [](const auto& value) { return core::parse_content_id(value).has_value(); };
  const auto change =
      (reason.before.empty() && reason.after.empty()) || is_id(reason.before) || is_id(reason.after)
          ? std::string()
          : base::format(": {} → {}", shortened(reason.before, 60), shortened(reason.after, 60));
  if (reason.kind == "first_run") return "it has no result here yet";
  if (reason.kind == "command") return "its command changed" + change;
  if (reason.kind == "shell") return "its shell changed" + change;
  if (reason.kind == "directory") return "its working directory changed" + change;
  if (reason.kind == "input_content") return base::format("its input {} changed{}", what, change);
  if (reason.kind == "input_added") return base::format("{} became an input", what);
  if (reason.kind == "input_removed") return base::format("{} is no input any more", what);
  if (reason.kind == "parameter") return base::format("its parameter {} changed{}", what, change);
  if (reason.kind == "environment") return base::format("the variable {} changed{}", what, change);
  if (reason.kind == "output_declared") return "its declared outputs changed" + change;
  if (reason.kind == "output_missing") return base::format("its output {} is missing", what);
  if (reason.kind == "output_altered")
    return base::format("its output {} was altered{}", what, change);
  if (reason.kind == "forced") return "it was asked for by force";
  if (reason.kind == "always") return "it runs always";
  if (reason.kind == "upstream") return base::format("{} comes first", what);
  if (reason.kind == "discovery") return base::format("its instances are known after {}", what);
  if (reason.kind == "record_lost") return "the record of its last run is not known";
  if (reason.kind == "unstable_input")
    return base::format("its input {} changed while it ran last", what);
  if (reason.kind == "observed_content")
    return base::format("{}, which it reads, changed{}", what, change);
  if (reason.kind == "observed_software")
    return base::format("{}, which it uses, was replaced{}", what, change);
  if (reason.kind == "observed_missing") return base::format("{}, which it uses, is gone", what);
  if (reason.kind == "observed_new")
    return base::format("{} is there now, where it had looked in vain", what);
  if (reason.kind == "observed_program")
    return base::format("PATH now finds {} first (was {})", base::printable(reason.after),
                        base::printable(reason.before));
  if (reason.kind == "observed_link") return base::format("the link {} leads elsewhere", what);
  if (reason.kind == "observed_listing") {
    if (!reason.after.empty())
      return base::format("{} is new in {}, which it lists", base::printable(reason.after), what);
    if (!reason.before.empty())
      return base::format("{} is gone from {}, which it lists", base::printable(reason.before),
                          what);
    return base::format("the names in {}, which it lists, changed", what);
  }
  if (reason.kind == "impossible") return "it " + what;
  return reason.kind;
}

codec::Json reason_object(const core::Reason& reason) {
  if (reason.kind.empty()) return {};
  return core::to_json(reason);
}

std::string command_alone(const core::Execution& execution, const std::string& workspace) {
  const auto& key = execution.key;
  if (key.is_null()) return {};
  const auto directory = key.get_string("directory", ".");
  // The streams' paths count from the workspace, and the command is started in the directory.
  const auto stream = [&](const char* name, const char* sign) {
    const auto path = key.get_string(name);
    return path.empty() ? std::string() : sign + base::shell_quote(seen_from(directory, path));
  };
  const auto input = stream("stdin", " < ");
  const auto outputs = stream("stdout", " > ") + stream("stderr", " 2> ");
  std::string variables;
  if (const auto* environment = key.find("environment"))
    for (const auto& [name, value] : environment->as_object())
      if (value.is_string() && value.as_string().find("[redacted:") == std::string::npos)
        variables += name + "=" + base::shell_quote(value.as_string()) + " ";
  std::string shell;
  if (const auto* words = key.find("shell"))
    for (const auto& word : words->as_array()) shell += base::shell_quote(word.as_string()) + " ";
  std::vector<std::string> commands;
  if (const auto* scripts = key.find("run"))
    for (const auto& script : scripts->as_array())
      // A recorded command of its own has no shell: its words are quoted already.
      commands.push_back(
          variables +
          (shell.empty() ? script.as_string() : shell + base::shell_quote(script.as_string())) +
          input);
  auto text = base::join(commands, " && ");
  // Each script reads the input from its start; the outputs take what all of them write.
  if (commands.size() > 1 && !outputs.empty()) text = "{ " + text + "; }";
  text += outputs;
  auto start = workspace;
  if (directory != ".") start = start.empty() ? directory : os::join_path(start, directory);
  return start.empty() ? text : "cd " + base::shell_quote(start) + " && " + text;
}

RunView::RunView(Console& console, std::string called_in)
    : console_(console), called_in_(std::move(called_in)), started_(os::steady_now()) {}

void RunView::works_in(const std::string& workspace) {
  workspace_ = workspace == called_in_ ? std::string() : workspace;
}

void RunView::expected(double seconds, std::size_t unknown_steps) {
  expected_s_ = seconds;
  unknown_steps_ = unknown_steps;
}

void RunView::waiting_for(const std::string& holder) {
  console_.note(base::format("provrun: waiting for {}",
                             holder.empty() ? "another run" : base::printable(holder)));
}

void RunView::recording() {
  console_.status(console_.options().live ? "recording …" : "");
}

void RunView::event(std::string_view name, codec::Json::Object members) {
  if (events_ != nullptr) events_->tell(name, std::move(members));
}

void RunView::run_started(std::size_t steps) {
  event("run_started", {{"steps", steps}});
  steps_ = steps;
  started_ = os::steady_now();
}

void RunView::run_grew(std::size_t steps) {
  event("run_grew", {{"steps", steps}});
  steps_ = steps;
}

void RunView::step_started(const std::string& step, const core::Reason& reason, int attempt) {
  if (attempt == 1) ++started_steps_;
  event("step_started", {{"step", step}, {"attempt", attempt}, {"reason", reason_object(reason)}});
  running_[step] = os::steady_now();
}

void RunView::attempt_failed(const std::string& step, const core::Attempt& attempt,
                             std::chrono::nanoseconds pause) {
  running_.erase(step);
  event("attempt_failed", {{"step", step},
                           {"exit_code", attempt.exit_code},
                           {"signal", attempt.signal},
                           {"timed_out", attempt.timed_out},
                           {"pause_s", std::chrono::duration<double>(pause).count()}});
  const auto how = attempt.timed_out     ? std::string("timed out")
                   : attempt.signal != 0 ? os::signal_name(attempt.signal)
                                         : base::format("exit code {}", attempt.exit_code);
  console_.note(base::format("provrun: {} failed ({}); another try in {}", base::printable(step),
                             how, base::format_duration(pause)));
}

void RunView::round_ended(const std::string& step, std::uint32_t round, std::uint32_t most) {
  event("round_ended",
        {{"step", step}, {"round", std::uint64_t{round}}, {"most", std::uint64_t{most}}});
  rounds_[step] = round;
}

void RunView::step_ended(const core::Execution& execution, const std::string& log_path) {
  running_.erase(execution.step);
  rounds_.erase(execution.step);
  counts_.add(execution.state);
  double seconds = 0;
  if (!execution.attempts.empty())
    seconds = execution.attempts.front().started.seconds_until(execution.attempts.back().ended);
  done_s_ += seconds;
  if (execution.attempts.empty() && execution.state != core::StepState::skipped) ++started_steps_;
  if (format_) {
    last_ends_.push_back(os::steady_now());
    if (last_ends_.size() > kRecentSteps) last_ends_.pop_front();
  }
  if (events_ != nullptr) {
    codec::Json::Object members{{"step", execution.step},
                                {"state", core::name_of(execution.state)},
                                {"reason", reason_object(execution.reason)},
                                {"duration_s", seconds}};
    if (!execution.failure.empty()) members.emplace_back("failure", execution.failure);
    event("step_ended", std::move(members));
  }
  if (console_.json()) {
    codec::Json line = codec::Json::object({{"type", "step"},
                                            {"step", execution.step},
                                            {"state", core::name_of(execution.state)},
                                            {"reason", reason_object(execution.reason)},
                                            {"duration_s", seconds}});
    if (!execution.failure.empty()) line.set("failure", execution.failure);
    if (!execution.attempts.empty()) {
      const auto& last = execution.attempts.back();
      line.set("exit_code", last.exit_code);
      if (last.signal != 0) line.set("signal", last.signal);
    }
    console_.object(std::move(line));
    console_.flush();
  }
  const auto step = base::printable(execution.step);
  switch (execution.state) {
    case core::StepState::executed:
      if (tells_each_step())
        console_.note(base::format(
            "{}{} in {}{}: {}", head(), step,
            base::format_duration(
                std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9))),
            execution.rounds.empty() ? std::string()
                                     : base::format(", {} round{}", execution.rounds.size(),
                                                    execution.rounds.size() == 1 ? "" : "s"),
            describe(execution.reason)));
      break;
    case core::StepState::reused:
      if (tells_each_step())
        console_.note(base::format("{}{} restored: {}", head(), step, describe(execution.reason)));
      break;
    case core::StepState::failed:
      show_failure(execution, log_path);
      break;
    case core::StepState::up_to_date:
    case core::StepState::skipped:
      break;
  }
  if (console_.options().verbosity > 0 && execution.state == core::StepState::executed &&
      !log_path.empty())
    for (const auto& line : last_lines(log_path)) console_.note("  | " + line);
  redraw();
}

// Where no live line tells how far the run is, and none is unwanted.
bool RunView::tells_each_step() const {
  const auto& options = console_.options();
  return options.verbosity > 0 || (!options.live && !options.silent_progress);
}

void RunView::show_failure(const core::Execution& execution, const std::string& log_path) {
  std::string failure = execution.failure;
  if (!execution.attempts.empty() && execution.attempts.back().signal != 0 &&
      !execution.attempts.back().timed_out)
    failure = base::format("was ended by {}", os::signal_name(execution.attempts.back().signal));
  console_.warning(base::format("provrun: {} step {} {}",
                                console_.paint_err(Colour::red, "failed:"),
                                base::printable(execution.step), failure));
  if (!log_path.empty())
    for (const auto& line : last_lines(log_path)) console_.warning("  | " + line);
  const auto alone = command_alone(execution, workspace_);
  if (!execution.attempts.empty() && !alone.empty())
    console_.warning("  to run it alone: " + alone);
}

void RunView::notice(const std::string& text) {
  event("notice", {{"text", text}});
  console_.note("provrun: " + text);
}

void RunView::tick() {
  redraw();
}

// What stands before a step: how far the run is.
std::string RunView::head() const {
  const auto good = counts_.executed + counts_.reused + counts_.up_to_date;
  if (!format_) return base::format("[{}/{}] ", good, steps_);
  const auto now = os::steady_now();
  StatusNumbers numbers;
  numbers.finished = good + counts_.failed;
  numbers.started = started_steps_;
  numbers.running = running_.size();
  numbers.total = steps_;
  numbers.elapsed_s = std::chrono::duration<double>(now - started_).count();
  numbers.left_s = seconds_left();
  if (last_ends_.size() > 1)
    numbers.current_rate =
        static_cast<double>(last_ends_.size() - 1) /
        std::max(1e-6,
                 std::chrono::duration<double>(last_ends_.back() - last_ends_.front()).count());
  return base::printable(format_->fill(numbers));
}

std::string RunView::time_left() const {
  const auto seconds = seconds_left();
  if (seconds <= 0) return {};
  return base::format_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9))) +
         " left";
}

// Negative: nobody knows.
double RunView::seconds_left() const {
  const auto finished =
      counts_.executed + counts_.reused + counts_.up_to_date + counts_.failed + counts_.skipped;
  if (finished >= steps_ || counts_.executed == 0 || done_s_ <= 0) return -1;
  const auto now = os::steady_now();
  const double elapsed = std::chrono::duration<double>(now - started_).count();
  double work = unknown_steps_ == 0 ? expected_s_ - done_s_
                                    : done_s_ / static_cast<double>(counts_.executed) *
                                          static_cast<double>(steps_ - finished);
  for (const auto& [step, since] : running_)
    work -= std::chrono::duration<double>(now - since).count();
  // Work per second of wall-clock time so far: how many steps really run at once.
  const double rate = std::max(1e-3, done_s_ / std::max(elapsed, 1e-3));
  return work <= 0 ? -1 : work / rate;
}

void RunView::redraw() {
  if (!console_.options().live) return;
  const auto now = os::steady_now();
  if (now - last_drawn_ < kRedrawInterval) return;
  last_drawn_ = now;
  std::string line =
      format_
          ? head()
          : base::format("[{}/{}]",
                         counts_.executed + counts_.reused + counts_.up_to_date + counts_.failed,
                         steps_);
  auto add = [&, first = true](const std::string& part) mutable {
    line += (!first ? " · " : format_ ? "" : " ") + part;
    first = false;
  };
  if (counts_.failed > 0) add(base::format("{} failed", counts_.failed));
  // Before the names: on a narrow terminal it is they that are cut.
  if (const auto left = time_left(); !left.empty() && !format_) add(left);
  std::string names;
  std::size_t shown = 0;
  for (const auto& [step, since] : running_) {
    if (!names.empty()) names += ' ';
    if (++shown > 3) {
      names += base::format("+{}", running_.size() - 3);
      break;
    }
    names += base::printable(step);
    if (const auto round = rounds_.find(step); round != rounds_.end())
      names += base::format(" (round {})", round->second + 1);
    if (now - since > std::chrono::seconds(1)) names += " " + base::format_duration(now - since);
  }
  if (!names.empty()) add(names);
  // The last column stays free: some terminals begin a new line there.
  const auto width = static_cast<std::size_t>(std::max(os::terminal_width(2), 2)) - 1;
  if (base::display_width(line) > width)
    line = std::string(base::cut_to_width(line, width - 1)) + "…";
  console_.status(line);
}

void RunView::summary(const app::RunReport& report, int signal) {
  const auto& outcome = report.outcome;
  event("run_ended", {{"run", report.run}, {"state", core::name_of(outcome.state)}});
  console_.status("");
  console_.object(codec::Json::object({{"type", "summary"},
                                       {"run", report.run},
                                       {"workflow", report.workflow},
                                       {"state", core::name_of(outcome.state)},
                                       {"executed", outcome.counts.executed},
                                       {"reused", outcome.counts.reused},
                                       {"up_to_date", outcome.counts.up_to_date},
                                       {"failed", outcome.counts.failed},
                                       {"skipped", outcome.counts.skipped},
                                       {"recorded", !report.nothing_to_do},
                                       {"stored_bytes", report.stored_bytes}}));
  if (report.nothing_to_do && outcome.counts.failed == 0) {
    console_.note(base::format("provrun: nothing to do, {} step{} up to date",
                               outcome.counts.up_to_date,
                               outcome.counts.up_to_date == 1 ? " is" : "s are"));
    return;
  }
  std::string text = "provrun: ";
  if (outcome.state == core::RunState::interrupted && signal != 0)
    text += base::format("interrupted by {}: ", os::signal_name(signal));
  text += base::format("{} executed", outcome.counts.executed);
  if (outcome.counts.reused > 0) text += base::format(", {} restored", outcome.counts.reused);
  if (outcome.counts.up_to_date > 0)
    text += base::format(", {} up to date", outcome.counts.up_to_date);
  if (outcome.counts.failed > 0)
    text +=
        ", " + console_.paint_err(Colour::red, base::format("{} failed", outcome.counts.failed));
  if (outcome.counts.skipped > 0) text += base::format(", {} not run", outcome.counts.skipped);
  const auto took = os::steady_now() - started_;
  text +=
      base::format(" in {}; run {} recorded, {} new in the repository", base::format_duration(took),
                   report.run, base::format_size(report.stored_bytes));
  if (outcome.state == core::RunState::completed)
    console_.note(text);
  else
    console_.warning(text);
}

}  // namespace provrun::cli
