#include "provrun/capture/interpreter_packages.hpp"

#include <algorithm>
#include <set>

#include "kept_answer.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "readable.hpp"

namespace provrun::capture {

namespace {

constexpr std::uint64_t kMostFileBytes = 32U << 20;
/// Before what the interpreter is asked to print: start-up files may print too.
constexpr std::string_view kMark = "@provrun@";

constexpr const char* kPythonCode = R"(
import sys, json
if sys.path and sys.path[0] == '': del sys.path[0]
found, problem, files = [], '', None
try:
    from importlib import metadata
    for d in metadata.distributions():
        try: found.append([d.metadata['Name'], d.version])
        except Exception as e: problem = str(e)
except ImportError:
    try:
        import pkg_resources
        found = [[d.project_name, d.version] for d in pkg_resources.working_set]
    except Exception as e: problem = str(e)
try:
    import os, site
    here = os.path.dirname(sys.executable)
    files = list(sys.path) + [os.path.join(d, 'pyvenv.cfg') for d in (here, os.path.dirname(here))]
    files += site.getsitepackages() + [site.getusersitepackages()]
    for d in sys.path:
        if os.path.isdir(d):
            files += [os.path.join(d, n) for n in os.listdir(d) if n.endswith(('.pth', '.egg-link'))]
    for m in ('sitecustomize', 'usercustomize'):
        f = getattr(sys.modules.get(m), '__file__', None)
        if f: files.append(f)
    for d in metadata.distributions():
        p = str(d._path)
        files += [os.path.join(p, n) for n in ('METADATA', 'PKG-INFO')] if os.path.isdir(p) else [p]
except Exception: files = None
sys.stdout.write('\n@provrun@' + json.dumps({'version': '.'.join(map(str, sys.version_info[:3])),
    'prefix': sys.prefix, 'base_prefix': getattr(sys, 'base_prefix', sys.prefix),
    'problem': problem, 'packages': found, 'files': files}) + '\n')
)";

constexpr const char* kRCode =
    "cat(paste0('\\n@provrun@version=', getRversion(), '\\n'));"
    "cat(paste0('@provrun@library=', .libPaths(), '\\n'), sep='')";

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  try {
    for (os::DirectoryEntry& entry : os::list_directory(directory))
      names.push_back(std::move(entry.name));
  } catch (const base::Error&) {
    // Not there, or closed to us: nothing to list.
  }
  return names;
}

void add_note(InterpreterPackages& result, const std::string& note) {
  if (!result.note.empty()) result.note += "; ";
  result.note += note;
}

std::string why(const ProgramOutput& output) {
  if (!output.start_error.empty()) return output.start_error;
  if (output.timed_out) return "it gave no answer in time";
  if (output.truncated) return "its answer was too long";
  const std::string_view error = base::trim(output.error_output);
  const std::string_view last = error.substr(error.rfind('\n') + 1);
  return "it ended with code " + std::to_string(output.exit_code) +
         (last.empty() ? "" : ": " + base::printable(last));
}

std::optional<ProgramOutput> ask(const InterpreterQuery& query, std::vector<std::string> arguments,
                                 const RunProgram& run_program, InterpreterPackages& result) {
  ProgramCall call;
  call.argv = {query.program};
  call.argv.insert(call.argv.end(), arguments.begin(), arguments.end());
  call.environment = query.environment;
  call.timeout = query.timeout;
  ProgramOutput output = run_program(call);
  if (output.succeeded()) return output;
  add_note(result, "the interpreter could not be asked: " + why(output));
  return std::nullopt;
}

/// The lines of the output that carry the mark, without it.
std::vector<std::string_view> marked_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::string_view line : base::split(text, '\n'))
    if (line.substr(0, kMark.size()) == kMark)
      lines.push_back(base::trim(line.substr(kMark.size())));
  return lines;
}

std::string variable(const InterpreterQuery& query, std::string_view name) {
  for (const auto& [key, value] : query.environment)
    if (key == name) return value;
  return "";
}

bool is_conda(const std::string& prefix) {
  return !prefix.empty() && exists(os::join_path(prefix, "conda-meta"));
}

void add_conda(const std::string& prefix, InterpreterPackages& result) {
  result.conda_prefix = prefix;
  const std::string folder = os::join_path(prefix, "conda-meta");
  for (const std::string& name : names_in(folder)) {
    if (name.size() < 6 || name.compare(name.size() - 5, 5, ".json") != 0) continue;
    const auto text = read_if_readable(os::join_path(folder, name), kMostFileBytes);
    auto package = text ? parse_conda_meta(*text) : std::nullopt;
    if (package) {
      result.packages.push_back(std::move(*package));
    } else {
      result.complete = false;
      add_note(result, "conda's " + base::printable(name) + " cannot be read");
    }
  }
}

/// The environment that the program's own folder belongs to.
std::string conda_prefix_of(const std::string& program) {
  try {
    const auto found = os::find_program(program);
    if (!found) return "";
    const std::string prefix = os::parent_path(os::parent_path(os::resolve_path(*found)));
    return is_conda(prefix) ? prefix : "";
  } catch (const base::Error&) {
    return "";
  }
}

