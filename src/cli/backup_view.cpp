#include "backup_view.hpp"

#include <algorithm>

#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/core/record.hpp"
#include "provrun/os/clock.hpp"

namespace provrun::cli {

namespace {

constexpr std::chrono::milliseconds kRedraw{200};
constexpr std::chrono::seconds kPlainLine{10};

double seconds_of(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::string files_of(std::uint64_t count) {
  return base::format("{} file{}", base::format_count(count), count == 1 ? "" : "s");
}

}  // namespace

BackupView::BackupView(Console& console, bool dry_run)
    : console_(console), dry_run_(dry_run), started_(os::steady_now()), shown_(started_) {}

app::BackupProgressSink BackupView::sink() {
  if (console_.options().quiet || (console_.options().silent_progress && !console_.options().live))
    return {};
  return [this](const app::BackupProgress& progress) { this->progress(progress); };
}

void BackupView::progress(const app::BackupProgress& progress) {
  const auto now = os::steady_now();
  const bool live = console_.options().live;
  if (now - shown_ <
      (live ? std::chrono::nanoseconds(kRedraw) : std::chrono::nanoseconds(kPlainLine)))
    return;
  shown_ = now;
  const double seconds = seconds_of(now - started_);
  // A large file that is under way counts by what was read of it.
  const auto done = std::max(progress.bytes, progress.read_bytes);
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = "backing up " + files_of(progress.files) + ", ";
  line += base::format_size(done);
  if (progress.total_bytes >= done && progress.total_bytes > 0)
    line += " of " + base::format_size(progress.total_bytes);
  line += base::format(", {}/s, {} stored", base::format_size(static_cast<std::uint64_t>(rate)),
                       base::format_size(progress.stored_bytes));
  if (rate > 0 && progress.total_bytes > done) {
    const double left = static_cast<double>(progress.total_bytes - done) / rate;
    line += ", " +
            base::format_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(left * 1e9))) +
            " left";
  }
  if (live)
    console_.status(line);
  else
    console_.note("provrun: " + line);
}

void BackupView::show_problems(const snapshot::ArchiveReport& report) {
  for (const auto& problem : report.problems) {
    codec::Json line = codec::Json::object({{"type", "error"},
                                            {"code", "failed"},
                                            {"message", "not stored: " + problem.message},
                                            {"exit_code", 3}});
    core::set_path(line, problem.path);
    console_.object(std::move(line));
    console_.warning(base::format("provrun: {} {}: {}",
                                  console_.paint_err(Colour::red, "not stored:"),
                                  base::printable(problem.path), problem.message));
  }
  for (const auto& file : report.unsteady)
    console_.warning(base::format("provrun: {} {}: it changed each time it was read",
                                  console_.paint_err(Colour::yellow, "unsteady:"),
                                  base::printable(file.path)));
}

void BackupView::finished(const app::BackupSummary& summary) {
  console_.status("");
  const auto& report = summary.report;
  show_problems(report);
  const double seconds = seconds_of(os::steady_now() - started_);
  const bool made = !summary.snapshot.empty();
  codec::Json line = codec::Json::object({{"type", "summary"}});
  if (made) line.set("snapshot", summary.snapshot);
  if (!summary.parent.empty()) line.set("parent", summary.parent);
  for (auto& [name, value] :
       codec::Json::Object{{"dry_run", dry_run_},
                           {"unchanged", summary.unchanged},
                           {"files", report.counts.files},
                           {"directories", report.counts.directories},
                           {"symlinks", report.counts.symlinks},
                           {"others", report.counts.others},
                           {"bytes", report.counts.bytes},
                           {"new_files", report.new_files},
                           {"changed_files", report.changed_files},
                           {"unmodified_files", report.unmodified_files},
                           {"resumed_files", report.resumed_files},
                           {"read_bytes", report.read_bytes},
                           {"new_bytes", summary.new_bytes},
                           {"stored_bytes", summary.stored_bytes},
                           {"excluded", report.excluded},
                           {"unsteady", static_cast<std::int64_t>(report.unsteady.size())},
                           {"errors", static_cast<std::int64_t>(report.problems.size())},
                           {"duration_s", seconds}})
    line.set(name, std::move(value));
  console_.object(std::move(line));
  if (summary.made_repository)
    console_.note("provrun: made the repository " + base::printable(summary.repository));
  const auto what = base::format(
      "{}, {} ({} new, {} changed, {} unmodified)", files_of(report.counts.files),
      base::format_size(report.counts.bytes), base::format_count(report.new_files),
      base::format_count(report.changed_files), base::format_count(report.unmodified_files));
  if (dry_run_) {
    console_.note(base::format("provrun: would store {}; {} to read", what,
                               base::format_size(report.read_bytes)));
    return;
  }
  if (!made) {
    console_.note("provrun: nothing has changed; no snapshot was made");
    return;
  }
  console_.note(base::format(
      "provrun: {}, {} added in {}", what, base::format_size(summary.stored_bytes),
      base::format_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)))));
  console_.result("snapshot " + summary.snapshot.substr(0, 16));
  if (!report.problems.empty())
    console_.warning(base::format("provrun: {} could not be stored; the snapshot has the rest",
                                  files_of(report.problems.size())));
}

void BackupView::interrupted() {
  console_.status("");
  console_.object(codec::Json::object({{"type", "error"},
                                       {"code", "cancelled"},
                                       {"message", "interrupted; no snapshot was made"},
                                       {"hint", "the next backup goes on where this one ended"},
                                       {"exit_code", 130}}));
  console_.warning("provrun: interrupted; the next backup goes on where this one ended");
}

}  // namespace provrun::cli
