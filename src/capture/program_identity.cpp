#include "provrun/capture/program_identity.hpp"

#include <span>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::capture {

namespace {

/// Linux's BINPRM_BUF_SIZE: execve(2) reads no more of the line.
constexpr std::size_t kFirstBytes = 256;
/// Linux's limit for interpreters of interpreters.
constexpr int kMostInterpreters = 4;

std::string_view skip_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

std::string first_bytes_of(const std::string& path) {
  std::string bytes(kFirstBytes, '\0');
  const os::File file = os::open_for_reading(path);
  std::uint8_t buffer[kFirstBytes];
  bytes.resize(os::read_at(file, 0, buffer, path));
  std::copy(buffer, buffer + bytes.size(), bytes.begin());
  return bytes;
}

std::optional<core::ContentId> hash_of(const HashFile& hash_file, const std::string& path) {
  try {
    return hash_file ? hash_file(path) : std::nullopt;
  } catch (const base::Error& error) {
    if (error.code() == base::ErrorCode::not_found || error.code() == base::ErrorCode::refused)
      return std::nullopt;
    throw;
  }
}

/// What `#!/usr/bin/env [-S] [-i] [NAME=value] program` starts; "" when it cannot be told.
std::string program_of_env(std::string_view argument) {
  for (std::string_view word : base::split(argument, ' ')) {
    word = base::trim(word);
    const bool passed_over = word.empty() || word == "-S" || word == "-i" || word == "-" ||
                             word == "--split-string" || word == "-v" ||
                             word.find('=') != std::string_view::npos;
    if (passed_over) continue;
    if (word.substr(0, 2) == "-S") word.remove_prefix(2);
    return word.empty() || word[0] == '-' ? std::string() : std::string(word);
  }
  return "";
}

class Identification {
 public:
  Identification(const HashFile& hash_file, PackageDatabase& packages)
      : hash_file_(hash_file), packages_(packages) {}

  ProgramIdentity identify(const std::string& asked, int depth) {
    ProgramIdentity program;
    program.path = absolute(asked, program.note);
    if (!program.note.empty()) return program;
    try {
      program.resolved = os::resolve_path(program.path);
      look_at_file(program, depth);
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::cancelled) throw;
      program.note = error.message();
    }
    return program;
  }

 private:
  static std::string absolute(const std::string& asked, std::string& note) {
    if (asked.find('/') != std::string::npos) return os::absolute_path(asked);
    if (!asked.empty())
      if (const auto found = os::find_program(asked)) return os::absolute_path(*found);
    note = "there is no program of this name on PATH";
    return asked;
  }

  void look_at_file(ProgramIdentity& program, int depth) {
    const auto stat = os::stat_file(program.resolved);
    if (!stat || stat->type != os::FileType::regular) {
      program.note = "not a regular file";
      return;
    }
    program.size = stat->size;
    program.package = packages_.owner_of(program.resolved);
    program.content = hash_of(hash_file_, program.resolved);
    if (!program.content) {
      program.note = "its content cannot be read";
      return;
    }
    const auto line = parse_interpreter_line(first_bytes_of(program.resolved));
    if (!line) return;
    program.interpreter_argument = line->argument;
    if (depth == kMostInterpreters) {
      program.note = "its interpreters are nested too deep";
      return;
    }
    program.interpreter = std::make_shared<ProgramIdentity>(interpreter_of(*line, depth));
  }

  ProgramIdentity interpreter_of(const InterpreterLine& line, int depth) {
    if (os::base_name(line.path) == "env")
      if (const std::string named = program_of_env(line.argument); !named.empty())
        return identify(named, depth + 1);
    return identify(line.path, depth + 1);
  }

  const HashFile& hash_file_;
  PackageDatabase& packages_;
};

}  // namespace

std::optional<InterpreterLine> parse_interpreter_line(std::string_view first_bytes) {
  if (first_bytes.substr(0, 2) != "#!") return std::nullopt;
  first_bytes = first_bytes.substr(2, kFirstBytes - 2);
  std::string_view line = first_bytes.substr(0, first_bytes.find('\n'));
  line = skip_blanks(line.substr(0, line.find('\0')));
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  if (end == 0) return std::nullopt;
  return InterpreterLine{std::string(line.substr(0, end)),
                         std::string(skip_blanks(line.substr(end)))};
}

ProgramIdentity program_identity(const std::string& path, const HashFile& hash_file,
                                 PackageDatabase& packages) {
  return Identification(hash_file, packages).identify(path, 0);
}

codec::Json to_json(const ProgramIdentity& program) {
  codec::Json json = codec::Json::object({{"path", program.path}});
  if (!program.resolved.empty()) json.set("resolved", program.resolved);
  if (program.content) {
    json.set("content", program.content->to_string());
    json.set("size", program.size);
  }
  if (program.package) json.set("package", to_json(*program.package));
  if (program.interpreter) {
    json.set("interpreter", to_json(*program.interpreter));
    if (!program.interpreter_argument.empty())
      json.set("interpreter_argument", program.interpreter_argument);
  }
  if (!program.note.empty()) json.set("note", program.note);
  return json;
}

}  // namespace provrun::capture
