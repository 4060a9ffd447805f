#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "provrun/capture/package_database.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/core/content_id.hpp"

namespace provrun::capture {

/// The content id of the file at an absolute path; the caller answers from its file cache where it
/// can. nullopt when the file cannot be read; an Error(not_found) or Error(refused) means the same.
using HashFile = std::function<std::optional<core::ContentId>(const std::string& path)>;

/// What an executable is. JSON: {"path", "resolved", "content", "size", "package", "interpreter",
/// "note"}; see docs/formats/run-record.md.
struct ProgramIdentity {
  std::string path;      ///< as asked for, absolute
  std::string resolved;  ///< without symlinks; "" when there is no such file
  std::optional<core::ContentId> content;
  std::uint64_t size = 0;
  std::optional<SystemPackage> package;
  std::shared_ptr<const ProgramIdentity> interpreter;  ///< of a `#!` line; null for binaries
  std::string interpreter_argument;                    ///< the rest of the `#!` line
  std::string note;                                    ///< why something is not known; else empty
};
codec::Json to_json(const ProgramIdentity& program);

/// Identifies the program. path: absolute, relative to the current directory, or a name without a
/// slash, looked up on PATH. `#!/usr/bin/env name` resolves to the named program. Scripts whose
/// interpreter is a script are followed four levels deep, as Linux does. Never throws for a file
/// that is missing or unreadable: the note says so.
ProgramIdentity program_identity(const std::string& path, const HashFile& hash_file,
                                 PackageDatabase& packages);

/// The interpreter line of a script's first bytes: path and the rest, as execve(2) reads it.
struct InterpreterLine {
  std::string path;
  std::string argument;
  bool operator==(const InterpreterLine&) const = default;
};
std::optional<InterpreterLine> parse_interpreter_line(std::string_view first_bytes);

}  // namespace provrun::capture
