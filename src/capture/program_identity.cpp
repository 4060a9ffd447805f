#include "provrun/capture/program_identity.hpp"

#include <span>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/core/record.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::capture {

namespace {

/// BINPRM_BUF_SIZE of Linux: execve(2) looks at no more of a script.
constexpr std::size_t kInterpreterLineBytes = 256;
/// BINPRM's limit on interpreters of interpreters.
constexpr int kMostInterpreters = 4;

std::string first_bytes(const std::string& path) {
  const os::File file = os::open_for_reading(path);
  std::string text(kInterpreterLineBytes, '\0');
  const std::size_t size = os::read_at(
      file, 0, std::span(reinterpret_cast<std::uint8_t*>(text.data()), text.size()), path);
  text.resize(size);
  return text;
}

/// The program that `env` would start: `#!/usr/bin/env -S python3 -u` names python3.
std::string program_of_env(std::string_view argument) {
  for (std::string_view word : base::split(argument, ' ')) {
    word = base::trim(word);
    if (word.empty() || word.front() == '-' || word.find('=') != std::string_view::npos) continue;
    return std::string(word);
  }
  return {};
}

void add_note(std::string& note, std::string_view text) {
  if (!note.empty()) note += "; ";
  note += text;
}

ProgramIdentity identify(const std::string& path, const HashFile& hash_file,
                         PackageDatabase& packages, int depth) {
  ProgramIdentity program;
  program.path = path;
  try {
    const bool has_slash = path.find('/') != std::string::npos;
    if (has_slash) {
      program.path = os::absolute_path(path);
    } else if (auto found = os::find_program(path)) {
      program.path = os::absolute_path(*found);
    } else {
      add_note(program.note, "not found on PATH");
      return program;
    }
    const auto stat = os::stat_file(program.path);
    if (!stat) {
      add_note(program.note, "no such file");
      return program;
    }
    program.resolved = os::resolve_path(program.path);
    if (stat->type != os::FileType::regular) {
      add_note(program.note, "not a regular file");
      return program;
    }
    program.size = stat->size;
  } catch (const base::Error& error) {
    add_note(program.note, error.message());
    return program;
  }
  try {
    if (hash_file) program.content = hash_file(program.resolved);
    if (!program.content) add_note(program.note, "content not hashed");
  } catch (const base::Error& error) {
    add_note(program.note, error.message());
  }
  program.package = packages.owner_of(program.resolved);
  std::optional<InterpreterLine> line;
  try {
    line = parse_interpreter_line(first_bytes(program.resolved));
  } catch (const base::Error& error) {
    add_note(program.note, error.message());
  }
  if (!line) return program;
  program.interpreter_argument = line->argument;
  std::string interpreter = line->path;
  if (os::base_name(interpreter) == "env") {
    const std::string named = program_of_env(line->argument);
    if (!named.empty()) interpreter = named;
  }
  if (depth >= kMostInterpreters) {
    add_note(program.note, "too many interpreters of interpreters");
    return program;
  }
  program.interpreter = std::make_shared<const ProgramIdentity>(
      identify(interpreter, hash_file, packages, depth + 1));
  return program;
}

}  // namespace

std::optional<InterpreterLine> parse_interpreter_line(std::string_view first_bytes_of_file) {
  if (first_bytes_of_file.substr(0, 2) != "#!") return std::nullopt;
  std::string_view line = first_bytes_of_file.substr(2, kInterpreterLineBytes - 2);
  line = line.substr(0, line.find('\n'));
  line = line.substr(0, line.find('\0'));
  line = base::trim(line);
  const std::size_t end = line.find_first_of(" \t");
  InterpreterLine result;
  result.path = std::string(line.substr(0, end));
  if (end != std::string_view::npos) result.argument = std::string(base::trim(line.substr(end)));
  if (result.path.empty()) return std::nullopt;
  return result;
}

ProgramIdentity program_identity(const std::string& path, const HashFile& hash_file,
                                 PackageDatabase& packages) {
  return identify(path, hash_file, packages, 0);
}

codec::Json to_json(const ProgramIdentity& program) {
  codec::Json json = codec::Json::object();
  core::set_path(json, program.path);
  if (!program.resolved.empty())
    json.set("resolved", base::is_valid_utf8(program.resolved) ? program.resolved
                                                               : base::printable(program.resolved));
  if (program.content) json.set("content", program.content->to_string());
  if (!program.resolved.empty()) json.set("size", program.size);
  if (program.package) json.set("package", to_json(*program.package));
  if (program.interpreter) {
    json.set("interpreter", to_json(*program.interpreter));
    if (!program.interpreter_argument.empty())
      json.set("interpreter_argument", base::is_valid_utf8(program.interpreter_argument)
                                           ? program.interpreter_argument
                                           : base::printable(program.interpreter_argument));
  }
  if (!program.note.empty())
    json.set("note",
             base::is_valid_utf8(program.note) ? program.note : base::printable(program.note));
  return json;
}

}  // namespace provrun::capture