/// All that Python's answer depends on beside the files that it names; null when it cannot be kept.
/// What PYTHONPATH says may be a secret, and the paths that are kept would say it again.
codec::Json python_question(const InterpreterQuery& query) {
  const auto found = os::find_program(query.program);
  if (!found) return {};
  const auto real = os::resolve_path(*found);
  const auto stat = os::stat_file(real);
  if (!stat) return {};
  auto variables = codec::Json::object();
  const auto add = [&](const auto& name, const auto& value) {
    if (name.starts_with("PYTHON") || name == "HOME" || name == "VIRTUAL_ENV" ||
        name == "CONDA_PREFIX" || name == "__PYVENV_LAUNCHER__")
      variables.set(name, value);
  };
  for (const auto& [name, value] : os::environment_variables()) add(name, value);
  for (const auto& [name, value] : query.environment) add(name, value);
  if (variables.find("PYTHONPATH") != nullptr) return {};
  return codec::Json::object({{"code", kPythonCode},
                              {"program", *found},
                              {"real", real},
                              {"inode", stat->inode},
                              {"size", stat->size},
                              {"mtime", stat->mtime_ns},
                              {"ctime", stat->ctime_ns},
                              {"user", std::uint64_t{os::effective_user_id()}},
                              {"variables", std::move(variables)}});
}

/// The files that the answer came from; nullopt when it does not say, or not where they are.
std::optional<std::vector<std::string>> files_of_answer(const codec::Json& answer) {
  const auto* list = answer.find("files");
  if (list == nullptr || !list->is_array() || !answer.get_string("problem").empty())
    return std::nullopt;
  std::vector<std::string> files;
  for (const auto& file : list->as_array()) {
    if (!file.is_string() || !file.as_string().starts_with('/')) return std::nullopt;
    files.push_back(file.as_string());
  }
  return files;
}

/// What Python says of itself; nullopt, and a note, when it says nothing.
std::optional<codec::Json> python_answer(const InterpreterQuery& query,
                                         const RunProgram& run_program,
                                         InterpreterPackages& result) {
  const auto question = query.kept.empty() ? codec::Json() : python_question(query);
  const KeptAnswer kept(question.is_null() ? std::string() : query.kept, question);
  if (auto answer = kept.find()) return answer;
  const auto asked = os::file_clock_now();
  // -B: no byte code is written beside the user's modules.
  const auto output = ask(query, {"-B", "-c", kPythonCode}, run_program, result);
  if (!output) return std::nullopt;
  const auto lines = marked_lines(output->out);
  if (lines.empty()) throw base::Error(base::ErrorCode::failed, "nothing was printed");
  auto answer = codec::parse_json(lines.back());
  if (const auto files = files_of_answer(answer)) {
    answer.set("files", codec::Json());
    kept.keep(answer, *files, asked);
  }
  return answer;
}

void ask_python(const InterpreterQuery& query, const RunProgram& run_program,
                InterpreterPackages& result) {
  std::string conda = conda_prefix_of(query.program);
  try {
    if (const auto told = python_answer(query, run_program, result)) {
      const codec::Json& answer = *told;
      result.version = answer.get_string("version");
      result.complete = answer.get_string("problem").empty();
      if (!result.complete)
        add_note(result, "a package could not be read: " + answer.get_string("problem"));
      std::set<std::string> seen;  // the first on sys.path is the one that is imported
      for (const codec::Json& pair : answer.at("packages").as_array()) {
        const codec::Json::Array& words = pair.as_array();
        if (words.size() != 2 || !words[0].is_string() || !words[1].is_string()) continue;
        if (seen.insert(words[0].as_string()).second)
          result.packages.push_back({words[0].as_string(), words[1].as_string(), "python"});
      }
      for (const char* member : {"base_prefix", "prefix"})
        if (is_conda(answer.get_string(member))) conda = answer.get_string(member);
    }
  } catch (const base::Error& error) {
    result.complete = false;
    add_note(result, "the interpreter's answer was not understood: " + error.message());
  }
  if (!conda.empty()) add_conda(conda, result);
}

void ask_r(const InterpreterQuery& query, const RunProgram& run_program,
           InterpreterPackages& result) {
  std::vector<std::string> arguments{"--no-save", "--no-restore", "--no-init-file", "-e", kRCode};
  if (os::base_name(query.program) == "R") arguments.insert(arguments.begin(), "--no-echo");
  if (const auto output = ask(query, std::move(arguments), run_program, result)) {
    std::set<std::string> seen;
    for (std::string_view line : marked_lines(output->out)) {
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos) continue;
      const std::string value(line.substr(equals + 1));
      if (line.substr(0, equals) == "version") result.version = value;
      if (line.substr(0, equals) != "library") continue;
      for (const std::string& name : names_in(value)) {
        const auto text =
            read_if_readable(os::join_path(value, name + "/DESCRIPTION"), kMostFileBytes);
        auto package = text ? parse_r_description(*text) : std::nullopt;
        if (package && seen.insert(package->name).second)
          result.packages.push_back(std::move(*package));
      }
    }
    result.complete = !result.version.empty();
    if (!result.complete) add_note(result, "the interpreter's answer was not understood");
    if (exists(os::join_path(query.working_directory, ".Rprofile"))) {
      result.complete = false;
      add_note(result, "the folder's .Rprofile, which may add libraries, was not run");
    }
  }
  if (const std::string conda = conda_prefix_of(query.program); !conda.empty())
    add_conda(conda, result);
}

