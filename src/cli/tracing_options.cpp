#include "tracing_options.hpp"

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::cli {

app::Tracing TracingOptions::tracing(const std::string& verb) const {
  app::Tracing result;
  const auto usage = [&](std::string message) {
    return base::Error(base::ErrorCode::invalid_input, std::move(message))
        .hint(base::format("'provrun help {}' lists what it takes", verb));
  };
  if (trace) {
    const auto mode = core::parse_trace_mode(*trace);
    if (!mode)
      throw usage(
          base::format("--trace is auto, off or a mechanism (preload+notify, notify), not '{}'",
                       base::printable(*trace)));
    if (*mode != core::TraceMode::automatic && *mode != core::TraceMode::off &&
        *mode != core::TraceMode::notify && *mode != core::TraceMode::preload_notify)
      throw base::Error(base::ErrorCode::unsupported,
                        base::format("this provrun has no mechanism {}", *trace))
          .hint("'provrun doctor' says which there are");
    result.mode = *mode;
  }
  if (require) {
    if (*require != "traced")
      throw usage(base::format("--require is traced, not '{}'", base::printable(*require)));
    if (result.mode == core::TraceMode::off)
      throw usage("--require traced and --trace off exclude each other");
    result.required = true;
  }
  return result;
}

}  // namespace provrun::cli
