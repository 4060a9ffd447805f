#pragma once

#include <string>
#include <string_view>

#include "provrun/app/spool.hpp"

// The names in an entry of the spool: docs/formats/spool.md.
namespace provrun::app {

inline constexpr std::string_view kSpoolFormat = "spool.v1";
inline constexpr std::string_view kStartedFile = "started";
inline constexpr std::string_view kEndedFile = "ended";
inline constexpr std::string_view kLogFile = "log";

inline std::string kept_name(const core::ContentId& content) {
  return "kept-" + content.digest.to_hex();
}

/// What stands in `ended`.
std::string ended_text(const SpoolWriter& writer, const core::RunRecord& record,
                       const core::Execution& execution, const RunRecorder::Extra& extra);

}  // namespace provrun::app