/// The manifest in the folder, the one for this version first; "" when there is none.
std::string manifest_in(const std::string& folder, const std::string& minor) {
  for (const std::string& name :
       {"JuliaManifest-v" + minor + ".toml", "Manifest-v" + minor + ".toml",
        std::string("JuliaManifest.toml"), std::string("Manifest.toml")})
    if (exists(os::join_path(folder, name))) return os::join_path(folder, name);
  return "";
}

std::string manifest_above(const std::string& directory, const std::string& minor) {
  for (std::string folder = directory; !folder.empty() && folder[0] == '/';
       folder = os::parent_path(folder)) {
    if (std::string found = manifest_in(folder, minor); !found.empty()) return found;
    if (folder == "/") break;
  }
  return "";
}

void read_julia(const InterpreterQuery& query, const RunProgram& run_program,
                InterpreterPackages& result) {
  if (const auto output = ask(query, {"--startup-file=no", "--version"}, run_program, result)) {
    const std::string_view text = base::trim(output->out);
    result.version = text.substr(text.rfind(' ') + 1);
  }
  const std::size_t dot = result.version.find('.');
  const std::string minor =
      dot == std::string::npos ? "" : result.version.substr(0, result.version.find('.', dot + 1));
  // The first depot is the user's own.
  const std::string depots = variable(query, "JULIA_DEPOT_PATH");
  const std::string depot = depots.empty() || depots[0] == ':'
                                ? os::join_path(os::home_directory(), ".julia")
                                : depots.substr(0, depots.find(':'));
  const std::string environments = os::join_path(depot, "environments");
  const std::string chosen = variable(query, "JULIA_PROJECT");
  std::string manifest;
  if (chosen.empty() || chosen == "@.") {
    manifest = manifest_above(query.working_directory, minor);
    if (manifest.empty()) manifest = manifest_in(os::join_path(environments, "v" + minor), minor);
  } else if (chosen[0] == '@') {
    manifest = manifest_in(os::join_path(environments, chosen.substr(1)), minor);
  } else {
    const std::string path =
        chosen[0] == '/' ? chosen : os::join_path(query.working_directory, chosen);
    const bool is_file = path.size() > 5 && path.compare(path.size() - 5, 5, ".toml") == 0;
    manifest = manifest_in(is_file ? os::parent_path(path) : path, minor);
  }
  if (manifest.empty()) {
    add_note(result, "no Manifest.toml was found");
    return;
  }
  result.project = os::parent_path(manifest);
  const auto text = read_if_readable(manifest, kMostFileBytes);
  if (!text) {
    add_note(result, "Manifest.toml cannot be read");
    return;
  }
  result.packages = parse_julia_manifest(*text);
  result.complete = !chosen.empty();
  if (chosen.empty())
    add_note(result,
             "JULIA_PROJECT is not set: this is the nearest project, the step may use "
             "another one");
}

bool is_version(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == '-'; });
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
  const std::string_view name = program_path.substr(program_path.rfind('/') + 1);
  if (name == "R" || name == "Rscript") return InterpreterKind::r;
  for (const auto& [begin, kind] :
       {std::pair<std::string_view, InterpreterKind>{"python", InterpreterKind::python},
        {"pypy", InterpreterKind::python},
        {"julia", InterpreterKind::julia}})
    if (name.substr(0, begin.size()) == begin && is_version(name.substr(begin.size()))) return kind;
  return std::nullopt;
}

InterpreterPackages interpreter_packages(InterpreterKind kind, const InterpreterQuery& query,
                                         const RunProgram& run_program) {
  InterpreterPackages result;
  result.kind = kind;
  result.program = query.program;
  switch (kind) {
    case InterpreterKind::python:
      ask_python(query, run_program, result);
      break;
    case InterpreterKind::r:
      ask_r(query, run_program, result);
      break;
    case InterpreterKind::julia:
      read_julia(query, run_program, result);
  }
  std::sort(result.packages.begin(), result.packages.end());
  return result;
}

codec::Json to_json(const InterpreterPackages& packages) {
  codec::Json list = codec::Json::array();
  for (const LanguagePackage& package : packages.packages)
    list.push_back(codec::Json::object(
        {{"name", package.name}, {"version", package.version}, {"source", package.source}}));
  codec::Json json =
      codec::Json::object({{"kind", name_of(packages.kind)}, {"program", packages.program}});
  const auto set = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) json.set(name, value);
  };
  set("version", packages.version);
  set("conda_prefix", packages.conda_prefix);
  set("project", packages.project);
  json.set("complete", packages.complete);
  json.set("packages", std::move(list));
  set("note", packages.note);
  return json;
}

}  // namespace provrun::capture
