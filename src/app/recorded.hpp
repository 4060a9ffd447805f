#pragma once

#include "provrun/app/run_recorder.hpp"
#include "provrun/base/error.hpp"

namespace provrun::app {

/// If recording fails, the run has failed: whatever kind the cause is, it says so, and the journal
/// stays for the next run to complete the record.
template <typename Work>
auto recorded(RunRecorder& recorder, const Work& work) {
  try {
    return work();
  } catch (const base::Error& cause) {
    recorder.note_failure(cause.message());
    const bool telling =
        cause.code() == base::ErrorCode::no_space || cause.code() == base::ErrorCode::unavailable ||
        cause.code() == base::ErrorCode::corruption || cause.code() == base::ErrorCode::refused;
    throw base::Error(telling ? cause.code() : base::ErrorCode::failed,
                      "the run could not be recorded: " + cause.message())
        .hint(!cause.hint().empty() ? cause.hint()
              : cause.code() == base::ErrorCode::no_space
                  ? "make room and run again: the next run completes the record and goes on"
              : cause.code() == base::ErrorCode::corruption
                  ? "'provrun verify latest' tells what else is damaged"
                  : "the next run completes the record of how far it came");
  }
}

}  // namespace provrun::app
