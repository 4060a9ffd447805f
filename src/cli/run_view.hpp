#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "console.hpp"
#include "event_stream.hpp"
#include "provrun/app/run_workflow.hpp"
#include "status_format.hpp"

namespace provrun::cli {

/// Shows a run: with --json a line per step, on a terminal one status line that is redrawn, else a
/// plain line per step that was executed or restored. Failures always with the end of their output.
class RunView : public app::RunObserver {
 public:
  /// called_in: the directory that the caller's shell is in.
  RunView(Console& console, std::string called_in);

  void works_in(const std::string& workspace) override;
  void expected(double seconds, std::size_t unknown_steps) override;
  void waiting_for(const std::string& holder) override;
  void recording() override;
  void run_started(std::size_t steps) override;
  void run_grew(std::size_t steps) override;
  void step_started(const std::string& step, const core::Reason& reason, int attempt) override;
  void attempt_failed(const std::string& step, const core::Attempt& attempt,
                      std::chrono::nanoseconds pause) override;
  void round_ended(const std::string& step, std::uint32_t round, std::uint32_t most) override;
  void step_ended(const core::Execution& execution, const std::string& log_path) override;
  void notice(const std::string& text) override;
  void tick() override;

  /// The user's own layout of what stands before the steps.
  void lay_out(StatusFormat format) { format_ = std::move(format); }
  /// Tells what happens there, too; null: nowhere. It must outlive this.
  void tell_events_to(EventStream* events) { events_ = events; }
  /// The run's last lines.
  /// signal: the one that interrupted the run; 0 for none.
  void summary(const app::RunReport& report, int signal);

 private:
  void event(std::string_view name, codec::Json::Object members);
  void show_failure(const core::Execution& execution, const std::string& log_path);
  bool tells_each_step() const;
  void redraw();
  double seconds_left() const;
  std::string time_left() const;
  std::string head() const;

  Console& console_;
  EventStream* events_ = nullptr;
  std::string called_in_;
  std::string workspace_;  // empty: where the caller is
  std::optional<StatusFormat> format_;
  std::deque<std::chrono::nanoseconds> last_ends_;  // of executed steps
  std::uint64_t started_steps_ = 0;
  std::size_t steps_ = 0;
  core::StepCounts counts_;
  std::map<std::string, std::chrono::nanoseconds> running_;
  std::map<std::string, std::uint32_t> rounds_;  // of running steps with `repeat`: those that ended
  std::chrono::nanoseconds started_{};
  std::chrono::nanoseconds last_drawn_{};
  double expected_s_ = 0;
  double done_s_ = 0;
  std::size_t unknown_steps_ = 0;
};

/// "its input raw/a.csv changed", for people.
std::string describe(const core::Reason& reason);
codec::Json reason_object(const core::Reason& reason);
/// What a person would type to run the step's command alone; in the workspace, where that is given.
std::string command_alone(const core::Execution& execution, const std::string& workspace = {});

}  // namespace provrun::cli
