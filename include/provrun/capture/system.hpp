#pragma once

#include <string>

#include "provrun/codec/json.hpp"

namespace provrun::capture {

/// The machine and the process's surroundings, as the members of "environment" in a run record; the
/// shape stands in docs/formats/run-record.md. Reads a few small files of /etc, /proc and /sys
/// below root (another folder in tests) and starts no process. What cannot be read is left out.
/// Never throws for a missing or odd file. Values are not redacted: the caller's Redactor sees the
/// record.
codec::Json system_environment(const std::string& root = "/");

}  // namespace provrun::capture
