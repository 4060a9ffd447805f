#include "provrun/capture/interpreter_packages.hpp"

#include <algorithm>
#include <array>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"

namespace provrun::capture {

namespace {

constexpr std::size_t kMostOutput = 8U << 20;
constexpr std::size_t kMostPackages = 20'000;
/// A conda-meta file lists every file of its package; the largest real ones have some 10 MB.
constexpr std::uint64_t kMostFileBytes = 32U << 20;

/// Tab-separated lines: the version, the prefix, then every distribution on sys.path. -I would hide
/// PYTHONPATH, which the step sees; -B writes no byte code beside the user's files. A package's own
/// broken metadata must not hide the others.
constexpr std::string_view kPythonScript = R"py(
import sys
out = []
out.append("version\t%d.%d.%d" % sys.version_info[:3])
out.append("prefix\t" + sys.prefix)
try:
    from importlib.metadata import distributions
except ImportError:
    distributions = None
    out.append("note\timportlib.metadata needs Python 3.8")
if distributions:
    for one in distributions():
        try:
            name, version = one.metadata["Name"], one.version
        except Exception:
            continue
        if name and version:
            out.append("package\t%s\t%s" % (name, version))
sys.stdout.buffer.write(("\n".join(out) + "\nend\n").encode("utf-8", "replace"))
)py";

constexpr std::string_view kRScript =
    R"(cat("version\t", as.character(getRversion()), "\n", sep = ""); )"
    R"(for (p in .libPaths()) cat("library\t", p, "\n", sep = ""); cat("end\n"))";

void add_note(std::string& note, std::string_view text) {
  if (!note.empty()) note += "; ";
  note += text;
}

/// The last line of an interpreter's complaint is the one that says what is wrong.
std::string last_line(std::string_view text) {
  text = base::trim(text);
  const std::size_t newline = text.rfind('\n');
  if (newline != std::string_view::npos) text.remove_prefix(newline + 1);
  return base::printable(text.substr(0, 300));
}

/// Why the call gave no answer; empty when it did.
std::string failure_of(const ProgramOutput& output, std::chrono::milliseconds timeout) {
  if (!output.start_error.empty()) return "could not be started: " + output.start_error;
  if (output.timed_out) return base::format("gave no answer within {} ms", timeout.count());
  if (output.truncated) return base::format("answered with more than {} bytes", kMostOutput);
  if (output.exit_code != 0) {
    std::string why = base::format("ended with exit code {}", output.exit_code);
    const std::string said = last_line(output.error_output);
    return said.empty() ? why : why + ": " + said;
  }
  return {};
}

std::string variable_of(const InterpreterQuery& query, std::string_view name) {
  for (const auto& [key, value] : query.environment)
    if (key == name) return value;
  return {};
}

bool exists(const std::string& path) {
  try {
    return os::stat_file(path).has_value();
  } catch (const base::Error&) {
    return false;
  }
}

std::optional<std::string> read_or_nothing(const std::string& path) {
  try {
    return os::read_file(path, kMostFileBytes);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::vector<os::DirectoryEntry> entries_of(const std::string& folder) {
  try {
    return os::list_directory(folder);
  } catch (const base::Error&) {
    return {};
  }
}

/// The prefix whose bin/ holds the program, when it is a conda environment; else CONDA_PREFIX if
/// the program lies in it.
std::string conda_prefix_of(const InterpreterQuery& query) {
  const auto is_conda = [](const std::string& prefix) {
    return !prefix.empty() && exists(os::join_path(prefix, "conda-meta"));
  };
  try {
    std::string program = query.program;
    if (program.find('/') == std::string::npos) {
      const auto found = os::find_program(program);
      if (!found) return {};
      program = *found;
    }
    const std::string beside = os::parent_path(os::parent_path(os::absolute_path(program)));
    if (is_conda(beside)) return beside;
    const std::string resolved = os::parent_path(os::parent_path(os::resolve_path(program)));
    if (is_conda(resolved)) return resolved;
    const std::string active = variable_of(query, "CONDA_PREFIX");
    const std::string absolute = os::absolute_path(program);
    if (is_conda(active) && absolute.substr(0, active.size() + 1) == active + "/") return active;
  } catch (const base::Error&) {
    return {};
  }
  return {};
}

void read_conda(InterpreterPackages& result) {
  const std::string folder = os::join_path(result.conda_prefix, "conda-meta");
  std::size_t odd = 0;
  for (const os::DirectoryEntry& entry : entries_of(folder)) {
    const std::string_view name = entry.name;
    if (name.size() <= 5 || name.substr(name.size() - 5) != ".json") continue;
    if (result.packages.size() >= kMostPackages) return add_note(result.note, "too many packages");
    const auto text = read_or_nothing(os::join_path(folder, name));
    auto package = text ? parse_conda_meta(*text) : std::nullopt;
    if (package) {
      result.packages.push_back(std::move(*package));
    } else {
      ++odd;
    }
  }
  if (odd > 0) add_note(result.note, base::format("{} files of conda-meta could not be read", odd));
}

/// Lines of tab-separated fields; true when the last one is "end": the whole answer is there.
template <typename Take>
bool read_answer(std::string_view text, Take take) {
  for (std::string_view line : base::split(text, '\n')) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line == "end") return true;
    take(base::split(line, '\t'));
  }
  return false;
}

bool ask(InterpreterPackages& result, const InterpreterQuery& query, const RunProgram& run_program,
         std::vector<std::string> argv, ProgramOutput& output) {
  if (!run_program) {
    add_note(result.note, result.program + " was not asked");
    return false;
  }
  ProgramCall call;
  call.argv = std::move(argv);
  call.environment = query.environment;
  call.timeout = query.timeout;
  call.max_output_bytes = kMostOutput;
  output = run_program(call);
  const std::string failure = failure_of(output, query.timeout);
  if (failure.empty()) return true;
  add_note(result.note, result.program + " " + failure);
  return false;
}

void ask_python(InterpreterPackages& result, const InterpreterQuery& query,
                const RunProgram& run_program) {
  ProgramOutput output;
  // The empty first entry of sys.path under -c is our working directory, not the step's.
  if (!ask(result, query, run_program, {query.program, "-B", "-c", std::string(kPythonScript)},
           output))
    return;
  const bool whole = read_answer(output.out, [&](const std::vector<std::string_view>& fields) {
    if (fields.size() == 2 && fields[0] == "version") result.version = std::string(fields[1]);
    if (fields.size() == 2 && fields[0] == "note") add_note(result.note, fields[1]);
    if (fields.size() == 3 && fields[0] == "package" && result.packages.size() < kMostPackages)
      result.packages.push_back({std::string(fields[1]), std::string(fields[2]), "python"});
  });
  if (!whole) add_note(result.note, result.program + " gave an answer that is not whole");
}

void ask_r(InterpreterPackages& result, const InterpreterQuery& query,
           const RunProgram& run_program) {
  ProgramOutput output;
  // R itself has no -e without its own noise; Rscript stands beside it.
  std::string program = query.program;
  if (os::base_name(program) == "R") program += "script";
  if (!ask(result, query, run_program, {program, "--vanilla", "-e", std::string(kRScript)}, output))
    return;
  std::vector<std::string> libraries;
  const bool whole = read_answer(output.out, [&](const std::vector<std::string_view>& fields) {
    if (fields.size() == 2 && fields[0] == "version") result.version = std::string(fields[1]);
    if (fields.size() == 2 && fields[0] == "library") libraries.emplace_back(fields[1]);
  });
  if (!whole) add_note(result.note, result.program + " gave an answer that is not whole");
  std::vector<std::string> seen;  // sorted: the first library of .libPaths() wins
  for (const std::string& library : libraries) {
    for (const os::DirectoryEntry& entry : entries_of(library)) {
      if (result.packages.size() >= kMostPackages)
        return add_note(result.note, "too many packages");
      const auto at = std::lower_bound(seen.begin(), seen.end(), entry.name);
      if (at != seen.end() && *at == entry.name) continue;
      const auto text = read_or_nothing(os::join_path(library, entry.name + "/DESCRIPTION"));
      auto package = text ? parse_r_description(*text) : std::nullopt;
      if (!package) continue;
      seen.insert(at, entry.name);
      result.packages.push_back(std::move(*package));
    }
  }
}

/// The folder of the project that Julia would use: JULIA_PROJECT, where "@." and nothing search
/// upwards.
std::string julia_project_of(const InterpreterQuery& query) {
  const std::string set = variable_of(query, "JULIA_PROJECT");
  if (!set.empty() && set.front() != '@') {
    const bool is_file = set.size() > 5 && set.substr(set.size() - 5) == ".toml";
    const std::string folder = is_file ? os::parent_path(set) : set;
    return folder.front() == '/'
               ? folder
               : os::normalize_path(os::join_path(query.working_directory, folder));
  }
  std::string folder = os::normalize_path(query.working_directory);
  while (!folder.empty() && folder.front() == '/') {
    if (exists(os::join_path(folder, "Project.toml")) ||
        exists(os::join_path(folder, "JuliaProject.toml")) ||
        exists(os::join_path(folder, "Manifest.toml")))
      return folder;
    if (folder == "/") break;
    folder = os::parent_path(folder);
  }
  return {};
}

void read_julia(InterpreterPackages& result, const InterpreterQuery& query) {
  result.project = julia_project_of(query);
  if (result.project.empty())
    return add_note(result.note, "no project with a Manifest.toml was found");
  for (const char* name : {"JuliaManifest.toml", "Manifest.toml"}) {
    const auto text = read_or_nothing(os::join_path(result.project, name));
    if (!text) continue;
    for (std::string_view line : base::split(*text, '\n')) {
      constexpr std::string_view kVersion = "julia_version";
      if (line.substr(0, kVersion.size()) != kVersion) continue;
      const std::size_t open = line.find('"');
      const std::size_t close =
          line.find('"', open == std::string_view::npos ? line.size() : open + 1);
      if (close != std::string_view::npos)
        result.version = base::printable(line.substr(open + 1, close - open - 1));
      break;
    }
    result.packages = parse_julia_manifest(*text);
    return;
  }
  add_note(result.note, "the project has no readable Manifest.toml");
}

bool all_digits_and_dots(std::string_view text) {
  return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

std::string_view name_of(InterpreterKind kind) {
  switch (kind) {
    case InterpreterKind::python:
      return "python";
    case InterpreterKind::r:
      return "r";
    case InterpreterKind::julia:
      return "julia";
  }
  return "";
}

std::optional<InterpreterKind> interpreter_kind(std::string_view program_path) {
  const std::size_t slash = program_path.rfind('/');
  const std::string_view name =
      slash == std::string_view::npos ? program_path : program_path.substr(slash + 1);
  constexpr std::array<std::string_view, 3> kPythons{"python", "pypy", "ipython"};
  for (std::string_view python : kPythons)
    if (name.substr(0, python.size()) == python && all_digits_and_dots(name.substr(python.size())))
      return InterpreterKind::python;
  if (name == "R" || name == "Rscript") return InterpreterKind::r;
  if (name == "julia") return InterpreterKind::julia;
  return std::nullopt;
}

InterpreterPackages interpreter_packages(InterpreterKind kind, const InterpreterQuery& query,
                                         const RunProgram& run_program) {
  InterpreterPackages result;
  result.kind = kind;
  result.program = query.program;
  try {
    switch (kind) {
      case InterpreterKind::python:
        ask_python(result, query, run_program);
        break;
      case InterpreterKind::r:
        ask_r(result, query, run_program);
        break;
      case InterpreterKind::julia:
        read_julia(result, query);
        break;
    }
    if (kind != InterpreterKind::julia) {
      result.conda_prefix = conda_prefix_of(query);
      if (!result.conda_prefix.empty()) read_conda(result);
    }
  } catch (const base::Error& error) {
    add_note(result.note, error.message());
  }
  std::sort(result.packages.begin(), result.packages.end());
  result.packages.erase(std::unique(result.packages.begin(), result.packages.end()),
                        result.packages.end());
  result.complete = result.note.empty();
  return result;
}

codec::Json to_json(const InterpreterPackages& packages) {
  using codec::Json;
  const auto shown = [](const std::string& text) {
    return Json(base::is_valid_utf8(text) ? text : base::printable(text));
  };
  Json json =
      Json::object({{"kind", Json(name_of(packages.kind))}, {"program", shown(packages.program)}});
  if (!packages.version.empty()) json.set("version", shown(packages.version));
  if (!packages.conda_prefix.empty()) json.set("conda_prefix", shown(packages.conda_prefix));
  if (!packages.project.empty()) json.set("project", shown(packages.project));
  json.set("complete", packages.complete);
  Json list = Json::array();
  for (const LanguagePackage& package : packages.packages)
    list.push_back(Json::object({{"name", shown(package.name)},
                                 {"version", shown(package.version)},
                                 {"source", shown(package.source)}}));
  json.set("packages", std::move(list));
  if (!packages.note.empty()) json.set("note", shown(packages.note));
  return json;
}

}  // namespace provrun::capture
