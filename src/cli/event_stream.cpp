#include "event_stream.hpp"

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"

namespace provrun::cli {

EventStream::EventStream(Console& console, const std::string& path)
    : console_(console), path_(path == "-" ? std::string() : path) {
  if (!path_.empty()) file_ = os::open_for_appending(path_);
}

void EventStream::tell(std::string_view event, codec::Json::Object members) {
  if (is_closed_) return;
  auto line = codec::Json::object({{"type", "event"},
                                   {"schema", "output.v1"},
                                   {"event", event},
                                   {"time", os::now().to_rfc3339()}});
  for (auto& [name, value] : members) line.set(name, std::move(value));
  try {
    if (!path_.empty())
      os::write_all(file_, line.dump() + "\n", path_);
    else if (console_.json())
      console_.object(std::move(line));
    else
      console_.raw_result(line.dump() + "\n");
    if (path_.empty()) console_.flush();
  } catch (const base::Error& error) {
    if (path_.empty()) throw;
    is_closed_ = true;
    console_.warning(base::format("provrun: no more events are written to {}: {}",
                                  base::printable(path_), error.message()));
  }
}

}  // namespace provrun::cli
