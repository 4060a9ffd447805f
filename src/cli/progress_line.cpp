#include "progress_line.hpp"

#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/os/clock.hpp"

namespace provrun::cli {

ProgressLine::ProgressLine(Console& console, std::string verb)
    : console_(console), verb_(std::move(verb)), started_(os::steady_now()) {}

void ProgressLine::operator()(const app::FilesProgress& progress) {
  const auto now = os::steady_now();
  if (!console_.options().live || now - drawn_ < std::chrono::milliseconds(200)) return;
  drawn_ = now;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double rate = seconds > 0 ? static_cast<double>(progress.bytes) / seconds : 0;
  std::string line =
      base::format("{} {} files, {} of {}, {}/s", verb_, base::format_count(progress.files),
                   base::format_size(progress.bytes), base::format_size(progress.total_bytes),
                   base::format_size(static_cast<std::uint64_t>(rate)));
  if (rate > 0 && progress.total_bytes > progress.bytes) {
    const double left = static_cast<double>(progress.total_bytes - progress.bytes) / rate;
    line += ", " +
            base::format_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(left * 1e9))) +
            " left";
  }
  console_.status(line);
}

}  // namespace provrun::cli
